import type { BookRules, MarketRules } from "../book/book-rules.ts";
import {
  type ConditionalGroup,
  type ConditionalLeg,
  LEGS_MAX,
  type Slicing,
  type Trigger,
} from "../protocol/conditional.ts";
import { quantityReject } from "../protocol/order-limits.ts";
import type { RejectCode } from "../protocol/reject.ts";
import { PPM, WIDTH } from "../protocol/spec.ts";
import { messageReject } from "./message-validity.ts";

/** An order shows at least a hundredth of itself, so that one taker meets it a hundred times at most. */
export const SHOWN_PARTS_MAX = 100;
export const TWAP_PARTS_MAX = 1_000;
export const TWAP_INTERVAL_MIN_SECONDS = 5;
export const TWAP_INTERVAL_MAX_SECONDS = 3_600;
/** How far ahead a TWAP may start. */
const START_LIMIT_MS = 2 ** WIDTH.timeSeconds * 1_000;

function isIn(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}

/** Every rule about a conditional command that needs nothing but itself, the markets' terms and the epoch's time. Null: nothing is wrong. */
export function conditionalReject(
  { legs, hasEntry }: ConditionalGroup,
  rules: BookRules,
  nowSeconds: number,
): RejectCode | null {
  if (legs.length < 1 || legs.length > LEGS_MAX) return "INVALID_CONDITION";
  for (const { order } of legs) {
    const code = messageReject(order, rules, nowSeconds);
    if (code !== null) return code;
    if (order.kind !== "order") return "MALFORMED";
    // What an order before it filled is for its revisions, which are no conditional orders.
    if (order.keepFilled) return "INVALID_CONDITION";
  }
  const [first] = legs as [ConditionalLeg];
  const terms = rules.markets[first.order.market] as MarketRules;
  for (const leg of legs) {
    const { account, market } = leg.order;
    if (account !== first.order.account || market !== first.order.market) return "INVALID_CONDITION";
    if (leg.trigger !== null && !isTrigger(leg.trigger)) return "INVALID_CONDITION";
    if (leg.slicing !== null && (leg.trigger !== null || legs.length > 1 || !isSlicing(leg, leg.slicing, terms))) {
      return "INVALID_CONDITION";
    }
  }
  return isWellLinked(legs, hasEntry) ? null : "INVALID_CONDITION";
}

function isTrigger({ kind, value }: Trigger): boolean {
  return isIn(value, 1, kind === "trailingPpm" ? PPM - 1 : 2 ** WIDTH.priceTicks - 1);
}

function isSlicing({ order }: ConditionalLeg, slicing: Slicing, terms: MarketRules): boolean {
  if (slicing.kind === "iceberg") {
    const { shownLots } = slicing;
    const isPart = shownLots < order.quantityLots && shownLots * SHOWN_PARTS_MAX >= order.quantityLots;
    return order.timeInForce === "GTT" && isPart && quantityReject(shownLots, terms) === null;
  }
  const { startMs, parts, intervalSeconds, jitterPpm, tolerancePpm } = slicing;
  // Parts rest nowhere: what one does not get, the next ones make up for.
  if (order.timeInForce !== "IOC") return false;
  const isTimed =
    isIn(startMs, 0, START_LIMIT_MS) &&
    isIn(parts, 2, TWAP_PARTS_MAX) &&
    isIn(intervalSeconds, TWAP_INTERVAL_MIN_SECONDS, TWAP_INTERVAL_MAX_SECONDS);
  const least = Math.floor(order.quantityLots / parts);
  const isLargeEnough = least >= Math.max(terms.quantityMinLots, terms.quantityStepLots);
  return isTimed && isLargeEnough && isIn(jitterPpm, 0, PPM - 1) && isIn(tolerancePpm, 0, PPM - 1);
}

/** Alternatives share slot and sequence, an entry has a slot of its own; of those on one slot one at most goes in without a trigger. */
function isWellLinked(legs: readonly ConditionalLeg[], hasEntry: boolean): boolean {
  const [first] = legs as [ConditionalLeg];
  const alternatives = hasEntry ? legs.slice(1) : legs;
  const [lead, ...others] = alternatives;
  if (lead === undefined || others.length > 1) return false;
  if (hasEntry && lead.order.slot === first.order.slot) return false;
  const { slot, sequence } = lead.order;
  if (others.some(({ order }) => order.slot !== slot || order.sequence !== sequence)) return false;
  const untriggered = alternatives.filter(({ trigger }) => trigger === null);
  if (untriggered.length > 1) return false;
  // Alone and without any condition it is an ordinary order.
  return legs.length > 1 || first.trigger !== null || first.slicing !== null;
}
