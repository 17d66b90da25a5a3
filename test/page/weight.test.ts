import { expect } from "chai";
import { buildPage } from "../../scripts/building/build-page.ts";
import { pageWeight } from "../../scripts/building/first-load.ts";

/** A slow line carries this in two seconds. */
const FIRST_LOAD_MAX_BYTES = 400_000;
/** What it is now, and a little: whoever makes it heavier notices, and says why. */
const FIRST_LOAD_NOW_BYTES = 120_000;
const LATER_NOW_BYTES = 190_000;

describe("the page's weight", function () {
  this.timeout(60_000);

  it("is small at first, and what few need comes when it is needed", async () => {
    const { firstBytes, laterBytes } = pageWeight((await buildPage()).folder);
    expect(firstBytes).to.be.above(50_000).and.at.most(FIRST_LOAD_NOW_BYTES).and.at.most(FIRST_LOAD_MAX_BYTES);
    expect(laterBytes).to.be.above(50_000).and.at.most(LATER_NOW_BYTES);
  });

  it("is built once: the same sources are found again", async () => {
    await buildPage();
    expect((await buildPage()).cached).to.equal(true);
  });
});
