import { bestPrices, type Depth, depth, marketChecksum, orderAt, totals } from "../book/book-view.ts";
import type { AccountLeaf } from "../protocol/account.ts";
import type { EpochMarket } from "../protocol/epoch.ts";
import type { OrderMessage } from "../protocol/message.ts";
import { type AccountFigures, accountFigures, allPositionFigures, type PositionFigures } from "../risk/figures.ts";
import type { ExchangeState } from "./exchange-state.ts";
import type { FeeRates } from "./fee-tiers.ts";

export type { BestPrices, Depth, DepthLevel } from "../book/book-view.ts";

/** An account as the matcher has it, funding settled to the epoch in force. */
export interface AccountView {
  account: number;
  owner: bigint;
  ax: bigint;
  ay: bigint;
  epochNumber: number;
  /** The one market that an isolated account trades; null for a cross one. */
  isolatedMarket: number | null;
  collateralPicoUsd: bigint;
  figures: AccountFigures;
  positions: PositionFigures[];
  withdrawalNonce: number;
  /** Lowest sequence that a new order may carry, promises included. */
  minSequence: number;
  /** A forced exit of it has come from L1 and has not ended. */
  leaving: boolean;
  openOrders: number;
  feeTier: number;
  feeRates: FeeRates;
}

/** The account, or undefined when it is not registered. */
export function accountView(state: ExchangeState, account: number): AccountView | undefined {
  const { ledger } = state;
  if (!ledger.has(account)) return undefined;
  const record = ledger.settledRecord(account);
  return {
    account,
    owner: record.owner,
    ax: record.ax,
    ay: record.ay,
    epochNumber: state.epochNumber,
    isolatedMarket: state.modes.isolatedMarketOf(account),
    collateralPicoUsd: record.collateralPicoUsd,
    figures: accountFigures(ledger.terms, record),
    positions: allPositionFigures(ledger.terms, record),
    withdrawalNonce: record.withdrawalNonce,
    minSequence: state.gate.minSequenceOf(account),
    leaving: state.desk.isLeaving(account),
    openOrders: state.engine.book.openOrderCount(account),
    feeTier: state.fees.tierOf(account),
    feeRates: state.feeRates(account),
  };
}

export interface MarketView {
  market: number;
  live: boolean;
  /** Terms of the epoch in force; null before the first. */
  terms: EpochMarket | null;
  bidTicks: number | null;
  askTicks: number | null;
  grossOpenInterestLots: bigint;
  openOrders: number;
}

export function marketView(state: ExchangeState, market: number): MarketView {
  const { epoch, grossOpenInterestLots } = state.ledger.shared;
  return {
    market,
    live: (state.rulesInForce.markets[market] ?? null) !== null,
    terms: epoch?.markets[market] ?? null,
    ...bestPrices(state.engine.book, market),
    grossOpenInterestLots: grossOpenInterestLots[market] ?? 0n,
    openOrders: totals(state.engine.book).byMarket[market]?.orders ?? 0,
  };
}

/** Best levels of a market with the checksum of the best 25. */
export function depthView(state: ExchangeState, market: number, levelsMax: number): Depth & { checksum: number } {
  const { book } = state.engine;
  return { ...depth(book, market, levelsMax), checksum: marketChecksum(book, market) };
}

/** Sequence of the order that is live on a slot, or null. */
export function liveSequence(state: ExchangeState, account: number, slot: number): number | null {
  return orderAt(state.engine.book, account, slot)?.sequence ?? null;
}

/** Whether an order would meet the other side's best price if it came in now. */
export function couldTrade(state: ExchangeState, order: OrderMessage): boolean {
  if (order.postOnly) return false;
  const { bidTicks, askTicks } = bestPrices(state.engine.book, order.market);
  if (order.side === "buy") return askTicks !== null && askTicks <= order.limitPriceTicks;
  return bidTicks !== null && bidTicks >= order.limitPriceTicks;
}

export function openOrderCount(state: ExchangeState): number {
  return state.engine.book.orderCount;
}

/** Sizes of a leaf that are not zero. */
export function leafPositions(leaf: AccountLeaf): { market: number; sizeLots: bigint }[] {
  return leaf.sizesLots.flatMap((sizeLots, market) => (sizeLots === 0n ? [] : [{ market, sizeLots }]));
}
