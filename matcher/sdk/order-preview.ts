import type { WireAccount } from "../protocol/api-wire.ts";
import type { WirePreview } from "../protocol/margin-wire.ts";
import { priceTicksFromUsd, quantityLotsFromBase } from "../protocol/market.ts";
import { PICO_PER_MICRO } from "../protocol/spec.ts";
import { type PreviewLevel, type PreviewOrder, previewOrder } from "../risk/preview.ts";
import { wirePreview } from "../risk/wire-figures.ts";
import type { MarketData } from "./market-data.ts";
import type { OrderTerms } from "./order-terms.ts";

/** What an order is previewed against; account and markets of one epoch. */
export interface PreviewMoment {
  readonly account: WireAccount;
  readonly markets: MarketData;
  /** The side of the book that the order would take from, best first. */
  readonly levels: readonly PreviewLevel[];
}

/** The fee maximum that an order gets when its trader names none: the account's greater rate. */
export function usualMaxFeePpm({ takerFeePpm, makerFeePpm }: WireAccount): number {
  return Math.max(takerFeePpm, makerFeePpm);
}

/**
 * What the matcher would make of an order, by the functions that it judges by.
 * @param extraMicroUsd collateral that would be added before
 * @throws DecimalError for a price or size off the step; RangeError for an unknown market
 */
export function previewOf(
  { account, markets, levels }: PreviewMoment,
  terms: OrderTerms,
  extraMicroUsd = 0n,
): WirePreview {
  const market = markets.market(terms.market);
  const admission = markets.admissionStateOf(account);
  const { collateralPicoUsd, sizesLots } = admission.position;
  const state = {
    ...admission,
    position: { collateralPicoUsd: collateralPicoUsd + extraMicroUsd * PICO_PER_MICRO, sizesLots },
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
    maxFeePpm: terms.maxFeePpm ?? usualMaxFeePpm(account),
  };
  const preview = previewOrder(state, order, { levels, markTicks: markets.markTicks(terms.market) });
  return wirePreview(preview, {
    account: account.account,
    market,
    isolatedMarket: state.isolatedMarket,
    epochNumber: markets.epochNumber,
  });
}
