import { expect } from "chai";
import { run } from "../../scripts/testing/process-group.ts";

const LIMIT_MS = 15 * 60_000;

describe("npm run demo", function () {
  this.timeout(LIMIT_MS + 10_000);

  it("tells the whole story with every check held", async () => {
    const { code, output } = await run(process.execPath, ["scripts/demo.ts", "--no-build", "--tiers", "small"], {
      limitMs: LIMIT_MS,
    });
    expect(code, output).to.equal(0);
    expect(output).to.not.contain("✗");
    expect(output).to.match(/\n[67]\d checks hold, 0 do not\./);
  });
});
