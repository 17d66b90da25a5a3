import type {
  WireAccount,
  WireCancelled,
  WireError,
  WireMarkets,
  WireOrder,
  WireOrderRequest,
  WirePlaced,
  WirePlacedBatch,
  WireTransferred,
  WireWithdrawn,
} from "../protocol/api-wire.ts";
import type { WireConditionalOrder, WireConditionalOrders } from "../protocol/conditional-wire.ts";
import type { KeyPair } from "../protocol/keys.ts";
import type { WireMarginModeSet } from "../protocol/margin-wire.ts";
import { priceTicksFromUsd, quantityLotsFromBase } from "../protocol/market.ts";
import { type OrderMessage, orderNumber, REVISIONS } from "../protocol/message.ts";
import { domainOf } from "../protocol/message-hash.ts";
import { AccountSwitches } from "./account-switches.ts";
import { ConditionalTrader } from "./conditional-trader.ts";
import { accountsOf, requirePlace } from "./found-account.ts";
import { ClearbookError, type Fetch, Http } from "./http.ts";
import { IsolatedOnlyMarket } from "./isolated-only-market.ts";
import { OrderSigner } from "./order-signer.ts";
import type { OrderName, OrderTerms } from "./order-terms.ts";
import { transferRequest, withdrawalRequest } from "./payment-request.ts";
import { type ReceiptOptions, Receipts } from "./receipts.ts";
import { SequenceClock } from "./sequence-clock.ts";
import { Session } from "./session.ts";
import { SlotAllocator } from "./slot-allocator.ts";

export type { OrderName, OrderTerms } from "./order-terms.ts";

export interface ClientOptions {
  /** For example "http://127.0.0.1:8080". */
  apiUrl: string;
  /** Trading key (sdk/wallet.ts derives one from a wallet), or its secret scalar. */
  key: KeyPair | bigint;
  /** Account index; when absent, the newest cross account of the owner that has this key. */
  account?: number;
  /** L1 address of the account's owner; needed only without an account index. */
  owner?: string;
  /** Where to sign for. A server that says otherwise gets no signatures; without it, the server is believed. */
  expect?: { chainId: number; exchange: string };
  /** What becomes of the receipts that acknowledgements carry. */
  receipts?: ReceiptOptions;
  fetch?: Fetch;
  nowMs?: () => number;
}

const DAY_SECONDS = 86_400;

/**
 * A trader's view of the exchange. Signs, picks slots and sequences, converts decimals exactly. Any number of calls may be under way at
 * once: no two orders ever share a slot. One client per account.
 */
export class ClearbookClient extends AccountSwitches {
  readonly signer: OrderSigner;
  readonly slots: SlotAllocator;
  readonly receipts: Receipts;
  /** Orders that wait for a price, a time or an entry, or are executed in parts. */
  readonly conditional: ConditionalTrader;
  private readonly sequences: SequenceClock;
  /** Last sequence that an amend of a slot's order was given. */
  private readonly revisions = new Map<number, number>();
  private readonly nowMs: () => number;
  private isolated: boolean;
  /** Sequence of the order that rests on a slot, as far as this client knows. */
  private readonly resting = new Map<number, number>();

  /** Use {@link connect}. */
  constructor(
    http: Http,
    signer: OrderSigner,
    about: {
      account: WireAccount;
      markets: WireMarkets;
      open: WireOrder[];
      conditional: WireConditionalOrder[];
      session: Session;
      nowMs: () => number;
      receipts?: ReceiptOptions | undefined;
    },
  ) {
    const { account, markets, open, session, nowMs } = about;
    super(http, markets, account, session);
    this.signer = signer;
    this.receipts = new Receipts(http, markets, about.receipts);
    this.nowMs = nowMs;
    this.isolated = account.mode === "isolated";
    this.sequences = new SequenceClock(account.minSequence, nowMs);
    for (const { sequence } of [...open, ...about.conditional]) this.sequences.raise(sequence + 1);
    this.slots = new SlotAllocator(this.sequences.next());
    for (const { slot, sequence } of open) {
      this.slots.hold(slot);
      this.resting.set(slot, sequence);
    }
    this.conditional = new ConditionalTrader(this, {
      ...{ http, session, signer, receipts: this.receipts, slots: this.slots },
      fresh: (list) => this.freshOrders(list),
      onSlot: (terms, { slot, sequence }) => this.orderOf(terms, slot, false, sequence),
    });
    this.conditional.adopt(about.conditional);
  }

  /**
   * Looks up exchange, markets, account and open orders.
   * @throws ClearbookError, Unreachable; Error when the exchange has no such account or the account another key
   */
  static async connect(options: ClientOptions): Promise<ClearbookClient> {
    const { apiUrl, key, owner, nowMs = Date.now } = options;
    const http = new Http(apiUrl, options.fetch);
    const markets = await http.get<WireMarkets>("/v1/markets");
    requirePlace(markets, options.expect);
    const signer = new OrderSigner(key, domainOf(markets.chainId, markets.exchange));
    const candidates = options.account === undefined ? await accountsOf(http, owner) : [options.account];
    for (const candidate of candidates.reverse()) {
      const account = await http.get<WireAccount>(`/v1/account/${candidate}`);
      // Isolated accounts under the same key are for one position each: they are asked for by their index.
      if (options.account === undefined && account.mode === "isolated") continue;
      if (account.key.ax !== signer.key.ax.toString() || account.key.ay !== signer.key.ay.toString()) continue;
      const session = new Session(http, signer, candidate, nowMs);
      const own = { account: candidate };
      const { orders: conditional } = await session.get<WireConditionalOrders>("/v1/conditional-orders", own);
      const { orders } = await session.get<{ orders: WireOrder[] }>("/v1/orders", own);
      // What is in the book for a conditional order keeps its slot as long as that does.
      const open = orders.filter(({ id }) => conditional.every((one) => one.id !== id));
      const about = { account, markets, open, conditional, session, nowMs, receipts: options.receipts };
      return new ClearbookClient(http, signer, about);
    }
    const which =
      options.account === undefined ? `no account of ${owner} has` : `account ${options.account} does not have`;
    throw new Error(`${which} this trading key`);
  }

  override async state(): Promise<WireAccount> {
    const account = await super.state();
    this.sequences.raise(account.minSequence);
    this.isolated = account.mode === "isolated";
    return account;
  }

  /** Orders by status, newest first. Open ones also tell this client which of its slots are free again. */
  async orders(status: "open" | "closed" | "all" = "open"): Promise<WireOrder[]> {
    const known = new Map(this.resting);
    const query = { account: this.account, status, limit: 1_000 };
    const { orders } = await this.session.get<{ orders: WireOrder[] }>("/v1/orders", query);
    if (status !== "open") return orders;
    const live = new Set(orders.map(({ slot }) => slot));
    // Only what was resting before the question was asked, and still is the same order, can be known to be gone.
    for (const [slot, sequence] of known) if (!live.has(slot)) this.gone(slot, sequence);
    return orders;
  }

  // ── Trading ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Places an order on a slot of its own. Without an answer it is sent again, the same bytes: the exchange acts on them once.
   * @throws ClearbookError, Unreachable (the order may be live then: its slot stays taken until {@link orders} has looked),
   * SlotsExhausted, DecimalError for a price or size off the step, IsolatedOnlyMarket for growth there in a cross account
   */
  async place(terms: OrderTerms): Promise<WirePlaced> {
    const [order] = await this.freshOrders([terms]);
    return this.send(order as OrderMessage, terms);
  }

  /**
   * Places up to 50 orders in one request, in order. What one is refused for stops no other.
   * @returns for each its order or its refusal
   * @throws as {@link place}; then those that were sent may be live
   */
  async placeAll(list: readonly OrderTerms[]): Promise<(WirePlaced | ClearbookError)[]> {
    const orders = await this.freshOrders(list);
    const bodies = orders.map((order, at) => this.signer.orderRequest(order, list[at] as OrderTerms));
    const batch = this.http.postUntilAnswered<WirePlacedBatch>("/v1/orders/batch", {
      account: this.account,
      orders: bodies,
    });
    const { results } = await batch.catch((error: unknown) => {
      for (const order of orders) this.unplaced(order, error, false);
      throw error;
    });
    const answers = results.map(({ status, placed, error }, at) => {
      const answer = placed ?? new ClearbookError(error as WireError, status, null);
      if (answer instanceof ClearbookError) this.unplaced(orders[at] as OrderName, answer, false);
      else this.answered(orders[at] as OrderName, answer);
      return answer;
    });
    for (const [at, answer] of answers.entries()) {
      if (answer instanceof ClearbookError) continue;
      await this.keepReceipt(orders[at] as OrderMessage, bodies[at] as WireOrderRequest, answer);
    }
    return answers;
  }

  /**
   * Replaces the live order of a slot, or places one there. With keepFilled, what was filled counts against the new size, so that an
   * amend can never overfill; it keeps its place in the queue when only the size falls.
   */
  async replace(slot: number, terms: OrderTerms, keepFilled = false): Promise<WirePlaced> {
    const order = this.orderOf(terms, slot, keepFilled, keepFilled ? this.nextRevision(slot) : this.sequences.next());
    this.slots.hold(slot);
    return this.send(order, terms, true);
  }

  /**
   * Changes a live order: its fills count against the new size, so that it can never overfill, and it keeps its place in the queue when
   * only the size falls. @throws RangeError after 63 changes of one order: replace it then
   */
  async amend(order: OrderName, terms: OrderTerms): Promise<WirePlaced> {
    const sequence = Math.max(order.sequence, this.resting.get(order.slot) ?? 0) + 1;
    if (orderNumber(sequence) !== orderNumber(order.sequence)) {
      throw new RangeError(`order ${order.slot}/${order.sequence} has no revision left: replace it`);
    }
    const amended = this.orderOf(terms, order.slot, true, sequence);
    this.slots.hold(order.slot);
    return this.send(amended, terms, true);
  }

  /** @param settle prove it: no order up to this sequence can ever come back to the slot */
  async cancel({ slot, sequence }: OrderName, settle = false): Promise<WireCancelled> {
    const message = { kind: "cancel", account: this.account, slot, sequence } as const;
    const { kind: _, ...body } = message;
    const signature = this.signer.sign(message);
    let cancelled: WireCancelled;
    try {
      cancelled = await this.http.post("/v1/cancel", { ...body, settle, signature });
    } catch (error) {
      if (error instanceof ClearbookError && error.code === "ORDER_NOT_FOUND") this.gone(slot, sequence);
      throw error;
    }
    this.gone(slot, sequence);
    await this.receipts.keep({ message, signature, settle }, cancelled.receipt);
    return cancelled;
  }

  /** Cancels everything that was signed before this call, also what has not arrived yet. */
  async cancelAll(settle = false): Promise<WireCancelled> {
    const known = new Map(this.resting);
    const message = { kind: "cancelAll", account: this.account, sequence: this.sequences.next() } as const;
    const { kind: _, ...body } = message;
    const signature = this.signer.sign(message);
    const cancelled = await this.http.post<WireCancelled>("/v1/cancel-all", { ...body, settle, signature });
    for (const [slot, sequence] of known) this.gone(slot, sequence);
    await this.receipts.keep({ message, signature, settle }, cancelled.receipt);
    return cancelled;
  }

  /** Withdraws to the account's L1 owner; claimable there once proven. @param amountUsd decimal string */
  async withdraw(amountUsd: string, ttlSeconds = DAY_SECONDS): Promise<WireWithdrawn> {
    const { withdrawalNonce: nonce } = await this.state();
    const terms = { account: this.account, nonce, amountUsd, expirySeconds: this.expiry(ttlSeconds) };
    const { message, body } = withdrawalRequest(this.signer, terms);
    const withdrawn = await this.http.post<WireWithdrawn>("/v1/withdrawals", body);
    await this.receipts.keep({ message, signature: body.signature }, withdrawn.receipt);
    return withdrawn;
  }

  /** Moves collateral to another account of the same L1 owner, at once. @param amountUsd decimal string */
  async transfer(to: number, amountUsd: string, ttlSeconds = DAY_SECONDS): Promise<WireTransferred> {
    const { withdrawalNonce: nonce } = await this.state();
    const terms = { account: this.account, nonce, amountUsd, expirySeconds: this.expiry(ttlSeconds) };
    const { message, body } = transferRequest(this.signer, { ...terms, to });
    const sent = await this.http.post<WireTransferred>("/v1/transfers", body);
    await this.receipts.keep({ message, signature: body.signature }, sent.receipt);
    return sent;
  }

  /**
   * Makes the account isolated for one market, or cross again: what it then orders elsewhere is refused. Only while it has no position and no
   * open order. @param market symbol, or null for cross
   */
  async setMarginMode(market: string | null): Promise<WireMarginModeSet> {
    const isolatedMarket = market === null ? null : this.market(market).index;
    const sequence = this.sequences.next();
    const message = { kind: "marginMode", account: this.account, isolatedMarket, sequence } as const;
    const signature = this.signer.sign(message);
    const body = { account: this.account, isolatedMarket: market, sequence, signature };
    const set = await this.http.post<WireMarginModeSet>("/v1/margin-mode", body);
    this.isolated = market !== null;
    await this.receipts.keep({ message, signature }, set.receipt);
    return set;
  }

  /**
   * The next revision of the order on a slot: only revisions of one order share what was filled.
   * @throws RangeError when there is no live order, or its revisions are used up
   */
  private nextRevision(slot: number): number {
    const last = Math.max(this.resting.get(slot) ?? -1, this.revisions.get(slot) ?? -1);
    if (!this.resting.has(slot)) throw new RangeError(`slot ${slot} has no live order to amend: place a new one`);
    const next = last + 1;
    if (orderNumber(next) !== orderNumber(last)) {
      throw new RangeError(
        `the order on slot ${slot} was amended ${REVISIONS - 1} times: cancel it and place a new one`,
      );
    }
    this.revisions.set(slot, next);
    return next;
  }

  /** Orders on slots of their own, which are given back when one cannot be made. */
  private async freshOrders(list: readonly OrderTerms[]): Promise<OrderMessage[]> {
    const slots: number[] = [];
    try {
      for (const { market, reduceOnly } of list) {
        const isolatedOnly = this.markets.wire(market).isolatedOnly;
        if (isolatedOnly && !this.isolated && reduceOnly !== true) throw new IsolatedOnlyMarket(market);
        if (this.slots.isFull) await this.orders();
        slots.push(this.slots.acquire());
      }
      return list.map((terms, at) => this.orderOf(terms, slots[at] as number, false, this.sequences.next()));
    } catch (error) {
      for (const slot of slots) this.slots.release(slot);
      throw error;
    }
  }

  private orderOf(terms: OrderTerms, slot: number, keepFilled: boolean, sequence: number): OrderMessage {
    const market = this.market(terms.market);
    return {
      kind: "order",
      account: this.account,
      market: market.index,
      side: terms.side,
      keepFilled,
      reduceOnly: terms.reduceOnly ?? false,
      postOnly: terms.postOnly ?? false,
      timeInForce: terms.timeInForce ?? "GTT",
      selfTrade: terms.selfTrade ?? "expire-maker",
      slot,
      sequence,
      expirySeconds: this.expiry(terms.ttlSeconds ?? DAY_SECONDS),
      maxFeePpm: terms.maxFeePpm ?? this.takerFeePpm,
      limitPriceTicks: priceTicksFromUsd(market, terms.price),
      quantityLots: quantityLotsFromBase(market, terms.size),
    };
  }

  private async send(order: OrderMessage, terms: OrderTerms, replaces = false): Promise<WirePlaced> {
    const body = this.signer.orderRequest(order, terms);
    const placed = await this.http.postUntilAnswered<WirePlaced>("/v1/orders", body).catch((error: unknown) => {
      this.unplaced(order, error, replaces);
      throw error;
    });
    this.answered(order, placed);
    await this.keepReceipt(order, body, placed);
    return placed;
  }

  /** There is an order: the one that was sent, or the one that an earlier request of the same terms has placed. */
  private answered({ slot }: OrderName, { order, duplicate }: WirePlaced): void {
    if (order.slot !== slot && !this.resting.has(slot)) this.slots.release(slot);
    if (order.status === "open") {
      this.slots.hold(order.slot);
      this.rests(order.slot, order.sequence);
      // Of an order that was closed before, the slot may have been given to another since.
    } else if (!duplicate || order.slot === slot || this.resting.get(order.slot) === order.sequence) {
      this.gone(order.slot, order.sequence);
    }
  }

  private async keepReceipt(
    message: OrderMessage,
    { signature, clientId }: WireOrderRequest,
    { duplicate, receipt }: WirePlaced,
  ): Promise<void> {
    const sent = { message, signature, clientId };
    // A name may stand for what an earlier request of other bytes has placed: it is receipted as it was sent then.
    if (duplicate && clientId !== undefined) await this.receipts.keepOwn(sent, receipt);
    else await this.receipts.keep(sent, receipt);
  }

  /** Refused for certain: the slot is as it was. With no answer the order may rest, so the slot stays taken. */
  private unplaced({ slot, sequence }: OrderName, error: unknown, replaces: boolean): void {
    if (error instanceof ClearbookError && error.code !== "INTERNAL") {
      if (!replaces || !this.resting.has(slot)) this.slots.release(slot);
    } else this.rests(slot, sequence);
  }

  protected override cancelled(orders: readonly WireOrder[]): void {
    for (const { slot, sequence } of orders) this.gone(slot, sequence);
  }

  private rests(slot: number, sequence: number): void {
    if ((this.resting.get(slot) ?? 0) <= sequence) this.resting.set(slot, sequence);
  }

  /** The order of this sequence, or an older one, is no longer on the slot. */
  private gone(slot: number, sequence: number): void {
    if ((this.resting.get(slot) ?? 0) > sequence) return;
    this.resting.delete(slot);
    this.slots.release(slot);
  }

  private expiry(ttlSeconds: number): number {
    return Math.max(Math.floor(this.nowMs() / 1_000), this.epochTimeSeconds) + ttlSeconds;
  }
}
