import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { runMochaFile } from "../../scripts/testing/mocha-file.ts";
import { isRed, type Outcome, summaryOf } from "../../scripts/testing/outcome.ts";
import { endChildrenOnSignals } from "../../scripts/testing/process-group.ts";

// The samples run in process groups of their own: they would outlive this file when it is told to end.
endChildrenOnSignals();

/** In the checkout, so that the imports resolve, and out of sight of the checks that may run beside. */
const sampleParent = resolve(import.meta.dirname, "../../build");

/** Runs a test file with this text. */
async function outcomeOf(text: string, limits?: Parameters<typeof runMochaFile>[1]) {
  mkdirSync(sampleParent, { recursive: true });
  const folder = mkdtempSync(join(sampleParent, "sample-"));
  try {
    const file = join(folder, "sample.test.ts");
    writeFileSync(file, text);
    return await runMochaFile(file, limits);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("A test file that is run", () => {
  it("counts passed, failed and skipped tests apart, and shows what failed", async () => {
    const outcome = await outcomeOf(`
      import { expect } from "chai";
      it("holds", () => {});
      it("breaks", () => expect(2).to.equal(3));
      it.skip("waits", () => {});
      it("is not written yet");
    `);
    expect(outcome).to.include({ passed: 1, failed: 1, skipped: 2 });
    expect(outcome.report).to.match(/breaks[\s\S]*expected 2 to equal 3[\s\S]*expected: 3/);
  });

  it("shows failed comparisons of bigints, of circular objects, and what is thrown without being an error", async () => {
    const outcome = await outcomeOf(`
      import { expect } from "chai";
      const circular = { lots: 1n };
      circular.self = circular;
      it("compares bigints", () => expect({ lots: [5n] }).to.deep.equal({ lots: [6n] }));
      it("compares circles", () => expect(circular).to.equal(undefined));
      it("throws a value", () => { throw { code: 7n }; });
      it("holds", () => {});
    `);
    expect(outcome).to.include({ passed: 1, failed: 3 });
    expect(outcome.report)
      .to.include("expected: { lots: [ 6n ] }")
      .and.to.include("[Circular")
      .and.to.include("was thrown");
  });

  it("fails when a hook throws", async () => {
    const outcome = await outcomeOf('before(() => { throw new Error("no chain"); }); it("never runs", () => {});');
    expect(outcome).to.include({ passed: 0, failed: 1 });
    expect(outcome.report).to.include("no chain");
  });

  it("fails when it does not load", async () => {
    const outcome = await outcomeOf('import "./missing.ts"; it("never runs", () => {});');
    expect(outcome).to.include({ passed: 0, failed: 1 });
    expect(outcome.report).to.include("missing.ts");
  });

  it("fails when its process dies in the middle", async () => {
    const outcome = await outcomeOf('it("holds", () => {}); it("dies", () => process.exit(0));');
    expect(outcome).to.include({ passed: 1, failed: 1 });
    expect(outcome.report).to.include("ended before its tests did");
  });

  it("fails when it hangs", async () => {
    const text =
      'it("hangs", async function () { this.timeout(0); setInterval(() => {}, 9); await new Promise(() => {}); });';
    const outcome = await outcomeOf(text, { fileMs: 1_500, lingerMs: 60_000 });
    expect(outcome).to.include({ passed: 0, failed: 1 });
    expect(outcome.report).to.include("it ran longer than");
  });

  it("fails when something it opened outlives its tests", async () => {
    const text = 'it("opens", () => { setInterval(() => {}, 1000); });';
    const outcome = await outcomeOf(text, { fileMs: 60_000, lingerMs: 500 });
    expect(outcome).to.include({ passed: 1, failed: 1 });
    expect(outcome.report).to.include("kept it alive");
  });

  it("ends although snarkjs keeps a curve with worker threads, even after another copy of the library loads", async () => {
    const outcome = await outcomeOf(
      `
      import * as snarkjs from "snarkjs";
      it("makes a curve", async () => {
        await snarkjs.curves.getCurveFromName("bn128");
        await import("circomlibjs");
      });
    `,
      { fileMs: 60_000, lingerMs: 2_000 },
    );
    expect(outcome.report).to.equal("");
    expect(outcome).to.include({ passed: 1, failed: 0 });
  });
});

describe("The closing line", () => {
  const outcome = (passed: number, failed: number, skipped: number): Outcome => {
    return { label: "", passed, failed, skipped, durationMs: 0, report: "" };
  };

  it("sums passed and failed, and names skipped tests only when there are any", () => {
    expect(summaryOf([outcome(2, 0, 0), outcome(3, 1, 0)])).to.equal("5 passed, 1 failed");
    expect(summaryOf([outcome(2, 0, 4)])).to.equal("2 passed, 0 failed, 4 skipped");
  });

  it("is red for a failure, for no tests, and for nothing but skipped ones", () => {
    expect(isRed([outcome(2, 0, 0), outcome(0, 0, 1)])).to.equal(false);
    expect(isRed([outcome(9, 1, 0)])).to.equal(true);
    expect(isRed([])).to.equal(true);
    expect(isRed([outcome(0, 0, 3)])).to.equal(true);
  });
});
