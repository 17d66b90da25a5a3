import type { FillGate, FillVerdict, ProposedFill } from "../book/fill-gate.ts";
import type { BookOrder } from "../book/order.ts";
import type { OrderBook } from "../book/order-book.ts";
import type { OrderMessage, Side, Signed } from "../protocol/message.ts";
import type { RejectCode } from "../protocol/reject.ts";
import { ACCOUNTS } from "../protocol/spec.ts";
import { type AdmissionState, admissionRefusal } from "../risk/admission.ts";
import { mostCoveredLots } from "../risk/covered-quantity.ts";
import { fillablePriceTicksSafeSide } from "../risk/fillable-price.ts";
import { insuranceAvailablePicoUsd } from "../risk/insurance-available.ts";
import { leastRestoringLots } from "../risk/least-quantity.ts";
import type { Ledger, LiquidationVerdict } from "../state/ledger.ts";
import type { ExitFillVerdict } from "../state/ledger-requests.ts";
import { baseFilledLots } from "../state/row-rules.ts";
import type { ExitFill, Fill, LiquidationFill, Step } from "../state/step.ts";
import type { FeeTiers } from "./fee-tiers.ts";
import type { MarginModes } from "./margin-modes.ts";
import { orderRefusalCode } from "./refusal-code.ts";
import { SignedOrders, type SignedPart } from "./signed-orders.ts";

type LedgerVerdict = ReturnType<Ledger["checkFill"]> | LiquidationVerdict | ExitFillVerdict;

/** The book's view of the ledger: rules stand there, this only asks, and keeps the signed orders that fills are made of. */
export class LedgerGate implements FillGate {
  private readonly ledger: Ledger;
  private readonly fees: FeeTiers;
  private readonly modes: MarginModes;
  private readonly steps: Step[];
  private signed: SignedOrders | undefined;
  /** Minimum sequences by API-only cancel-alls: promises beside the proven ones. */
  private readonly promisedMinSequences = new Map<number, number>();
  private incoming: Signed<OrderMessage> | null = null;
  /** Worst price at which it may fill now. */
  private worstTicks = 0;
  private trialFrom = 0;
  /** Applies a fill for a forced exit: it is a part of the request's step, and no step of its own. */
  takeExitFill: ((fill: ExitFill) => void) | null = null;

  /** @param steps where the steps of applied fills go, in order */
  constructor(ledger: Ledger, fees: FeeTiers, modes: MarginModes, steps: Step[]) {
    this.ledger = ledger;
    this.fees = fees;
    this.modes = modes;
    this.steps = steps;
  }

  /** Tells whose resting orders the gate is asked about. Once, before the first order; the book needs its gate to be made. */
  attach(book: OrderBook): void {
    this.signed = new SignedOrders(book);
  }

  /**
   * The order that the book is about to be asked about.
   * @param worstTicks the worst price at which it may fill now: its limit, or a better one
   */
  setIncoming(order: Signed<OrderMessage> | null, worstTicks = order?.limitPriceTicks ?? 0): void {
    this.incoming = order;
    this.worstTicks = worstTicks;
  }

  /** An order rests from here on: to be called for whatever came into the book. */
  keep(order: Signed<OrderMessage>): void {
    this.signedOrders.keep(order);
  }

  /** The signed message of a live order. */
  signedOrder(account: number, slot: number): Signed<OrderMessage> | undefined {
    return this.signedOrders.get(account, slot);
  }

  /** See signed-orders.ts. */
  signedPartsOfNow(): (node: number) => SignedPart {
    return this.signedOrders.copy();
  }

  /** Bytes that are kept beside the book's for its orders. */
  get bytesAllocated(): number {
    return this.signedOrders.bytesAllocated;
  }

  /** Lowest sequence that any order of the account may carry, promises included. */
  minSequenceOf(account: number): number {
    const proven = this.ledger.has(account) ? this.ledger.minSequenceOf(account) : 0;
    return Math.max(proven, this.promisedMinSequences.get(account) ?? 0);
  }

  promiseMinSequence(account: number, sequence: number): void {
    this.promisedMinSequences.set(account, sequence);
  }

  /** Ascending by account: equal states give equal lists. */
  promises(): [account: number, minSequence: number][] {
    return [...this.promisedMinSequences].sort(([a], [b]) => a - b);
  }

  positionLots(account: number, market: number): number {
    return this.ledger.positionLots(account, market);
  }

  sequenceFloor({ account, slot, timeInForce }: Pick<BookOrder, "account" | "slot" | "timeInForce">): number {
    if (account >= ACCOUNTS) return 0;
    const { sequence } = this.ledger.slotOf(account, slot);
    return Math.max(timeInForce === "GTT" ? sequence : sequence + 1, this.minSequenceOf(account));
  }

  startingFilledLots(order: Pick<BookOrder, "account" | "slot" | "sequence" | "keepFilled">): number {
    return baseFilledLots(order, this.ledger.slotOf(order.account, order.slot)) ?? 0;
  }

  admit(_order: BookOrder, remainingLots: number): RejectCode | null {
    const order = this.order();
    // 1. Could it fill at all?
    const verdict = this.ledger.checkOrder(order);
    if (verdict !== "ok") return orderRefusalCode(verdict);
    // 2. Would the account be sound if it did?
    const judged = order.limitPriceTicks === this.worstTicks ? order : { ...order, limitPriceTicks: this.worstTicks };
    return admissionRefusal(this.admissionStateOf(order.account), judged, BigInt(remainingLots));
  }

  /** What admission judges an account's orders by: also what a preview starts from. */
  admissionStateOf(account: number): AdmissionState {
    const { terms, shared } = this.ledger;
    return {
      terms,
      grossOpenInterestLots: shared.grossOpenInterestLots,
      position: this.ledger.settledRecord(account),
      feeRates: this.fees.rates(account, terms.epoch.rebateCapPpm),
      isolatedMarket: this.modes.isolatedMarketOf(account),
    };
  }

  liquidationLots(account: number, market: number, side: Side, priceTicks: number): number {
    const { terms } = this.ledger;
    const margin = this.ledger.marginOf(account);
    if (margin.valuePicoUsd >= margin.maintenancePicoUsd) return 0;
    const limitTicks = fillablePriceTicksSafeSide(terms, { market, side }, margin);
    const price = BigInt(priceTicks);
    if (side === "sell" ? price < limitTicks : price > limitTicks) return 0;
    const closed = { market, sizeLots: BigInt(this.ledger.positionLots(account, market)), priceTicks: price };
    const least = leastRestoringLots(terms, margin, closed);
    const covered = mostCoveredLots(terms, margin, closed, insuranceAvailablePicoUsd(this.ledger.insuranceLeft()));
    return Number(least < covered ? least : covered);
  }

  check(fill: ProposedFill): FillVerdict {
    const verdict = this.verdict(fill);
    if (verdict === "ok") return "ok";
    const [blamed, reason] = verdict.split(":") as [string, string];
    const isMargin = reason.startsWith("margin-");
    if (blamed === "maker-refused") return isMargin ? "maker-margin" : "maker-unprovable";
    return isMargin ? "taker-margin" : "taker-unprovable";
  }

  apply(fill: ProposedFill): void {
    if (fill.exit) {
      if (this.takeExitFill === null) throw new Error("nobody serves a forced exit");
      this.takeExitFill(this.forcedFill(fill));
      return;
    }
    this.steps.push(
      fill.liquidation
        ? this.ledger.applyLiquidation(this.forcedFill(fill))
        : this.ledger.applyFill(this.ledgerFill(fill)),
    );
  }

  begin(): void {
    this.trialFrom = this.steps.length;
    this.ledger.begin();
  }

  rollback(): void {
    this.steps.length = this.trialFrom;
    this.ledger.rollback();
  }

  private order(): Signed<OrderMessage> {
    if (this.incoming === null) throw new Error("no order is coming in");
    return this.incoming;
  }

  private get signedOrders(): SignedOrders {
    if (this.signed === undefined) throw new Error("the gate has no book");
    return this.signed;
  }

  private signedMaker(fill: ProposedFill): Signed<OrderMessage> {
    const maker = this.signedOrders.get(fill.makerAccount, fill.makerSlot);
    if (maker === undefined || maker.sequence !== fill.makerSequence) {
      throw new Error(`no signed order ${fill.makerAccount}/${fill.makerSlot}/${fill.makerSequence}`);
    }
    return maker;
  }

  private verdict(fill: ProposedFill): LedgerVerdict {
    if (fill.exit) return this.ledger.requests.checkExitFill(this.forcedFill(fill));
    if (fill.liquidation) return this.ledger.checkLiquidation(this.forcedFill(fill));
    return this.ledger.checkFill(this.ledgerFill(fill));
  }

  private forcedFill(fill: ProposedFill): LiquidationFill {
    const { rebateCapPpm } = this.ledger.terms.epoch;
    return {
      account: fill.takerAccount,
      market: fill.market,
      side: fill.takerSide,
      maker: this.signedMaker(fill),
      priceTicks: fill.priceTicks,
      quantityLots: fill.quantityLots,
      makerFeePpm: this.fees.rates(fill.makerAccount, rebateCapPpm).makerPpm,
    };
  }

  private ledgerFill(fill: ProposedFill): Fill {
    const taker = this.order();
    const { rebateCapPpm } = this.ledger.terms.epoch;
    return {
      maker: this.signedMaker(fill),
      taker,
      priceTicks: fill.priceTicks,
      quantityLots: fill.quantityLots,
      makerFeePpm: this.fees.rates(fill.makerAccount, rebateCapPpm).makerPpm,
      takerFeePpm: this.fees.rates(taker.account, rebateCapPpm).takerPpm,
    };
  }
}
