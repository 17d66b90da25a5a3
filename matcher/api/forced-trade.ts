import { usdFromMicroUsd, usdFromPicoUsd } from "../protocol/decimal.ts";
import type { WireForcedTrade } from "../protocol/liquidation-wire.ts";
import { baseFromLots, usdFromPriceTicks } from "../protocol/market.ts";
import type { ForcedTradeRecord } from "./history/records.ts";
import type { Wire } from "./wire-response.ts";

export function wireForcedTrade(wire: Wire, { event, step, atMs }: ForcedTradeRecord): WireForcedTrade {
  const market = wire.market(event.market);
  const all = { account: event.account, market: market.symbol, atMs, finality: wire.finalityOf(step) };
  switch (event.type) {
    case "liquidated":
      return {
        kind: event.type,
        ...all,
        side: event.side,
        size: baseFromLots(market, event.quantityLots),
        quote: usdFromMicroUsd(event.quoteMicroUsd),
        fee: usdFromPicoUsd(event.feePicoUsd),
        payout: usdFromPicoUsd(event.payoutPicoUsd),
      };
    case "deleveraged":
      return {
        kind: event.type,
        ...all,
        role: event.role,
        other: event.other,
        side: event.side,
        size: baseFromLots(market, event.quantityLots),
        price: usdFromPriceTicks(market, event.priceTicks),
        reason: event.reason,
        rank: event.rank,
        received: usdFromPicoUsd(event.receivedPicoUsd),
        covered: usdFromPicoUsd(event.coveredPicoUsd),
      };
    case "forced-closed":
      return {
        kind: event.type,
        ...all,
        role: event.role,
        other: event.other,
        request: event.request === "forcedExit" ? "forced-exit" : "liquidation",
        side: event.side,
        size: baseFromLots(market, event.quantityLots),
        price: usdFromPriceTicks(market, event.priceTicks),
        quote: usdFromMicroUsd(event.quoteMicroUsd),
      };
    case "position-settled":
      return {
        kind: event.type,
        ...all,
        size: baseFromLots(market, event.sizeLots),
        price: usdFromPriceTicks(market, event.priceTicks),
      };
  }
}
