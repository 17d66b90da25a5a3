import { bestPrices, depth } from "../book/book-view.ts";
import { INSURANCE_ACCOUNT, PICO_PER_MICRO } from "../protocol/spec.ts";
import { markPriceTicks } from "../risk/mark-price.ts";
import { type OrderPreview, PREVIEW_LEVELS_MAX, type PreviewOrder, previewOrder } from "../risk/preview.ts";
import type { ExchangeState } from "./exchange-state.ts";

/** A market that is not live takes no order at all. */
const CLOSED_LIMITS = { priceStepTicks: 1, quantityStepLots: 1, quantityMinLots: 1, quantityMaxLots: 0 };

/**
 * What the matcher would make of an order now.
 * @param lastTradeTicks newest trade of the market; the state keeps none
 * @throws RangeError for an account that does not exist; Error before the first epoch
 */
export function orderPreview(
  state: ExchangeState,
  account: number,
  order: PreviewOrder,
  lastTradeTicks: number | null,
): OrderPreview {
  const { engine, gate } = state;
  const { bids, asks } = depth(engine.book, order.market, PREVIEW_LEVELS_MAX);
  const previewed = {
    ...gate.admissionStateOf(account),
    limits: engine.rules.markets[order.market] ?? CLOSED_LIMITS,
    openOrders: engine.book.openOrderCount(account),
    openOrdersMax: engine.rules.openOrdersPerAccountMax,
  };
  const markTicks = marketMarkTicks(state, order.market, lastTradeTicks);
  return previewOrder(previewed, order, { levels: order.side === "buy" ? asks : bids, markTicks });
}

/** See risk/mark-price.ts; 0 before the first epoch. @param lastTradeTicks newest trade of the market; the state keeps none */
export function marketMarkTicks(state: ExchangeState, market: number, lastTradeTicks: number | null): number {
  const terms = state.ledger.shared.epoch?.markets[market];
  if (terms === undefined) return 0;
  const { priceTicks: indexTicks, priceMinTicks, priceMaxTicks } = terms;
  const best = bestPrices(state.engine.book, market);
  return markPriceTicks({ indexTicks, ...best, lastTradeTicks, priceMinTicks, priceMaxTicks });
}

/** The insurance fund in the epoch in force. */
export interface InsuranceView {
  epochNumber: number;
  balancePicoUsd: bigint;
  spentPicoUsd: bigint;
  capPicoUsd: bigint;
}

/** The fund is account 0's collateral; 0 while L1 has not said that there is one. */
export function insuranceView(state: ExchangeState): InsuranceView {
  const { ledger } = state;
  const known = ledger.has(INSURANCE_ACCOUNT);
  return {
    epochNumber: state.epochNumber,
    balancePicoUsd: known ? ledger.settledRecord(INSURANCE_ACCOUNT).collateralPicoUsd : 0n,
    spentPicoUsd: ledger.shared.insuranceSpentPicoUsd,
    capPicoUsd: (ledger.shared.epoch?.liquidation.insuranceCapMicroUsd ?? 0n) * PICO_PER_MICRO,
  };
}
