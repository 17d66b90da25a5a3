import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect } from "chai";

const runbook = readFileSync("docs/runbook.md", "utf8");
const sources = execFileSync("git", ["ls-files", "matcher"], { encoding: "utf8" })
  .split("\n")
  .filter((path) => path.endsWith(".ts"))
  .map((path) => ({ path, text: readFileSync(path, "utf8") }));

/** Where a sentence for the operator begins: a halt, a notice, a refusal by a contract; in ops/, also a reason not to be ready. */
const SAYING = /(?:new Halt\(|new SequencerHalted\(|\bhalt\(|onNotice\?\.\()\s*(?:"[\w-]+",\s*)?(["`])/g;
const SUPER = /extends Error [\s\S]*?super\((["`])/g;
/** What a clock of the host's could not give a command for. */
const CLOCK = /extends HostClock [\s\S]*?super\(options, [\d_]+, (["`])/g;
const REASON = /\breason: (["`])/g;
/** Shorter parts of a sentence could stand anywhere. */
const TELLING_LENGTH = 11;

/** The fixed parts of the text that begins at a quote, without the marks around them. */
function fixedParts(text: string, start: number): string[] {
  const quote = text[start] as string;
  let end = start + 1;
  for (let depth = 0; end < text.length && (depth > 0 || text[end] !== quote); end++) {
    if (text[end] === "{") depth++;
    if (text[end] === "}") depth--;
  }
  const parts = text.slice(start + 1, end).split(/\$\{[^}]*\}/);
  return parts.map((part) => part.replace(/^[\W_]+|[\W_]+$/g, ""));
}

function sayingsOf(path: string, text: string): string[][] {
  const patterns = path.startsWith("matcher/ops/") ? [SAYING, REASON] : [SAYING, CLOCK];
  if (path.endsWith("revert-reason.ts") || path.endsWith("sequencer.ts")) patterns.push(SUPER);
  return patterns
    .flatMap((pattern) => [...text.matchAll(pattern)])
    .map((found) => fixedParts(text, found.index + found[0].length - 1))
    .filter((parts) => parts.some((part) => part !== ""));
}

/** One telling part of a sentence is enough to find it. */
function isIn(page: string, parts: readonly string[]): boolean {
  const words = page.replace(/`/g, "").replace(/\s+/g, " ");
  return (
    parts.some((part) => part.length >= TELLING_LENGTH && words.includes(part)) || page.includes(`\`${parts[0]}:\``)
  );
}

describe("The runbook", () => {
  it("has every sentence with which something halts, warns or is not ready", () => {
    const sayings = sources.flatMap(({ path, text }) => sayingsOf(path, text).map((parts) => ({ path, parts })));
    // As many as there were when this was written: the search must not go blind.
    expect(sayings.length).to.be.at.least(25);
    const missing = sayings.filter(({ parts }) => !isIn(runbook, parts));
    expect(missing.map(({ path, parts }) => `${path}: ${parts.join(" … ")}`)).to.deep.equal([]);
  });

  it("has every code of a proof's failure", () => {
    const codes = readFileSync("matcher/prover/groth16/proof-failed.ts", "utf8").matchAll(/^ {2}\| "(\w+)"/gm);
    const names = [...codes].map(([, code]) => code as string);
    expect(names.length).to.be.at.least(8);
    for (const code of names) expect(runbook).to.contain(`\`${code}\``);
  });

  it("notices a sentence that it does not have", () => {
    const text = 'throw new Halt("reorg", `The moon fell on block $' + "{block}.`);";
    expect(sayingsOf("matcher/chain/moon.ts", text)).to.deep.equal([["The moon fell on block", ""]]);
    expect(isIn(runbook, ["The moon fell on block", ""])).to.equal(false);
  });
});
