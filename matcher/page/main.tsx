import { render } from "preact";
import { Desk, DeskProvider } from "./frame/desk.ts";
import { Frame } from "./frame/frame.tsx";

const root = document.getElementById("page");
if (root === null) throw new Error("the document has no place for the page");
root.replaceChildren();
render(
  <DeskProvider value={new Desk(location.origin)}>
    <Frame />
  </DeskProvider>,
  root,
);
