import type { WireAccount } from "../../protocol/api-wire.ts";
import type { WirePreview } from "../../protocol/margin-wire.ts";
import { priceTicksFromUsd, quantityLotsFromBase } from "../../protocol/market.ts";
import { PREVIEW_LEVELS_MAX, type PreviewLevel, type PreviewOrder, previewOrder } from "../../risk/preview.ts";
import { wirePreview } from "../../risk/wire-figures.ts";
import type { LocalBook } from "../../sdk/local-book.ts";
import type { MarketData } from "../../sdk/market-data.ts";
import type { OrderTerms } from "../../sdk/order-terms.ts";

/** The levels that an order of a side would take from, best first. */
export function levelsAgainst(book: LocalBook, side: OrderTerms["side"]): PreviewLevel[] {
  return side === "buy" ? book.asks(PREVIEW_LEVELS_MAX) : book.bids(PREVIEW_LEVELS_MAX);
}

/**
 * What the matcher would make of the order now, by the functions that it judges by, from what the page has been told. Nothing is asked:
 * it is there while the trader types.
 * @returns null while account and markets are of two epochs: figures of both would be wrong for each
 */
export function livePreview(
  markets: MarketData,
  account: WireAccount,
  book: LocalBook,
  terms: OrderTerms,
): WirePreview | null {
  if (account.epochNumber !== markets.epochNumber) return null;
  const market = markets.market(terms.market);
  const admission = markets.admissionStateOf(account);
  const state = {
    ...admission,
    limits: markets.limits(terms.market),
    openOrders: account.openOrders,
    openOrdersMax: markets.openOrdersMax,
  };
  const order: PreviewOrder = {
    market: market.index,
    side: terms.side,
    limitPriceTicks: priceTicksFromUsd(market, terms.price),
    quantityLots: quantityLotsFromBase(market, terms.size),
    timeInForce: terms.timeInForce ?? "GTT",
    postOnly: terms.postOnly ?? false,
    reduceOnly: terms.reduceOnly ?? false,
    maxFeePpm: Math.max(account.takerFeePpm, account.makerFeePpm),
  };
  const levels = levelsAgainst(book, terms.side);
  const preview = previewOrder(state, order, { levels, markTicks: markets.markTicks(terms.market) });
  return wirePreview(preview, {
    account: account.account,
    market,
    isolatedMarket: admission.isolatedMarket,
    epochNumber: markets.epochNumber,
  });
}
