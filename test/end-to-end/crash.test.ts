import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { MatcherRounds } from "../../scripts/crash/matcher-rounds.ts";
import { ServerRounds } from "../../scripts/crash/server-rounds.ts";

/** kill −9 at random moments under load; scripts/deep-crash.ts does the same by the thousand. */
describe("An exchange that is killed under load", function () {
  this.timeout(600_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "clearbook-crash-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("17 times, without a chain: no acknowledged order is lost, none applied twice", async () => {
    const rounds = new ServerRounds({ folder, seed: 3, accounts: 4, liveMsMax: 300 });
    for (let i = 0; i < 17; i++) await rounds.round();
    const { faults, kills, acknowledged, commands } = await rounds.finish();
    expect(faults).to.deep.equal([]);
    expect(kills).to.equal(17);
    expect(acknowledged).to.be.greaterThan(50);
    expect(commands).to.be.at.least(acknowledged);
  });

  it("3 times, with provers and L1: what is settled in the end is what the journal leads to", async () => {
    const rounds = await MatcherRounds.start({ folder, seed: 5 });
    try {
      // Before the first proof is done, while a batch is proven or settled, and somewhere in between.
      for (const killMsMax of [1_000, 6_000, 3_000]) await rounds.round(killMsMax);
      const { faults, kills, acknowledged, batches } = await rounds.finish();
      expect(faults).to.deep.equal([]);
      expect(kills).to.equal(3);
      expect(acknowledged).to.be.greaterThan(5);
      expect(batches).to.be.greaterThan(2);
    } finally {
      await rounds.close();
    }
  });
});
