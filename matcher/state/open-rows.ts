import type { Message, OrderMessage, Signed } from "../protocol/message.ts";
import { ORDER_SLOTS } from "../protocol/spec.ts";
import type { EpochTerms } from "../risk/epoch-terms.ts";
import type { BatchRefusal, BatchSource, OpenRow } from "./batch-parts.ts";
import * as rules from "./row-rules.ts";
import { sameOrder } from "./same-order.ts";
import type { FillLeg, FillStep } from "./step.ts";
import type { OrderSlot } from "./trace.ts";

/** A row and where it belongs in the list; the list's length is a new row. */
export interface PlacedRow {
  at: number;
  row: OpenRow;
}

/** The signed rows of a batch so far. */
export class OpenRows {
  readonly #terms: EpochTerms;
  readonly #source: BatchSource;
  #rows: OpenRow[] = [];
  #payments: OpenRow[] = [];
  /** The latest row on each touched order slot. */
  #latestRow = new Map<number, number>();

  constructor(terms: EpochTerms, source: BatchSource) {
    this.#terms = terms;
    this.#source = source;
  }

  /** The same rows, on their own from here on. */
  copy(): OpenRows {
    const copy = new OpenRows(this.#terms, this.#source);
    copy.#rows = this.#rows.slice();
    copy.#payments = this.#payments.slice();
    copy.#latestRow = new Map(this.#latestRow);
    return copy;
  }

  /** Rows that are no payments. */
  get length(): number {
    return this.#rows.length;
  }

  get payments(): number {
    return this.#payments.length;
  }

  /** Payments first, then in order of first touch. */
  all(): OpenRow[] {
    return [...this.#payments, ...this.#rows];
  }

  pay(row: OpenRow): void {
    this.#payments.push(row);
  }

  put({ at, row }: PlacedRow): void {
    this.#rows[at] = row;
    const { message } = row;
    if (message.kind === "order" || message.kind === "cancel") {
      this.#latestRow.set(message.account * ORDER_SLOTS + message.slot, at);
    }
  }

  /** An order slot as the rows leave it, and the latest of them. */
  slot(account: number, slot: number): { slot: OrderSlot; at: number | undefined } {
    const at = this.#latestRow.get(account * ORDER_SLOTS + slot);
    if (at === undefined) return { slot: this.#source.slot(account, slot), at };
    return { slot: (this.#rows[at] as OpenRow).slotAfter as OrderSlot, at };
  }

  /**
   * The row of an order with the fill added. A fill joins the latest row on its slot when that row is of the same order; an older
   * row has been superseded, and joining it would change what the rows in between started from.
   * @param newAt where a row goes that joins none
   */
  ofFill(
    { order, feePicoUsd }: FillLeg,
    fill: Pick<FillStep, "quantityLots" | "quoteMicroUsd">,
    minSequence: number,
    newAt: number,
  ): PlacedRow | BatchRefusal {
    const { slot, at } = this.slot(order.account, order.slot);
    const latest = at === undefined ? undefined : (this.#rows[at] as OpenRow);
    const joined =
      latest !== undefined && latest.message.kind === "order" && sameOrder(latest.message, order) ? latest : undefined;
    const slotBefore = joined === undefined ? slot : (joined.slotBefore as OrderSlot);
    const quantityLots = (joined?.quantityLots ?? 0) + fill.quantityLots;
    const quoteMicroUsd = (joined?.quoteMicroUsd ?? 0n) + fill.quoteMicroUsd;
    const feeSum = (joined?.feePicoUsd ?? 0n) + feePicoUsd;
    const refusal =
      rules.orderRefusal(order, slotBefore, minSequence, this.#terms.timeSeconds, quantityLots) ??
      rules.executionRefusal(this.#terms, order, BigInt(quantityLots), quoteMicroUsd, feeSum);
    if (refusal !== undefined) return refusal;
    const slotAfter = rules.slotAfterOrder(order, slotBefore, quantityLots);
    const message = joined?.message ?? order;
    const row: OpenRow = { message, quantityLots, quoteMicroUsd, feePicoUsd: feeSum, slotBefore, slotAfter };
    return { at: joined === undefined ? newAt : (at as number), row };
  }
}

/** The row of a message that executes nothing. */
export function messageRow(message: Signed<Exclude<Message, OrderMessage>>): OpenRow {
  return { message, quantityLots: 0, quoteMicroUsd: 0n, feePicoUsd: 0n, slotBefore: undefined, slotAfter: undefined };
}
