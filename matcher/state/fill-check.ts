import type { OrderMessage } from "../protocol/message.ts";
import { INSURANCE_ACCOUNT } from "../protocol/spec.ts";
import type { EpochTerms, MarketTerms } from "../risk/epoch-terms.ts";
import { feePicoUsd } from "../risk/fees.ts";
import { magnitude } from "../risk/magnitude.ts";
import { openInterestAllowed } from "../risk/open-interest.ts";
import { type TransitionRefusal, transitionRefusal } from "../risk/transition.ts";
import type { AccountRecord } from "./account-record.ts";
import * as records from "./account-record.ts";
import type { LedgerState } from "./ledger-state.ts";
import * as rules from "./row-rules.ts";
import type { Fill } from "./step.ts";
import type { OrderSlot } from "./trace.ts";

/** Why one side of a fill would not be valid in a fresh batch. */
export type FillRefusal =
  | rules.RowRefusal
  | TransitionRefusal
  | "unknown-account"
  | "insurance-account"
  | "self-trade"
  | "fees-negative"
  | "open-interest-cap"
  | "size-range"
  | "collateral-range";

/** "ok", or who is at fault and why. */
export type FillVerdict = "ok" | `maker-refused:${FillRefusal}` | `taker-refused:${FillRefusal}`;

/** One side after the fill. */
export interface CheckedLeg {
  record: AccountRecord;
  slot: OrderSlot;
  feePicoUsd: bigint;
}

/** A fill that may be applied, worked out. */
export interface CheckedFill {
  quoteMicroUsd: bigint;
  maker: CheckedLeg;
  taker: CheckedLeg;
  /** Growth of the market's Σ|size|. */
  grossDeltaLots: bigint;
}

/** Whether two fills are judged alike. */
export function sameFill(a: Fill, b: Fill): boolean {
  return (
    a.maker === b.maker &&
    a.taker === b.taker &&
    a.priceTicks === b.priceTicks &&
    a.quantityLots === b.quantityLots &&
    a.makerFeePpm === b.makerFeePpm &&
    a.takerFeePpm === b.takerFeePpm
  );
}

/** @throws RangeError for something that is no fill at all: a bug of the matcher, not a refusal */
function assertWellFormed({ maker, taker, priceTicks, quantityLots }: Fill): void {
  if (maker.market !== taker.market) throw new RangeError(`markets ${maker.market} and ${taker.market} in one fill`);
  if (maker.side === taker.side) throw new RangeError(`two ${maker.side} orders in one fill`);
  if (!Number.isSafeInteger(priceTicks) || priceTicks < 1) throw new RangeError(`a fill at ${priceTicks} ticks`);
  if (!Number.isSafeInteger(quantityLots) || quantityLots < 1) throw new RangeError(`a fill of ${quantityLots} lots`);
}

/**
 * Who is to blame for a price outside the band. A maker on the aggressive side of it would be hit first and block the book: it has
 * to go. On the passive side, every maker behind it is outside too: the taker has to stop.
 */
function bandVerdict(terms: EpochTerms, { maker, priceTicks }: Fill): FillVerdict {
  const market = terms.markets[maker.market] as MarketTerms;
  const aggressive = maker.side === "sell" ? priceTicks < market.priceMinTicks : priceTicks > market.priceMaxTicks;
  return aggressive ? "maker-refused:price-band" : "taker-refused:price-band";
}

/** One order's side: the rules on its row, and the account's final state. */
export function checkLeg(
  state: LedgerState,
  terms: EpochTerms,
  order: OrderMessage,
  quantityLots: number,
  quantity: bigint,
  quoteMicroUsd: bigint,
  fee: bigint,
): CheckedLeg | FillRefusal {
  if (order.account === INSURANCE_ACCOUNT) return "insurance-account";
  const stored = state.record(order.account);
  if (stored === undefined) return "unknown-account";
  const slot = state.slot(order.account, order.slot);
  const refusal =
    rules.orderRefusal(order, slot, stored.minSequence, terms.timeSeconds, quantityLots) ??
    rules.executionRefusal(terms, order, quantity, quoteMicroUsd, fee);
  if (refusal !== undefined) return refusal;
  const start = records.settled(stored, terms);
  const record = records.withTrade(start, order.market, order.side === "buy", quantity, quoteMicroUsd, fee);
  if (!records.sizeInRange(record.sizesLots[order.market] as bigint)) return "size-range";
  if (!records.collateralInRange(record)) return "collateral-range";
  const transition = transitionRefusal(terms, start, record, false, order.market);
  if (transition !== undefined) return transition;
  return { record, slot: rules.slotAfterOrder(order, slot, quantityLots), feePicoUsd: fee };
}

/**
 * Whether a fill is provable alone in a fresh batch: both sides under the very rules of the circuit, S₀ being each account now, with
 * funding settled. Changes nothing.
 */
export function checkFill(state: LedgerState, terms: EpochTerms, fill: Fill): CheckedFill | FillVerdict {
  assertWellFormed(fill);
  const { maker, taker, quantityLots } = fill;
  if (maker.account === taker.account) return "taker-refused:self-trade";
  const quantity = BigInt(quantityLots);
  const quoteMicroUsd = BigInt(fill.priceTicks) * quantity;
  const makerFee = feePicoUsd(fill.makerFeePpm, quoteMicroUsd);
  const takerFee = feePicoUsd(fill.takerFeePpm, quoteMicroUsd);
  const made = checkLeg(state, terms, maker, quantityLots, quantity, quoteMicroUsd, makerFee);
  if (typeof made === "string") {
    if (made === "price-band") return bandVerdict(terms, fill);
    return made === "market-not-live" ? "taker-refused:market-not-live" : `maker-refused:${made}`;
  }
  const taken = checkLeg(state, terms, taker, quantityLots, quantity, quoteMicroUsd, takerFee);
  if (typeof taken === "string") return `taker-refused:${taken}`;
  if (makerFee + takerFee < 0n) return "taker-refused:fees-negative";
  const grossDeltaLots =
    grossGrowth(state, maker.account, maker.market, made.record) +
    grossGrowth(state, taker.account, taker.market, taken.record);
  const gross = state.shared.grossOpenInterestLots[maker.market] as bigint;
  const cap = (terms.markets[maker.market] as MarketTerms).grossOpenInterestCapLots;
  if (!openInterestAllowed(gross, gross + grossDeltaLots, cap)) return "taker-refused:open-interest-cap";
  return { quoteMicroUsd, maker: made, taker: taken, grossDeltaLots };
}

/** By how much the market's Σ|size| grows when the account becomes the record. */
export function grossGrowth(state: LedgerState, account: number, market: number, { sizesLots }: AccountRecord): bigint {
  const before = (state.record(account) as AccountRecord).sizesLots[market] as bigint;
  return magnitude(sizesLots[market] as bigint) - magnitude(before);
}
