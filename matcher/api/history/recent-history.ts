import { type NumberedTrade, tradesIn } from "../../sequencer/event-steps.ts";
import type { SequencedEvent } from "../../sequencer/exchange-event.ts";
import type { Accepted, FillLeg } from "../../sequencer/outcome.ts";
import { Recent } from "../recent.ts";
import type {
  DepositRecord,
  FillRecord,
  FillSide,
  ForcedTradeRecord,
  OrderRecord,
  TransferRecord,
  WithdrawalRecord,
} from "./records.ts";
import type { Records } from "./rows.ts";

export interface HistoryLimits {
  /** Closed orders remembered, all accounts together. */
  closedOrders: number;
  /** Fills remembered per market, and per account. */
  fills: number;
  accountFills: number;
  /** Deposits, withdrawals, transfers and forced trades of an account, of each kind. */
  accountRows: number;
  /** Rows under way to the database from which on new orders wait. */
  waitingRowsMax: number;
}

export const DEFAULT_HISTORY_LIMITS: HistoryLimits = {
  closedOrders: 20_000,
  fills: 5_000,
  accountFills: 1_000,
  accountRows: 200,
  // About a second of its work.
  waitingRowsMax: 100_000,
};

/** What is read out of a database to go on with. Every list by increasing key. */
export interface Recovered {
  orders: OrderRecord[];
  fills: FillRecord[];
  deposits: DepositRecord[];
  withdrawals: WithdrawalRecord[];
  transfers: TransferRecord[];
  forcedTrades: ForcedTradeRecord[];
}

/** Items of one key, newest last. */
class RecentBy<T> {
  private readonly capacity: number;
  private readonly byKey = new Map<number, Recent<T>>();
  /** Whether older items were there before the first that is here. */
  private hasPast = false;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Goes on from an earlier process, which saw more than what is here. */
  continued(): void {
    this.hasPast = true;
  }

  push(key: number, item: T): void {
    const recent = this.byKey.get(key) ?? new Recent<T>(this.capacity);
    this.byKey.set(key, recent);
    recent.push(item);
  }

  newest(key: number, limit: number): T[] {
    return this.byKey.get(key)?.newest(limit) ?? [];
  }

  /** The newest so many, if they are here or nothing older was ever there. */
  page(key: number, limit: number): T[] | null {
    const items = this.newest(key, limit);
    const isWhole = !this.hasPast && (this.byKey.get(key)?.isWhole ?? true);
    return items.length === limit || isWhole ? items : null;
  }
}

function orderKey(account: number, slot: number, sequence: number): string {
  return `${account}/${slot}/${sequence}`;
}

/**
 * The newest of what the API tells about the past: a read model of the exchange's events with bounded memory. It decides nothing. Live
 * orders are always in it, closed ones until newer ones take their place.
 */
export class RecentHistory {
  protected readonly limits: HistoryLimits;
  private readonly orders = new Map<string, OrderRecord>();
  private readonly byAccount = new Map<number, Set<string>>();
  /** Keys of closed orders, in order of closing. */
  private readonly closedKeys: Recent<string>;
  /** Accounts whose closed orders were partly forgotten. */
  private readonly forgetful = new Set<number>();
  private isContinued = false;
  protected readonly tradesByMarket: RecentBy<FillRecord>;
  protected readonly fillsByAccount: RecentBy<FillRecord>;
  protected readonly depositsByAccount: RecentBy<DepositRecord>;
  protected readonly withdrawalsByAccount: RecentBy<WithdrawalRecord>;
  protected readonly transfersByAccount: RecentBy<TransferRecord>;
  protected readonly forcedByAccount: RecentBy<ForcedTradeRecord>;
  fillCount = 0;
  acceptedOrderCount = 0;

  constructor(limits: Partial<HistoryLimits> = {}) {
    this.limits = { ...DEFAULT_HISTORY_LIMITS, ...limits };
    const { closedOrders, fills, accountFills, accountRows } = this.limits;
    this.closedKeys = new Recent(closedOrders);
    this.tradesByMarket = new RecentBy(fills);
    this.fillsByAccount = new RecentBy(accountFills);
    this.depositsByAccount = new RecentBy(accountRows);
    this.withdrawalsByAccount = new RecentBy(accountRows);
    this.transfersByAccount = new RecentBy(accountRows);
    this.forcedByAccount = new RecentBy(accountRows);
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
    return this.tradesByMarket.newest(market, limit);
  }

  /** Newest first. */
  fillsOf(account: number, limit: number): FillRecord[] {
    return this.fillsByAccount.newest(account, limit);
  }

  /** Newest first. */
  depositsOf(account: number, limit: number): DepositRecord[] {
    return this.depositsByAccount.newest(account, limit);
  }

  /** Newest first. */
  withdrawalsOf(account: number, limit: number): WithdrawalRecord[] {
    return this.withdrawalsByAccount.newest(account, limit);
  }

  /** Sent and received, newest first. */
  transfersOf(account: number, limit: number): TransferRecord[] {
    return this.transfersByAccount.newest(account, limit);
  }

  /** Liquidations, deleveragings, forced closes and settled positions of an account, newest first. */
  forcedTradesOf(account: number, limit: number): ForcedTradeRecord[] {
    return this.forcedByAccount.newest(account, limit);
  }

  /** Whether closed orders of the account are known to be all here. */
  protected remembersOrdersOf(account: number): boolean {
    return !this.isContinued && !this.forgetful.has(account);
  }

  /** Takes what an earlier run left. */
  protected restore(recovered: Recovered): void {
    this.isContinued = true;
    for (const recent of this.rings()) recent.continued();
    for (const order of recovered.orders) this.remember(order);
    const closed = recovered.orders.filter((order) => order.closed !== null);
    closed.sort((a, b) => a.updatedAtMs - b.updatedAtMs || a.seq - b.seq);
    for (const order of closed) this.keepClosed(order);
    const whole = wholeSince(recovered.fills, this.limits.fills);
    for (const fill of recovered.fills) {
      this.tradesByMarket.push(fill.market, fill);
      if (fill.tradeId >= whole) this.keepOwnFill(fill);
    }
    for (const deposit of recovered.deposits) this.depositsByAccount.push(deposit.account, deposit);
    for (const withdrawal of recovered.withdrawals) this.withdrawalsByAccount.push(withdrawal.account, withdrawal);
    for (const transfer of recovered.transfers) this.keepTransfer(transfer);
    for (const forced of recovered.forcedTrades) this.forcedByAccount.push(forced.event.account, forced);
  }

  /** Takes the events of one command in. @param clientId the client's name for the order that the command placed */
  protected takeEvents({ events, steps, acceptedAtMs }: Accepted, clientId: string | null): void {
    const trades = tradesIn(steps).values();
    for (const sequenced of events) this.take(sequenced, trades, acceptedAtMs, clientId);
  }

  /** Told of every new record, and of every order that changed. */
  protected noted<T extends keyof Records>(_table: T, _record: Records[T]): void {}

  private take(
    { event, seq, command, step }: SequencedEvent,
    trades: Iterator<NumberedTrade>,
    atMs: number,
    clientId: string | null,
  ): void {
    switch (event.type) {
      case "accepted": {
        const { type: _, ...terms } = event;
        const filledLots = event.quantityLots - event.remainingLots;
        const times = { acceptedAtMs: atMs, updatedAtMs: atMs };
        const order = { seq, ...terms, ...times, filledLots, closed: null, clientId, command, lastFillStep: null };
        this.remember(order);
        this.acceptedOrderCount += 1;
        this.noted("orders", order);
        return;
      }
      case "resumed": {
        const order = this.order(event.account, event.slot, event.sequence);
        if (order === undefined) return;
        const { side, priceTicks, quantityLots, remainingLots } = event;
        Object.assign(order, { side, priceTicks, quantityLots, remainingLots, closed: null, updatedAtMs: atMs });
        this.noted("orders", order);
        return;
      }
      case "booked":
      case "decremented": {
        const order = this.order(event.account, event.slot, event.sequence);
        if (order === undefined) return;
        order.remainingLots = event.remainingLots;
        order.updatedAtMs = atMs;
        this.noted("orders", order);
        return;
      }
      case "fill": {
        const { value: settled } = trades.next();
        if (step === null || settled?.number !== step) throw new Error("a fill without a ledger step");
        const maker = sideOf(settled.trade.maker);
        const taker = takerOf(settled.trade);
        const { tradeId, market, priceTicks, quantityLots, takerSide, liquidation, exit } = event;
        const terms = { tradeId, seq, market, priceTicks, quantityLots, takerSide, liquidation, exit };
        const fill = { ...terms, maker, taker, step, atMs };
        this.fillCount += 1;
        this.keepFill(fill);
        this.filled(maker, quantityLots, event.makerRemainingLots, step, atMs);
        this.filled(taker, quantityLots, event.takerRemainingLots, step, atMs);
        this.noted("trades", fill);
        return;
      }
      case "removed": {
        const order = this.order(event.account, event.slot, event.sequence);
        // What it shows next is booked in the same command.
        if (order === undefined || event.reason === "part-filled") return;
        order.closed = event.reason;
        order.remainingLots = event.remainingLots;
        order.updatedAtMs = atMs;
        this.keepClosed(order);
        this.noted("orders", order);
        return;
      }
      case "liquidated":
      case "deleveraged":
      case "forced-closed":
      case "position-settled": {
        const forced = { seq, event, step: proven(step, "a forced trade"), atMs };
        this.forcedByAccount.push(event.account, forced);
        this.noted("forced_trades", forced);
        return;
      }
      case "deposit": {
        const { account, amountMicroUsd } = event;
        const deposit = { seq, account, amountMicroUsd, step: proven(step, "a deposit"), atMs };
        this.depositsByAccount.push(account, deposit);
        this.noted("deposits", deposit);
        return;
      }
      case "withdrawal": {
        const { account, nonce, amountMicroUsd } = event;
        const withdrawal = { seq, account, nonce, amountMicroUsd, step: proven(step, "a withdrawal"), atMs };
        this.withdrawalsByAccount.push(account, withdrawal);
        this.noted("withdrawals", withdrawal);
        return;
      }
      case "exit-paid": {
        const { account, amountMicroUsd } = event;
        const paid = { seq, account, nonce: null, amountMicroUsd, step: proven(step, "a forced exit"), atMs };
        this.withdrawalsByAccount.push(account, paid);
        this.noted("withdrawals", paid);
        return;
      }
      case "transfer": {
        const { account, to, nonce, amountMicroUsd } = event;
        const transfer = { seq, account, to, nonce, amountMicroUsd, step: proven(step, "a transfer"), atMs };
        this.keepTransfer(transfer);
        this.noted("transfers", transfer);
        return;
      }
      default:
        return;
    }
  }

  private rings(): { continued(): void }[] {
    const money = [this.depositsByAccount, this.withdrawalsByAccount, this.transfersByAccount];
    return [this.tradesByMarket, this.fillsByAccount, ...money, this.forcedByAccount];
  }

  private remember(order: OrderRecord): void {
    const key = orderKey(order.account, order.slot, order.sequence);
    this.orders.set(key, order);
    const keys = this.byAccount.get(order.account) ?? new Set();
    this.byAccount.set(order.account, keys.add(key));
  }

  private keepClosed({ account, slot, sequence }: OrderRecord): void {
    const forgotten = this.closedKeys.push(orderKey(account, slot, sequence));
    if (forgotten !== undefined) this.forget(forgotten);
  }

  private keepFill(fill: FillRecord): void {
    this.tradesByMarket.push(fill.market, fill);
    this.keepOwnFill(fill);
  }

  private keepOwnFill(fill: FillRecord): void {
    this.fillsByAccount.push(fill.maker.account, fill);
    this.fillsByAccount.push(fill.taker.account, fill);
  }

  private keepTransfer(transfer: TransferRecord): void {
    this.transfersByAccount.push(transfer.account, transfer);
    this.transfersByAccount.push(transfer.to, transfer);
  }

  private filled(side: FillSide, quantityLots: number, remainingLots: number, step: number, atMs: number): void {
    const order = this.order(side.account, side.slot, side.sequence);
    if (order === undefined) return;
    order.filledLots += quantityLots;
    order.remainingLots = remainingLots;
    order.lastFillStep = step;
    order.updatedAtMs = atMs;
    this.noted("orders", order);
  }

  private forget(key: string): void {
    const order = this.orders.get(key);
    // One that is live again is remembered when it is closed again.
    if (order === undefined || order.closed === null) return;
    this.orders.delete(key);
    this.forgetful.add(order.account);
    const keys = this.byAccount.get(order.account);
    keys?.delete(key);
    if (keys?.size === 0) this.byAccount.delete(order.account);
  }
}

/** Trade id from which on fills are there in every market, when each has its newest so many. */
function wholeSince(fills: readonly FillRecord[], perMarket: number): number {
  const counts = new Map<number, { count: number; oldest: number }>();
  for (const { market, tradeId } of fills) {
    const { count, oldest } = counts.get(market) ?? { count: 0, oldest: tradeId };
    counts.set(market, { count: count + 1, oldest });
  }
  const cut = [...counts.values()].filter(({ count }) => count >= perMarket);
  return Math.max(0, ...cut.map(({ oldest }) => oldest));
}

function proven(step: number | null, what: string): number {
  if (step === null) throw new Error(`${what} without a ledger step`);
  return step;
}

function sideOf({ order, feePicoUsd }: FillLeg): FillSide {
  return { account: order.account, slot: order.slot, sequence: order.sequence, feePicoUsd };
}

function takerOf(trade: NumberedTrade["trade"]): FillSide {
  if (trade.kind === "fill") return sideOf(trade.taker);
  const feePicoUsd = trade.kind === "liquidation" ? trade.feePicoUsd - trade.payoutPicoUsd : 0n;
  return { account: trade.account, slot: -1, sequence: 0, feePicoUsd };
}
