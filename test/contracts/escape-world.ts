import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { ContractTransactionReceipt } from "ethers";
import { escapeTerms, type FoundTerms } from "../../matcher/escape/escape-terms.ts";
import { leafProof } from "../../matcher/escape/leaf-proof.ts";
import { epochRecord } from "../../matcher/protocol/epoch-record.ts";
import { settle } from "./batches.ts";
import { mined, setNextBlockTime } from "./chain.ts";
import { ESCAPE_WINDOWS } from "./epoch-sources.ts";
import { openEpoch } from "./epochs.ts";
import { as, type EscapeContract, fund, readQueue, type World } from "./exchange-world.ts";
import type { LeafForest } from "./leaf-forest.ts";

/** The escape as seen by a stranger, or by who is named. */
export function escapeOf(w: World, who: HardhatEthersSigner = w.stranger): EscapeContract {
  return w.escape.connect(who) as EscapeContract;
}

/** So much in the pool, and these leaves under the last root. */
export async function fillExchange(w: World, forest: LeafForest, poolMicroUsd: bigint): Promise<void> {
  await fund(w, w.alice, poolMicroUsd);
  await mined(as(w, w.alice).deposit(0, poolMicroUsd));
  await readQueue(w);
  if (w.model.epochs.length === 0) await openEpoch(w);
  const queueCount = w.model.queue.length - w.model.sharedState.queueCursor;
  await settle(w, { tier: 2, queueCount, newRoot: forest.root, feeDeltaPicoUsd: 0n });
}

/** Lets a deposit of Bob's for account 0 wait until anybody may freeze, and does. */
export async function freeze(w: World): Promise<void> {
  await fund(w, w.bob, 1_000_000n);
  await mined(as(w, w.bob).deposit(0, 1_000_000n));
  await setNextBlockTime(Number(await w.exchange.headDeadline()) + 1);
  await mined(as(w, w.stranger).freeze());
}

/** What the model says that the escape must pin. */
export async function termsOf(w: World): Promise<FoundTerms> {
  const [{ priceSeconds }, since] = await Promise.all([w.escape.windows(), w.registry.sinceSeconds()]);
  const settled = await Promise.all(since.map((_: bigint, market: number) => w.exchange.settlementOf(market)));
  return escapeTerms({
    epochs: w.model.epochs,
    lastEpoch: w.model.sharedState.epochNumber,
    priceWindowSeconds: Number(priceSeconds),
    sinceSeconds: since.map(Number),
    settledSinceEpoch: settled.map(({ sinceEpoch }) => Number(sinceEpoch)),
  });
}

export async function pinState(w: World): Promise<void> {
  await mined(escapeOf(w).pinState(w.model.sharedState));
}

/** Pins state, epochs and prices. @returns when claims close */
export async function pin(w: World): Promise<number> {
  await pinState(w);
  const { pinned, pricesTicks } = await termsOf(w);
  await mined(escapeOf(w).pinEpochs(pinned.map(epochRecord)));
  const receipt = await mined(escapeOf(w).pinPrices(pricesTicks));
  const block = await receipt.getBlock();
  return block.timestamp + ESCAPE_WINDOWS.claimWindowSeconds;
}

export function file(
  w: World,
  forest: LeafForest,
  accounts: readonly number[],
  who?: HardhatEthersSigner,
): Promise<ContractTransactionReceipt> {
  const { leaves, siblings } = leafProof(forest, accounts);
  return mined(escapeOf(w, who).file(leaves, siblings));
}
