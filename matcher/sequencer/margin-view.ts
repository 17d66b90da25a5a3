import { bestPrices, depth } from "../book/book-view.ts";
import { insuranceAvailablePicoUsd } from "../risk/insurance-available.ts";
import type { Insurance } from "../risk/liquidation-rules.ts";
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
export interface InsuranceView extends Insurance {
  epochNumber: number;
  /** What it may pay now. */
  availablePicoUsd: bigint;
}

/** Nothing while there is no epoch. */
export function insuranceView({ ledger, epochNumber }: ExchangeState): InsuranceView {
  if (epochNumber === 0)
    return { epochNumber, capPicoUsd: 0n, spentPicoUsd: 0n, fundPicoUsd: 0n, availablePicoUsd: 0n };
  const insurance = ledger.insuranceLeft();
  return { epochNumber, ...insurance, availablePicoUsd: insuranceAvailablePicoUsd(insurance) };
}
