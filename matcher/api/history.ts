import type { Side } from "../protocol/message.ts";
import type { CloseReason, SequencedEvent } from "../sequencer/exchange-event.ts";
import type { Accepted, FillLeg, FillStep, LiquidationStep, NumberedStep } from "../sequencer/outcome.ts";
import type { ForcedTradeRecord } from "./forced-trade.ts";
import { Recent } from "./recent.ts";

/** What is remembered of an order. */
export interface OrderRecord {
  account: number;
  slot: number;
  sequence: number;
  market: number;
  side: Side;
  priceTicks: number;
  quantityLots: number;
  filledLots: number;
  remainingLots: number;
  /** null while it is live. */
  closed: CloseReason | null;
  acceptedAtMs: number;
  updatedAtMs: number;
  /** The client's own name for it; not signed. */
  clientId: string | null;
  /** Index of the command that placed it. */
  command: number;
  /** Ledger step of its latest fill, or null without one. */
  lastFillStep: number | null;
}

export interface FillSide {
  account: number;
  /** −1, with sequence 0, for an account that is liquidated: it has no order. */
  slot: number;
  sequence: number;
  /** Signed; for an account that is liquidated the fund's fee less its payout. */
  feePicoUsd: bigint;
}

/** A fill, with both sides. */
export interface FillRecord {
  tradeId: number;
  seq: number;
  market: number;
  priceTicks: number;
  quantityLots: number;
  takerSide: Side;
  maker: FillSide;
  taker: FillSide;
  /** The taker is being liquidated. */
  liquidation: boolean;
  step: number;
  atMs: number;
}

export interface WithdrawalRecord {
  account: number;
  nonce: number;
  amountMicroUsd: bigint;
  step: number;
  atMs: number;
}

export interface TransferRecord extends WithdrawalRecord {
  to: number;
}

export interface HistoryLimits {
  /** Closed orders remembered, all accounts together. */
  closedOrders: number;
  /** Fills remembered per market, and per account. */
  fills: number;
}

const DEFAULT_LIMITS: HistoryLimits = { closedOrders: 20_000, fills: 5_000 };
const WITHDRAWALS_PER_ACCOUNT = 200;
const FORCED_TRADES_PER_ACCOUNT = 200;

function orderKey(account: number, slot: number, sequence: number): string {
  return `${account}/${slot}/${sequence}`;
}

/**
 * What the API tells about the past: a read model of the exchange's events with bounded memory. It decides nothing. Live orders are
 * always in it, closed ones until newer ones take their place.
 */
export class History {
  private readonly limits: HistoryLimits;
  private readonly orders = new Map<string, OrderRecord>();
  private readonly byAccount = new Map<number, Set<string>>();
  /** Keys of closed orders, in order of closing. */
  private readonly closedKeys: Recent<string>;
  private readonly tradesByMarket = new Map<number, Recent<FillRecord>>();
  private readonly fillsByAccount = new Map<number, Recent<FillRecord>>();
  private readonly withdrawalsByAccount = new Map<number, Recent<WithdrawalRecord>>();
  private readonly transfersByAccount = new Map<number, Recent<TransferRecord>>();
  private readonly forcedByAccount = new Map<number, Recent<ForcedTradeRecord>>();
  fillCount = 0;
  acceptedOrderCount = 0;

  constructor(limits: Partial<HistoryLimits> = {}) {
    this.limits = { ...DEFAULT_LIMITS, ...limits };
    this.closedKeys = new Recent(this.limits.closedOrders);
  }

  /** Takes one command in. @param clientId the client's name for the order that the command placed */
  record({ events, steps }: Accepted, atMs: number, clientId: string | null = null): void {
    for (const sequenced of events) this.take(sequenced, steps, atMs, clientId);
  }

  order(account: number, slot: number, sequence: number): OrderRecord | undefined {
    return this.orders.get(orderKey(account, slot, sequence));
  }

  /** Orders of an account, live ones and those closed lately, in order of acceptance. */
  ordersOf(account: number): OrderRecord[] {
    const keys = this.byAccount.get(account) ?? [];
    return Array.from(keys, (key) => this.orders.get(key) as OrderRecord);
  }

  /** Newest first. */
  trades(market: number, limit: number): FillRecord[] {
    return this.tradesByMarket.get(market)?.newest(limit) ?? [];
  }

  /** Newest first. */
  fillsOf(account: number, limit: number): FillRecord[] {
    return this.fillsByAccount.get(account)?.newest(limit) ?? [];
  }

  /** Newest first. */
  withdrawalsOf(account: number, limit: number): WithdrawalRecord[] {
    return this.withdrawalsByAccount.get(account)?.newest(limit) ?? [];
  }

  /** Sent and received, newest first. */
  transfersOf(account: number, limit: number): TransferRecord[] {
    return this.transfersByAccount.get(account)?.newest(limit) ?? [];
  }

  /** Liquidations, deleveragings and settled positions of an account, newest first. */
  forcedTradesOf(account: number, limit: number): ForcedTradeRecord[] {
    return this.forcedByAccount.get(account)?.newest(limit) ?? [];
  }

  private take(
    { event, seq, command, step }: SequencedEvent,
    steps: readonly NumberedStep[],
    atMs: number,
    clientId: string | null,
  ): void {
    switch (event.type) {
      case "accepted": {
        const { type: _, ...terms } = event;
        const key = orderKey(event.account, event.slot, event.sequence);
        const filledLots = event.quantityLots - event.remainingLots;
        const times = { acceptedAtMs: atMs, updatedAtMs: atMs };
        this.orders.set(key, { ...terms, ...times, filledLots, closed: null, clientId, command, lastFillStep: null });
        const keys = this.byAccount.get(event.account) ?? new Set();
        this.byAccount.set(event.account, keys.add(key));
        this.acceptedOrderCount += 1;
        return;
      }
      case "booked":
      case "decremented": {
        const order = this.order(event.account, event.slot, event.sequence);
        if (order !== undefined) Object.assign(order, { remainingLots: event.remainingLots, updatedAtMs: atMs });
        return;
      }
      case "fill": {
        const settled = steps.find(({ number }) => number === step)?.step;
        if (step === null || (settled?.kind !== "fill" && settled?.kind !== "liquidation"))
          throw new Error("a fill without a ledger step");
        const maker = sideOf(settled.maker);
        const taker = takerOf(settled);
        const { tradeId, market, priceTicks, quantityLots, takerSide, liquidation } = event;
        const terms = { tradeId, seq, market, priceTicks, quantityLots, takerSide, liquidation };
        const fill = { ...terms, maker, taker, step, atMs };
        this.fillCount += 1;
        recentOf(this.tradesByMarket, market, this.limits.fills).push(fill);
        recentOf(this.fillsByAccount, maker.account, this.limits.fills).push(fill);
        recentOf(this.fillsByAccount, taker.account, this.limits.fills).push(fill);
        this.filled(maker, quantityLots, event.makerRemainingLots, step, atMs);
        this.filled(taker, quantityLots, event.takerRemainingLots, step, atMs);
        return;
      }
      case "removed": {
        const key = orderKey(event.account, event.slot, event.sequence);
        const order = this.orders.get(key);
        if (order === undefined) return;
        Object.assign(order, { closed: event.reason, remainingLots: event.remainingLots, updatedAtMs: atMs });
        const forgotten = this.closedKeys.push(key);
        if (forgotten !== undefined) this.forget(forgotten);
        return;
      }
      case "liquidated":
      case "deleveraged":
      case "position-settled": {
        if (step === null) throw new Error("a forced trade without a ledger step");
        recentOf(this.forcedByAccount, event.account, FORCED_TRADES_PER_ACCOUNT).push({ event, step, atMs });
        return;
      }
      case "withdrawal": {
        if (step === null) throw new Error("a withdrawal without a ledger step");
        const { account, nonce, amountMicroUsd } = event;
        const record = { account, nonce, amountMicroUsd, step, atMs };
        recentOf(this.withdrawalsByAccount, account, WITHDRAWALS_PER_ACCOUNT).push(record);
        return;
      }
      case "transfer": {
        if (step === null) throw new Error("a transfer without a ledger step");
        const { account, to, nonce, amountMicroUsd } = event;
        const record = { account, to, nonce, amountMicroUsd, step, atMs };
        for (const side of [account, to]) recentOf(this.transfersByAccount, side, WITHDRAWALS_PER_ACCOUNT).push(record);
        return;
      }
      default:
        return;
    }
  }

  private filled(
    side: { account: number; slot: number; sequence: number },
    quantityLots: number,
    remainingLots: number,
    step: number,
    atMs: number,
  ): void {
    const order = this.order(side.account, side.slot, side.sequence);
    if (order === undefined) return;
    order.filledLots += quantityLots;
    order.remainingLots = remainingLots;
    order.lastFillStep = step;
    order.updatedAtMs = atMs;
  }

  private forget(key: string): void {
    const order = this.orders.get(key);
    if (order === undefined) return;
    this.orders.delete(key);
    const keys = this.byAccount.get(order.account);
    keys?.delete(key);
    if (keys?.size === 0) this.byAccount.delete(order.account);
  }
}

function sideOf({ order, feePicoUsd }: FillLeg): FillSide {
  return { account: order.account, slot: order.slot, sequence: order.sequence, feePicoUsd };
}

function takerOf(step: FillStep | LiquidationStep): FillSide {
  if (step.kind === "fill") return sideOf(step.taker);
  return { account: step.account, slot: -1, sequence: 0, feePicoUsd: step.feePicoUsd - step.payoutPicoUsd };
}

function recentOf<T>(map: Map<number, Recent<T>>, key: number, capacity: number): Recent<T> {
  const recent = map.get(key) ?? new Recent<T>(capacity);
  map.set(key, recent);
  return recent;
}
