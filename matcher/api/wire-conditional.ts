import type { ConditionalGroup, ConditionalLeg, Slicing, Trigger } from "../protocol/conditional.ts";
import { slicingFromWire, triggerFromWire } from "../protocol/conditional-terms.ts";
import type {
  WireConditionalLegRequest,
  WireConditionalOrder,
  WireConditionalRequest,
  WireIceberg,
  WireTrigger,
  WireTwap,
} from "../protocol/conditional-wire.ts";
import { baseFromLots, type Market, usdFromPriceTicks } from "../protocol/market.ts";
import { triggerTicksLater } from "../risk/trigger.ts";
import { Rejection } from "./api-error.ts";
import type { ConditionalRecord } from "./conditional-records.ts";
import { exact, orderFrom, type SigningPlace } from "./wire-request.ts";

/** The signed orders and conditions of a request. @throws Rejection naming what does not go together */
export function conditionalFrom(
  body: WireConditionalRequest,
  marketOf: (symbol: string) => Market,
  place: SigningPlace,
): ConditionalGroup {
  const { chainId, exchange, clientId, entry = false } = body;
  const legs = body.orders.map((order): ConditionalLeg => {
    if (order.account !== body.account) {
      throw new Rejection("INVALID_ACCOUNT", {
        field: "account",
        detail: "every order is the account's of the request",
      });
    }
    const market = marketOf(order.market);
    const { trigger, iceberg: _, twap: __, ...signed } = order;
    const where = { ...(chainId === undefined ? {} : { chainId }), ...(exchange === undefined ? {} : { exchange }) };
    return {
      order: orderFrom({ ...signed, ...where }, market, place),
      trigger: trigger === undefined ? null : triggerFrom(trigger, market),
      slicing: slicingFrom(order, market),
    };
  });
  return { legs, hasEntry: entry, ...(clientId === undefined ? {} : { clientId }) };
}

function triggerFrom(wire: WireTrigger, market: Market): Trigger {
  const trigger = exact("trigger", () => triggerFromWire(wire, market));
  if (trigger !== null) return trigger;
  const needs = wire.kind === "trailing" ? "either distance or distancePpm" : "a price";
  throw new Rejection("INVALID_CONDITION", {
    field: "trigger",
    detail: `a ${wire.kind} has ${needs} and nothing else`,
  });
}

function slicingFrom({ iceberg, twap }: WireConditionalLegRequest, market: Market): Slicing | null {
  if (iceberg !== undefined && twap !== undefined) {
    throw new Rejection("INVALID_CONDITION", { field: "twap", detail: "an order is an iceberg or a TWAP, not both" });
  }
  const given = { ...(iceberg === undefined ? {} : { iceberg }), ...(twap === undefined ? {} : { twap }) };
  return exact("iceberg", () => slicingFromWire(given, market));
}

/** A record in the words of the wire. */
export function wireConditional(record: ConditionalRecord, market: Market): WireConditionalOrder {
  const { terms, group, leg, hasEntry, legs, bestTicks } = record;
  const { order, trigger, slicing } = terms;
  const { account, slot, sequence, side, timeInForce, postOnly, reduceOnly, selfTrade, expirySeconds } = order;
  const isWaiting = trigger !== null && (record.status === "waiting" || record.status === "triggered");
  return {
    id: `${slot}-${sequence}`,
    group,
    leg,
    role: hasEntry ? (leg === 0 ? "entry" : "exit") : legs > 1 ? "alternative" : "single",
    account,
    slot,
    sequence,
    market: market.symbol,
    side,
    price: usdFromPriceTicks(market, order.limitPriceTicks),
    size: baseFromLots(market, order.quantityLots),
    filledSize: baseFromLots(market, record.filledLots),
    timeInForce,
    postOnly,
    reduceOnly,
    selfTrade,
    expirySeconds,
    trigger: trigger === null ? null : wireTrigger(trigger, market),
    triggerPrice: isWaiting ? usdFromPriceTicks(market, triggerTicksLater(trigger, side, bestTicks)) : null,
    iceberg: wireIceberg(slicing, market),
    twap: wireTwap(slicing),
    nextPartMs: record.nextPartMs === 0 ? null : record.nextPartMs,
    status: record.status,
    reason: record.reason,
    clientId: record.clientId,
    acceptedAtMs: record.acceptedAtMs,
    updatedAtMs: record.updatedAtMs,
  };
}

function wireTrigger({ kind, value }: Trigger, market: Market): WireTrigger {
  if (kind === "trailingPpm") return { kind: "trailing", distancePpm: value };
  if (kind === "trailingTicks") return { kind: "trailing", distance: usdFromPriceTicks(market, value) };
  return { kind, price: usdFromPriceTicks(market, value) };
}

function wireIceberg(slicing: Slicing | null, market: Market): WireIceberg | null {
  return slicing?.kind === "iceberg" ? { shownSize: baseFromLots(market, slicing.shownLots) } : null;
}

function wireTwap(slicing: Slicing | null): WireTwap | null {
  if (slicing?.kind !== "twap") return null;
  const { kind: _, ...twap } = slicing;
  return twap;
}
