import type { OrderLimits } from "../protocol/order-limits.ts";
import {
  type AdmissionOrder,
  type AdmissionState,
  admissionRefusal,
  afterTrade,
  chargeableFeePpm,
  reducibleLots,
} from "./admission.ts";
import type { MarketTerms } from "./epoch-terms.ts";
import { feePicoUsd } from "./fees.ts";
import { magnitude } from "./magnitude.ts";
import { marginOf, type Position } from "./margin.ts";

function least(...values: bigint[]): bigint {
  return values.reduce((least, value) => (value < least ? value : least));
}

/** Whether the account would have a position beside one in an isolated-only market. */
function crowdsIsolated({ terms, position }: AdmissionState, market: number): boolean {
  const held = position.sizesLots.flatMap((size, index) => (size !== 0n || index === market ? [index] : []));
  return held.length > 1 && held.some((index) => terms.markets[index]?.isolatedOnly === true);
}

/** Most lots that the rules on sizes alone let fill, whatever the margin. */
function sizeRoomLots(state: AdmissionState, order: AdmissionOrder, market: MarketTerms): bigint {
  const size = state.position.sizesLots[order.market] as bigint;
  const reducible = reducibleLots(size, order.side);
  const gross = state.grossOpenInterestLots[order.market] as bigint;
  if (market.restricted || gross >= market.grossOpenInterestCapLots) return reducible;
  // Up to here the position only shrinks, or comes out no larger on the other side.
  const withoutGrowth = 2n * reducible;
  if (crowdsIsolated(state, order.market)) return withoutGrowth;
  const capped = reducible > 0n ? market.positionCapLots + reducible : market.positionCapLots - magnitude(size);
  return capped > withoutGrowth ? capped : withoutGrowth;
}

/**
 * Most lots that the account may order at this limit, fee included: the greatest quantity that {@link admissionRefusal} and the market's
 * limits let in, 0 when there is none. A reduce-only order may be larger, but fills no more than the position.
 */
export function maxOrderLots(state: AdmissionState, order: AdmissionOrder, limits: OrderLimits): bigint {
  const { terms, position } = state;
  const market = terms.markets[order.market];
  if (market === undefined) return 0n;
  const stepLots = BigInt(limits.quantityStepLots);
  const notionalMinMicroUsd = order.reduceOnly ? 0n : BigInt(limits.notionalMinMicroUsd ?? 0);
  const onStep = (lots: bigint) => {
    const rounded = lots - (lots % stepLots);
    if (rounded < BigInt(limits.quantityMinLots)) return 0n;
    return rounded * BigInt(order.limitPriceTicks) < notionalMinMicroUsd ? 0n : rounded;
  };
  const reducible = reducibleLots(position.sizesLots[order.market] as bigint, order.side);
  const largest = BigInt(limits.quantityMaxLots);
  const allowed = (lots: bigint) => lots > 0n && admissionRefusal(state, order, lots) === null;
  // Everything that depends on the price alone stops one lot as well.
  if (reducible > 0n && !allowed(1n)) return 0n;
  const room = onStep(
    order.reduceOnly ? least(reducible, largest) : least(sizeRoomLots(state, order, market), largest),
  );
  if (allowed(room)) return room;
  // Beyond what reduces, TV − TR_i is linear in the lots.
  const excessPicoUsd = (lots: bigint) => {
    const { valuePicoUsd, initialPicoUsd } = marginOf(terms, filled(state, order, lots));
    return valuePicoUsd - initialPicoUsd;
  };
  const start = excessPicoUsd(reducible);
  const slope = excessPicoUsd(reducible + 1n) - start;
  const growth = start >= 0n && slope < 0n ? start / -slope : 0n;
  const found = onStep(least(room, reducible + growth));
  if (allowed(found)) return found;
  const reducing = onStep(least(reducible, largest));
  return allowed(reducing) ? reducing : 0n;
}

/** The account if so many lots filled at the order's limit. */
function filled(state: AdmissionState, order: AdmissionOrder, lots: bigint): Position {
  const quoteMicroUsd = BigInt(order.limitPriceTicks) * lots;
  const ratePpm = chargeableFeePpm(state.feeRates, order.postOnly);
  return afterTrade(state.position, order, lots, quoteMicroUsd, feePicoUsd(ratePpm, quoteMicroUsd));
}
