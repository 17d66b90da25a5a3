import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";

/** The status page, which whoever trades need not load. */
export function LazyStatus() {
  const [view, setView] = useState<{ component: FunctionComponent } | "failed" | null>(null);
  useEffect(() => {
    import("../status/status-view.tsx").then(
      ({ StatusView }) => setView({ component: StatusView }),
      () => setView("failed"),
    );
  }, []);
  if (view === null) return <p class="waiting">Loading …</p>;
  if (view === "failed") return <p class="waiting">The status page could not be loaded: try again.</p>;
  const View = view.component;
  return <View />;
}
