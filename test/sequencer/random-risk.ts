import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import type { OrderMessage } from "../../matcher/protocol/message.ts";
import type { Command } from "../../matcher/sequencer/command.ts";
import { BTC, ETH, epochOf, order, unsigned } from "./exchange-fixture.ts";
import { joinCommands } from "./liquidation-fixture.ts";
import { dice } from "./random-commands.ts";

/** A market of the walk: one tick is one micro-USD a lot, and lots are drawn so that both markets weigh alike. */
interface Walk {
  market: number;
  ticks: number;
  startTicks: number;
  lotsMax: number;
}

/** Not rotations, which would end the sessions of those who read such a history. */
const KINDS = ["forcedExit", "liquidationRequest", "cancelAll"] as const;

/**
 * Traders with high leverage in two markets whose prices jump: an opening, then random traffic in which many are liquidated, the fund runs
 * dry and is filled again, its cap changes from epoch to epoch, and now and then a price is missing.
 */
export function* randomRisk(seed: number, count: number, accounts = 14): Generator<Command> {
  const roll = dice(seed);
  const requests = dice(seed + 5_000);
  yield { type: "epoch", epoch: epochOf(1) };
  let cursor = 0;
  for (let account = 0; account <= accounts; account++) {
    yield* joinCommands(cursor, account, account === 0 ? 3_000 : 2_000 + roll(6_000));
    cursor += 2;
  }
  const walks: Walk[] = [
    { market: BTC, ticks: 650_000, startTicks: 650_000, lotsMax: 60_000 },
    { market: ETH, ticks: 300_000, startTicks: 300_000, lotsMax: 130_000 },
  ];
  let epoch = 1;
  let fundingIndexPicoUsd = 0n;
  const nonces = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const account = 1 + roll(accounts);
    const kind = roll(1_000);
    if (kind < 60) {
      epoch += 1;
      fundingIndexPicoUsd += BigInt(roll(2_001) - 1_000) * 1_000_000n;
      yield { type: "epoch", epoch: movedEpoch(epoch, walks, fundingIndexPicoUsd, roll) };
    } else if (kind < 90) yield { type: "liquidationSweep" };
    else if (kind < 110) {
      const amountMicroUsd = BigInt(roll(10) === 0 ? 2_000 : 200 + roll(3_000)) * 1_000_000n;
      const fund = roll(12) === 0;
      const entry = {
        kind: "deposit",
        minSequence: 0,
        account: fund ? 0 : account,
        amountMicroUsd,
        owner: 0n,
        ax: 0n,
        ay: 0n,
      } as const;
      yield { type: "queue", entry, cursor: cursor++ };
    } else if (kind < 113) {
      // From dice of its own, so that the other commands do not depend on it.
      const asked = requests(KINDS.length);
      const entry = {
        kind: KINDS[asked] as (typeof KINDS)[number],
        minSequence: KINDS[asked] === "liquidationRequest" ? 0 : requests(i + 1),
        account,
        amountMicroUsd: 0n,
        owner: 0n,
        ax: 0n,
        ay: 0n,
      };
      yield { type: "queue", entry, cursor: cursor++, tier: 1 + requests(2) };
    } else if (kind < 125) {
      const sequence = nonces.get(account) ?? 0;
      const amountMicroUsd = BigInt(1 + roll(2_000)) * 1_000_000n;
      const message = unsigned({ kind: "withdrawal", account, sequence, expirySeconds: 2 ** 32 - 1, amountMicroUsd });
      yield { type: "message", message, settle: false };
      if (roll(2) === 0) nonces.set(account, sequence + 1);
    } else if (kind < 140) yield { type: "feeTier", account, tier: roll(4) };
    else if (kind < 170) {
      const message = unsigned({ kind: "cancel", account, slot: roll(8), sequence: 1 + roll(i + 1) });
      yield { type: "message", message, settle: roll(4) === 0 };
    } else {
      const { market, ticks, lotsMax } = walks[roll(2)] as Walk;
      const aggressive = roll(3) === 0;
      const offset = Math.floor((ticks * (aggressive ? roll(20) : -roll(45))) / 1_000);
      const side = roll(2) === 0 ? ("buy" as const) : ("sell" as const);
      const change: Partial<OrderMessage> = {
        account,
        market,
        slot: roll(8),
        sequence: 1 + i,
        side,
        reduceOnly: roll(8) === 0,
        timeInForce: aggressive ? "IOC" : "GTT",
        limitPriceTicks: side === "buy" ? ticks + offset : ticks - offset,
        quantityLots: 1 + roll(lotsMax),
        expirySeconds: epochOf(epoch).timeSeconds + 60 + roll(1_200),
        maxFeePpm: 1_000,
      };
      yield { type: "message", message: unsigned(order(change)), settle: false };
    }
  }
}

function movedEpoch(
  number: number,
  walks: readonly Walk[],
  fundingIndexPicoUsd: bigint,
  roll: (n: number) => number,
): OpenedEpoch {
  const epoch = epochOf(number);
  const markets = epoch.markets.map((terms, index): EpochMarket => {
    const walk = walks.find(({ market }) => market === index);
    if (walk === undefined) return terms;
    // A restricted market keeps its price and its index.
    const restricted = roll(25) === 0;
    if (!restricted) {
      const jumpPpm = (roll(2_001) - 1_000) * (roll(4) === 0 ? 95 : 12);
      const moved = Math.round((walk.ticks * (1_000_000 + jumpPpm)) / 1_000_000);
      walk.ticks = Math.min(Math.max(moved, Math.round(walk.startTicks / 2)), walk.startTicks * 2);
    }
    const priceTicks = walk.ticks;
    const band = Math.floor(priceTicks / 20);
    return {
      ...terms,
      priceTicks,
      priceMinTicks: priceTicks - band,
      priceMaxTicks: priceTicks + band,
      fundingIndexPicoUsd: index === BTC ? fundingIndexPicoUsd : 0n,
      restricted,
      grossOpenInterestCapLots: restricted ? 0n : terms.grossOpenInterestCapLots,
      positionCapLots: roll(4) === 0 ? 150_000n : terms.positionCapLots,
    };
  });
  const insuranceCapMicroUsd = [0n, 20_000_000n, 500_000_000n, 10n ** 12n][roll(4)] ?? 0n;
  return { ...epoch, liquidation: { ...epoch.liquidation, insuranceCapMicroUsd }, markets };
}
