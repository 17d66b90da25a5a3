import type {
  WireCancelAllRequest,
  WireCancelled,
  WireCancelRequest,
  WireOrderRequest,
  WirePlaced,
} from "../protocol/api-wire.ts";
import type { Instruction, OrderMessage, Signed } from "../protocol/message.ts";
import type { WireReceipt } from "../protocol/receipt-wire.ts";
import type { RejectCode } from "../protocol/reject.ts";
import type { NamedOrder } from "../sequencer/client-orders.ts";
import type { Command } from "../sequencer/command.ts";
import { isEnded } from "../sequencer/conditional-group.ts";
import { liveSequence } from "../sequencer/exchange-view.ts";
import type { Accepted, Submitted } from "../sequencer/outcome.ts";
import type { SubmitOptions } from "../sequencer/sequencer.ts";
import { Rejection, type RejectionDetails } from "./api-error.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { hashText } from "./hash-text.ts";
import type { FillRecord, OrderRecord } from "./history.ts";
import { addressKey } from "./rate-limits.ts";
import { wireConditional } from "./wire-conditional.ts";
import { cancelAllFrom, cancelFrom, orderFrom } from "./wire-request.ts";

/** What became of a signed message. */
interface Executed {
  accepted: Accepted;
  messageHash: string;
  receipt: WireReceipt | null;
}

/** Fills of an order that an answer names at most. */
const FILLS_MAX = 1_000;

/**
 * Orders and cancels from outside, whatever door they come through. A request that was accepted before is answered with what it did then:
 * whoever got no answer sends it again.
 */
export class OrderEntry {
  private readonly access: ExchangeAccess;

  constructor(access: ExchangeAccess) {
    this.access = access;
  }

  /** @param address where it came from. @throws (rejects) Rejection */
  async place(body: WireOrderRequest, address: string): Promise<WirePlaced> {
    const { access } = this;
    const order = orderFrom(body, access.marketOf(body.market), access.options);
    const { clientId } = body;
    const admit = () => this.charge(order.account);
    const { outcome, messageHash } = await this.checked(order, address, { clientId, admit });
    const hash = hashText(messageHash);
    if (!outcome.accepted) {
      const known = this.placedBefore(order, clientId, outcome.code);
      if (known !== null) {
        const receipt = await access.receiptOf(known);
        return { ...this.placed(known, this.fillsOf(known), hash), duplicate: true, receipt };
      }
      throw this.rejection(outcome.code, hash, order.account);
    }
    const receipt = await access.receiptOf(outcome);
    const record = access.history.order(order.account, order.slot, order.sequence);
    if (record === undefined) throw new Error(`order ${order.account}/${order.slot}/${order.sequence} left no record`);
    return { ...this.placed(record, this.fillsIn(outcome, order.account), hash), duplicate: false, receipt };
  }

  /** A revision of a live order that keeps what it has filled. @throws (rejects) Rejection */
  async amend(body: WireOrderRequest, address: string): Promise<WirePlaced> {
    if (!body.keepFilled)
      throw new Rejection("INVALID_FLAG", { field: "keepFilled", detail: "an amend keeps what is filled" });
    const { account, slot, sequence } = body;
    const { sequencer, history } = this.access;
    const isRetry = history.order(account, slot, sequence) !== undefined;
    if (!isRetry && liveSequence(sequencer.state, account, slot) === null) throw new Rejection("ORDER_NOT_FOUND");
    return this.place(body, address);
  }

  /** @throws (rejects) Rejection */
  async cancel(body: WireCancelRequest, address: string): Promise<WireCancelled> {
    const { settle = false } = body;
    return this.cancelled(await this.submit(cancelFrom(body), address, { settle }), settle);
  }

  /** @throws (rejects) Rejection */
  async cancelAll(body: WireCancelAllRequest, address: string): Promise<WireCancelled> {
    const { settle = false } = body;
    return this.cancelled(await this.submit(cancelAllFrom(body), address, { settle }), settle);
  }

  /** Cancels without a signature, for the owner of a session: a promise. @throws (rejects) Rejection */
  async cancelUnsigned(command: Extract<Command, { type: "cancelApi" | "cancelAllApi" }>): Promise<WireCancelled> {
    const accepted = await this.apply(command);
    return this.cancelled({ accepted, receipt: await this.access.receiptOf(accepted) }, false);
  }

  /** The order that an account's session names. @throws Rejection ORDER_NOT_FOUND, MISSING_FIELD */
  named(account: number, name: { id?: string; clientId?: string }): NamedOrder & { account: number } {
    const { id, clientId } = name;
    if ((id === undefined) === (clientId === undefined)) {
      throw new Rejection("MISSING_FIELD", { field: "id", detail: "exactly one of id and clientId names the order" });
    }
    const found = id !== undefined ? this.byId(account, id) : this.byClientId(account, clientId as string);
    if (found === undefined) throw new Rejection("ORDER_NOT_FOUND", { field: id === undefined ? "clientId" : "id" });
    return { account, ...found };
  }

  /** Runs a command of the exchange on an account's behalf. @throws (rejects) Rejection */
  async apply(command: Exclude<Command, { type: "message" }>): Promise<Accepted> {
    const outcome = await this.access.sequencer.applyDurably(command);
    if (!outcome.accepted) throw new Rejection(outcome.code);
    return outcome;
  }

  /** Submits what is signed. @throws (rejects) Rejection */
  async submit(message: Signed<Instruction>, address: string, options: SubmitOptions = {}): Promise<Executed> {
    const { outcome, messageHash } = await this.checked(message, address, options);
    const hash = hashText(messageHash);
    if (outcome.accepted) {
      return { accepted: outcome, messageHash: hash, receipt: await this.access.receiptOf(outcome) };
    }
    throw this.rejection(outcome.code, hash, message.account);
  }

  private charge(account: number): RejectCode | null {
    return this.access.limits.order(account).allowed ? null : "RATE_LIMIT";
  }

  private checked(message: Signed<Instruction>, address: string, options: SubmitOptions): Promise<Submitted> {
    const { limits, sequencer } = this.access;
    const submit = () => sequencer.submit(message, { ...options, origin: addressKey(address) });
    const isBad = (submitted: Submitted | Rejection) =>
      "outcome" in submitted && !submitted.outcome.accepted && submitted.outcome.code === "WRONG_SIGNATURE";
    return limits.verifying(address, submit, isBad);
  }

  private rejection(code: RejectCode, messageHash: string, account: number): Rejection {
    const details: RejectionDetails = {};
    if (code === "WRONG_SIGNATURE") details.messageHash = messageHash;
    if (code === "RATE_LIMIT") details.allowance = this.access.limits.orderAllowance(account);
    // The wire calls a withdrawal's sequence its nonce.
    if (code === "WRONG_NONCE") details.field = "nonce";
    return new Rejection(code, details);
  }

  /** The order that the same request has placed before, or null when the refusal is about something else. */
  private placedBefore(order: OrderMessage, clientId: string | undefined, code: RejectCode): OrderRecord | null {
    const { history, sequencer, placedTerms } = this.access;
    const { account, market, side, limitPriceTicks, quantityLots } = order;
    let known: OrderRecord | undefined;
    if (code === "DUPLICATE_SEQUENCE") known = history.order(account, order.slot, order.sequence);
    else if (code === "DUPLICATE_CLIENT_ID" && clientId !== undefined) {
      const named = sequencer.state.clientOrders.orderOf(account, clientId);
      known = named === undefined ? undefined : history.order(account, named.slot, named.sequence);
    }
    if (known === undefined || known.clientId !== (clientId ?? null)) return null;
    const same =
      known.market === market &&
      known.side === side &&
      known.priceTicks === limitPriceTicks &&
      known.quantityLots === quantityLots;
    return same && placedTerms.isSame(order, known) ? known : null;
  }

  private placed(
    record: OrderRecord,
    fills: FillRecord[],
    messageHash: string,
  ): Omit<WirePlaced, "duplicate" | "receipt"> {
    const { wire } = this.access;
    return {
      order: wire.order(record),
      fills: fills.map((fill) => wire.fill(fill, record.account)),
      messageHash,
    };
  }

  /** Of the order that a command placed, oldest first. */
  private fillsIn({ events }: Accepted, account: number): FillRecord[] {
    if (!events.some(({ event }) => event.type === "fill")) return [];
    const first = events[0]?.seq ?? 0;
    return this.access.history
      .fillsOf(account, FILLS_MAX)
      .filter(({ seq }) => seq >= first && seq < first + events.length)
      .reverse();
  }

  /** Everything that an order has filled so far, oldest first. */
  private fillsOf({ account, slot, sequence }: OrderRecord): FillRecord[] {
    const isOf = (side: { account: number; slot: number; sequence: number }) =>
      side.account === account && side.slot === slot && side.sequence === sequence;
    return this.access.history
      .fillsOf(account, FILLS_MAX)
      .filter(({ maker, taker }) => isOf(maker) || isOf(taker))
      .reverse();
  }

  private cancelled({ accepted, receipt }: Omit<Executed, "messageHash">, settle: boolean): WireCancelled {
    const { wire, history, conditionals } = this.access;
    const orders = accepted.events.flatMap(({ event }) => {
      if (event.type !== "removed") return [];
      const order = history.order(event.account, event.slot, event.sequence);
      return order === undefined ? [] : [wire.order(order)];
    });
    const ended = accepted.events.flatMap(({ event }) => {
      if (event.type !== "conditional" || event.status !== "cancelled") return [];
      const record = conditionals.group(event.group).find(({ leg }) => leg === event.leg);
      return record === undefined ? [] : [wireConditional(record, wire.market(event.market))];
    });
    const waited = ended.length === 0 ? {} : { conditionalOrders: ended };
    const finality = wire.finalityOf(accepted.steps[0]?.number ?? null);
    return { orders, ...waited, settle, finality, receipt };
  }

  /** In the book or its past, or waiting for its condition. */
  private byId(account: number, id: string): NamedOrder | undefined {
    const [slot, sequence] = id.split("-").map(Number) as [number, number];
    const { history, conditionals } = this.access;
    const isKnown = history.order(account, slot, sequence) ?? conditionals.named(account, slot, sequence)[0];
    return isKnown === undefined ? undefined : { slot, sequence };
  }

  /** Of orders that belong together the first that is not over. */
  private byClientId(account: number, clientId: string): NamedOrder | undefined {
    const { sequencer, conditionals } = this.access;
    const named = sequencer.state.clientOrders.orderOf(account, clientId);
    if (named === undefined) return undefined;
    const [first] = conditionals.named(account, named.slot, named.sequence);
    const live = first === undefined ? undefined : conditionals.group(first.group).find((one) => !isEnded(one));
    return live === undefined ? named : { slot: live.terms.order.slot, sequence: live.terms.order.sequence };
  }
}
