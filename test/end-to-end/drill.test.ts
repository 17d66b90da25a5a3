import { expect } from "chai";
import { run } from "../../scripts/testing/process-group.ts";

const LIMIT_MS = 5 * 60_000;

/** Those that need no proof, at the same time; test/deep has the others. */
describe("npm run drill", function () {
  this.timeout(LIMIT_MS + 10_000);

  it("rehearses feeds that stop and a market that is pumped, with every check held", async () => {
    const drills = { "feed-stops": 11, "market-pumped": 13 };
    const outcomes = Object.entries(drills).map(async ([name, checks]) => {
      const { code, output } = await run(process.execPath, ["scripts/drill.ts", name, "--no-build"], {
        limitMs: LIMIT_MS,
      });
      expect(code, output).to.equal(0);
      expect(output).to.not.contain("✗");
      expect(output).to.contain(`\n${checks} checks hold, 0 do not.`);
    });
    await Promise.all(outcomes);
  });

  it("names the drills that there are", async () => {
    const { code, output } = await run(process.execPath, ["scripts/drill.ts", "fire", "--no-build"], {
      limitMs: LIMIT_MS,
    });
    expect(code).to.equal(1);
    expect(output.trim()).to.match(
      /^There is no drill "fire": choose feed-stops, market-pumped, prover-down, verifier-bug/,
    );
  });
});
