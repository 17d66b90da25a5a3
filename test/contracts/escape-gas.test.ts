import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import type { ContractTransactionReceipt } from "ethers";
import { epochRecord } from "../../matcher/protocol/epoch-record.ts";
import { Seeded } from "../protocol/seeded.ts";
import { settle } from "./batches.ts";
import { mined, setNextBlockTime } from "./chain.ts";
import { ESCAPE_WINDOWS } from "./epoch-sources.ts";
import { openEpoch } from "./epochs.ts";
import { escapeOf, file, fillExchange, freeze, pinState, termsOf } from "./escape-world.ts";
import { deployWorld, useWorld } from "./exchange-world.ts";
import { skipWhenInstrumented } from "./instrumented.ts";
import { LeafForest } from "./leaf-forest.ts";

const FILE = new URL("escape-gas.json", import.meta.url);
const TOLERANCE_PERCENT = 1;
const EPOCHS = 20;
const DENSE = 128;

/** Gas of an escape's steps, by leaf, epoch and account. Leaves are as an exchange has them: every word in use. */
describe("Gas of the escape", () => {
  const world = useWorld(() => deployWorld());

  it("stays what the snapshot says", async function () {
    skipWhenInstrumented(this);
    const w = world();
    const used: Record<string, number> = {};
    const note = (name: string, receipt: ContractTransactionReceipt, parts = 1) => {
      used[name] = Math.round(Number(receipt.gasUsed) / parts);
    };
    const random = new Seeded("escape gas");
    const forest = new LeafForest();
    forest.plant(
      Array.from({ length: 2 * DENSE }, (_, account) => {
        const leaf = forest.random(random);
        // Worth something, whatever the positions are.
        return [account, { ...leaf, collateralPicoUsd: 1n << 95n }] as const;
      }),
    );
    const accounts = forest.accounts;
    for (let i = 0; i < EPOCHS; i++) await openEpoch(w);
    for (const epoch of w.model.epochs.slice(0, -1)) {
      await settle(w, { epoch, feeDeltaPicoUsd: 0n });
    }
    await fillExchange(w, forest, 1_000_000_000n);
    await freeze(w);
    await pinState(w);
    const { pinned, pricesTicks } = await termsOf(w);
    note("pinEpochs per epoch", await mined(escapeOf(w).pinEpochs(pinned.map(epochRecord))), pinned.length);
    const pinnedPrices = await mined(escapeOf(w).pinPrices(pricesTicks));
    note("pinPrices per epoch", pinnedPrices, pinned.length);
    const closes = (await pinnedPrices.getBlock()).timestamp + ESCAPE_WINDOWS.claimWindowSeconds;
    // The first one writes the sum of the claims for the first time.
    await file(w, forest, [200]);
    note("file one leaf", await file(w, forest, [201]));
    note("file eight leaves side by side, per leaf", await file(w, forest, accounts.slice(136, 144)), 8);
    note(`file ${DENSE} leaves side by side, per leaf`, await file(w, forest, accounts.slice(0, DENSE)), DENSE);
    await setNextBlockTime(closes);
    note("pay 64 accounts, per account", await mined(escapeOf(w).pay(accounts.slice(1, 65))), 64);

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
