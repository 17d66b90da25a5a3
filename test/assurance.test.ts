import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

const root = join(import.meta.dirname, "..");

/** Tests that docs/assurance.md names: file, and a title or a part of one. */
function namedTests(): { file: string; title: string | undefined }[] {
  const text = readFileSync(join(root, "docs/assurance.md"), "utf8");
  const names = text.matchAll(/`([\w/-]+\.test\.ts)`(?: › "([^"]+)")?/g);
  return [...names]
    .map(([, file = "", title]) => ({ file, title }))
    .filter(({ file }) => file !== "test/assurance.test.ts");
}

/** The first column of tests is of test/circuits, the others name their folder. */
function pathOf(file: string): string {
  const path = join(root, "test", file);
  return existsSync(path) ? path : join(root, "test/circuits", file);
}

describe("docs/assurance.md", () => {
  it("names only tests that are there", () => {
    const names = namedTests();
    expect(names.length).to.be.greaterThan(40);
    const missing = names.filter(({ file, title }) => {
      const path = pathOf(file);
      return !existsSync(path) || (title !== undefined && !readFileSync(path, "utf8").includes(title));
    });
    expect(missing).to.deep.equal([]);
  });
});
