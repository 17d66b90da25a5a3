import type { BookEvent, CloseReason } from "../book/book-event.ts";
import type { MarketRules } from "../book/book-rules.ts";
import type { MatchingEngine } from "../book/matching-engine.ts";
import { NIL } from "../book/order-pool.ts";
import type { TwapSlicing } from "../protocol/conditional.ts";
import type { OrderMessage } from "../protocol/message.ts";
import type { RejectCode } from "../protocol/reject.ts";
import { chargeableFeePpm } from "../risk/admission.ts";
import type { MarketTerms } from "../risk/epoch-terms.ts";
import { twapPartLotsFloor, twapWorstTicks } from "../risk/twap-part.ts";
import type { Ledger } from "../state/ledger.ts";
import type { GroupLeg, LiveGroup } from "./conditional-group.ts";
import type { ExchangeEvent } from "./exchange-event.ts";
import type { LedgerGate } from "./ledger-gate.ts";

/** Refusals of a part that the next one may not meet. */
export const PASSING_REFUSALS: ReadonlySet<RejectCode> = new Set<RejectCode>([
  "INSUFFICIENT_INITIAL_MARGIN",
  "LIQUIDATABLE",
  "OPEN_INTEREST_CAP",
  "POSITION_CAP",
  "MARKET_RESTRICTED",
  "OUTSIDE_PRICE_BAND",
  "UNKNOWN_MARKET",
  "QUANTITY_TOO_SMALL",
  "REDUCE_ONLY_WOULD_INCREASE",
]);

/** Lets orders whose turn it is into the book, each through the admission and matching of a fresh one, and not beyond what it may fill. */
export class ConditionalEntry {
  readonly #ledger: Ledger;
  readonly #engine: MatchingEngine;
  readonly #gate: LedgerGate;
  /** Removals by {@link remove}: whoever asked for one has drawn its consequences. */
  readonly #asked = new WeakSet<ExchangeEvent>();

  constructor(ledger: Ledger, engine: MatchingEngine, gate: LedgerGate) {
    this.#ledger = ledger;
    this.#engine = engine;
    this.#gate = gate;
  }

  /** What a slot's sequence has filled, whichever of its orders did: the circuit counts by it. */
  filledLots({ account, slot, sequence }: OrderMessage): number {
    const proven = this.#ledger.slotOf(account, slot);
    return proven.sequence === sequence ? proven.filledLots : 0;
  }

  /** What the order may still fill. */
  leftLots(group: LiveGroup, leg: GroupLeg): number {
    return group.mostLots(leg) - this.filledLots(leg.terms.order) - leg.takenOffLots;
  }

  /** The node of the order in the book, or NIL. */
  nodeOf({ account, slot, sequence }: OrderMessage): number {
    const { book } = this.#engine;
    const node = book.live(account, slot);
    return node !== NIL && book.pool.sequence(node) === sequence ? node : NIL;
  }

  /** What is wrong with an order that waits, as far as it can be told before its time. */
  waitingRefusal(order: OrderMessage): RejectCode | null {
    const { feeRates, isolatedMarket } = this.#gate.admissionStateOf(order.account);
    if (isolatedMarket !== null && isolatedMarket !== order.market) return "ISOLATED_ACCOUNT";
    return order.maxFeePpm < chargeableFeePpm(feeRates, order.postOnly) ? "MAX_FEE_TOO_LOW" : null;
  }

  /**
   * Lets the next part of an order in.
   * @param part of a TWAP
   * @param isReserved whether the slot is its already
   * @returns a refusal, and nothing has changed
   */
  enter(
    group: LiveGroup,
    leg: GroupLeg,
    part: number,
    isReserved: boolean,
    events: ExchangeEvent[],
  ): RejectCode | null {
    const { order, slicing } = leg.terms;
    const leftLots = this.leftLots(group, leg);
    if (leftLots <= 0) return "ALREADY_FILLED";
    const isTwap = slicing?.kind === "twap";
    const lots = isTwap ? this.#partLots(order, slicing, leftLots, part) : leftLots;
    if (lots === 0) return "QUANTITY_TOO_SMALL";
    const shownLots = slicing?.kind === "iceberg" ? slicing.shownLots : lots;
    const worstTicks = this.#worstTicks(order, isTwap ? slicing.tolerancePpm : 0);
    const terms = { filledLots: this.filledLots(order), lots, shownLots, worstTicks };
    const isResumed = group.entered.has(order.slot);
    this.#gate.setIncoming(order, worstTicks);
    const placed = this.#engine.placePart(order, { ...terms, isReserved, isResumed }, this.#ledger.terms.timeSeconds);
    this.#gate.setIncoming(null);
    const [first] = placed;
    if (first?.type === "rejected") return first.code;
    group.entered.add(order.slot);
    if (this.nodeOf(order) !== NIL) this.#gate.keep(order);
    append(placed, events);
    return null;
  }

  /** Gives an order its slot, before its time. */
  reserve(order: OrderMessage, events: ExchangeEvent[]): void {
    const told: BookEvent[] = [];
    this.#engine.reserve(order, told);
    append(told, events);
  }

  /** Takes an order out of the book. */
  remove(node: number, reason: CloseReason, events: ExchangeEvent[]): void {
    const told: BookEvent[] = [];
    this.#engine.matching.remove(node, reason, told);
    append(told, events);
    for (const event of told) if (event.type !== "rejected") this.#asked.add(event);
  }

  /** Whether an order was removed from here. */
  isAskedFor(event: ExchangeEvent): boolean {
    return this.#asked.has(event);
  }

  #partLots(order: OrderMessage, { parts }: TwapSlicing, remainingLots: number, part: number): number {
    const { quantityStepLots } = this.#engine.rules.markets[order.market] as MarketRules;
    const totalLots = order.quantityLots;
    return twapPartLotsFloor({ totalLots, parts, remainingLots, remainingParts: parts - part, quantityStepLots });
  }

  /** Of an order that does not rest: no worse than what can be proven in this epoch, so that a limit far away is no refusal. */
  #worstTicks(order: OrderMessage, tolerancePpm: number): number {
    const { limitPriceTicks: limitTicks, side, market, timeInForce } = order;
    if (timeInForce === "GTT") return limitTicks;
    const { priceMinTicks, priceMaxTicks, priceTicks } = this.#ledger.terms.markets[market] as MarketTerms;
    const { priceStepTicks } = this.#engine.rules.markets[market] as MarketRules;
    const price = { side, limitTicks, priceTicks: Number(priceTicks), tolerancePpm, priceStepTicks };
    const tolerated = tolerancePpm === 0 ? limitTicks : twapWorstTicks(price);
    return side === "buy" ? Math.min(tolerated, Number(priceMaxTicks)) : Math.max(tolerated, Number(priceMinTicks));
  }
}

/** @throws Error for a rejection, which is no event of the exchange */
function append(told: readonly BookEvent[], events: ExchangeEvent[]): void {
  for (const event of told) {
    if (event.type === "rejected") throw new Error(`a conditional order has a rejection: ${event.code}`);
    events.push(event);
  }
}
