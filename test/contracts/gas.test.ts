import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import type { ContractTransactionReceipt } from "ethers";
import { Point } from "../../matcher/protocol/curve.ts";
import { TIERS } from "../../matcher/protocol/spec.ts";
import { batchOf, follow, provenInput, sendBatch, settle } from "./batches.ts";
import { blockTimeSeconds, mined, setNextBlockTime } from "./chain.ts";
import { openEpoch, openingOf } from "./epochs.ts";
import { as, deployWorld, fund, readQueue, useWorld } from "./exchange-world.ts";
import { skipWhenInstrumented } from "./instrumented.ts";

const FILE = new URL("gas-snapshot.json", import.meta.url);

/** Calldata holds times and addresses, whose zero bytes are cheaper: two runs differ by less than this. */
const TOLERANCE_PERCENT = 1;

/**
 * Gas by entry point, in the steady state (slots written before). The verifier of these tests costs next to nothing: a
 * Groth16 check with three public inputs comes on top of every batch.
 */
describe("Gas", () => {
  const world = useWorld(() => deployWorld());

  it("stays what the snapshot says", async function () {
    skipWhenInstrumented(this);
    const w = world();
    const used: Record<string, number> = {};
    const note = (name: string, receipt: ContractTransactionReceipt) => {
      used[name] = Number(receipt.gasUsed);
    };
    const { x, y } = Point.BASE.multiply(99n).toAffine();
    await fund(w, w.alice, 1_000_000_000n);
    await mined(as(w, w.alice).register(x, y));
    note("register", await mined(as(w, w.alice).register(x, y)));
    await mined(as(w, w.alice).deposit(1, 100_000_000n));
    note("deposit", await mined(as(w, w.alice).deposit(1, 100_000_000n)));
    await readQueue(w);
    await openEpoch(w);
    const later = (await blockTimeSeconds()) + 60;
    const moving = [1_000_000n, -1_000_000n, 1000n, -10n, 0n, 0n, 0n, 0n];
    await openEpoch(w, { timeSeconds: later, fundingDeltas: moving });
    const opening = await openingOf(w, { timeSeconds: later + 60, fundingDeltas: moving });
    await setNextBlockTime(later + 60);
    note("openEpoch", await mined(as(w, w.operator).openEpoch(opening)));
    const [first] = w.model.epochs;
    await settle(w, { tier: 2, queueCount: 4, epoch: first });
    for (const tier of TIERS) {
      const batch = batchOf(w, { tier: tier.id, epoch: first, seed: `gas ${tier.name}` });
      const receipt = await mined(sendBatch(w, await provenInput(w, batch)));
      follow(w, batch);
      note(`settleBatch ${tier.name}`, receipt);
      used[`settleBatch ${tier.name} per row`] = Math.round(Number(receipt.gasUsed) / tier.rows);
    }
    const withdrawals = [{ owner: w.alice.address, amountMicroUsd: 50n }];
    await settle(w, { tier: 1, epoch: first, withdrawals });
    const batch = batchOf(w, { tier: 1, epoch: first, queueCount: 1, withdrawals });
    note("settleBatch small with a deposit and a withdrawal", await mined(sendBatch(w, await provenInput(w, batch))));
    note("claim", await mined(as(w, w.alice).claim(w.alice.address)));

    if (process.env.UPDATE_SNAPSHOTS === "1") writeFileSync(FILE, `${JSON.stringify(used, null, 2)}\n`);
    const snapshot: Record<string, number> = JSON.parse(readFileSync(FILE, "utf8"));
    expect(Object.keys(used)).to.deep.equal(Object.keys(snapshot));
    for (const [name, gas] of Object.entries(used)) {
      const expected = snapshot[name] ?? 0;
      expect(Math.abs(gas - expected) * 100, `${name}: ${gas} gas, ${expected} in the snapshot`).to.be.below(
        expected * TOLERANCE_PERCENT,
      );
    }
  });
});
