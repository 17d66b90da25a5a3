import type { ExchangeState } from "../sequencer/exchange-state.ts";
import type { Accepted } from "../sequencer/outcome.ts";
import { BatchRows } from "./history/batch.ts";
import { CandleBook, type DayFigures } from "./history/candle-book.ts";
import type { HistoryMark, PagedTable, PageQuery } from "./history/database.ts";
import { FundingTouches } from "./history/funding-touches.ts";
import { type HistoryLimits, RecentHistory } from "./history/recent-history.ts";
import type { EpochMarketRecord, EpochRecord, FundingPaymentRecord, IntervalRecord } from "./history/records.ts";
import type { Records } from "./history/rows.ts";
import {
  type HistoryRead,
  type HistoryStore,
  InThreadStore,
  type ReadAnswer,
  type ReadArguments,
} from "./history/store.ts";
import { ThreadedStore } from "./history/threaded-store.ts";

export type { DayFigures } from "./history/candle-book.ts";
export type { PagedTable, PageQuery } from "./history/database.ts";
export type { HistoryLimits } from "./history/recent-history.ts";
export type * from "./history/records.ts";

/** Rows wait for others so long, or until there are so many: one transaction costs as much as a hundred rows. */
const POST_AFTER_MS = 5;
const POST_ROWS = 2_000;
const RECOVERED_ROWS = 20_000;
const RECOVERED_INTERVALS = 750;
const LIVE_ORDERS_AT_ONCE = 10_000;

export interface HistoryOptions {
  /** File of the database; without one it lives as long as the process. */
  path?: string | undefined;
  /** What the exchange is known by: a database of another one is refused. */
  identity: string;
  limits?: Partial<HistoryLimits>;
}

/** Where a history stands. */
export interface HistoryStatus {
  /** Commands that it contains: from the one after `beginsAfter` on, through this one. */
  throughCommand: number;
  beginsAfter: number;
  waitingRows: number;
  /** New orders wait for it. */
  isFull: boolean;
  /** Why nothing is written at the moment, or null. */
  trouble: string | null;
}

/**
 * The past of the exchange: the newest in memory, everything in a database on a thread of its own. It is a read model of the commands and
 * decides nothing; the journal is the truth. Rows and the number of the last command that they contain are written in one transaction, so
 * that a process that replays the journal knows what is in it already: those commands are passed over, and every later one is taken,
 * once. A command after a gap is refused, a database of another exchange likewise, and so is one that has seen commands that the journal
 * does not have: either acknowledged commands are lost, or the journal is that of another run, and both want a human eye. Whoever moves
 * the file away gets it again from a replay of the whole journal.
 */
export class History extends RecentHistory {
  readonly candles = new CandleBook();
  /** Funding intervals of an earlier process, the newest, by increasing number. */
  recoveredIntervals: readonly IntervalRecord[] = [];
  /** Number of the oldest that can be read; null before the first. */
  oldestInterval: number | null = null;
  private readonly touches = new FundingTouches();
  private readonly batch = new BatchRows();
  private readonly store: HistoryStore;
  /** The last command that it contains, and the journal's head after it. */
  private command: number;
  private journalHead: bigint;
  private beginsAfter: number;
  /** Where the database was when it was opened: a replay must come by there. */
  private readonly opened: HistoryMark;
  private timer: NodeJS.Timeout | null = null;
  private waiters: { command: number; resolve: () => void }[] = [];

  constructor(limits: Partial<HistoryLimits> = {}, store: HistoryStore = new InThreadStore()) {
    super(limits);
    this.store = store;
    this.opened = store.mark;
    this.command = this.opened.command;
    this.journalHead = BigInt(this.opened.journalHead);
    this.beginsAfter = this.opened.beginsAfter;
  }

  /**
   * Opens or makes a database, on a thread of its own, and fills the memory from it.
   * @throws (rejects) Error in one sentence when it cannot be used
   */
  static async open({ path = "", identity, limits = {} }: HistoryOptions): Promise<History> {
    return History.over(await ThreadedStore.open(path, identity), limits);
  }

  /** Goes on with what a store has. */
  static async over(store: HistoryStore, limits: Partial<HistoryLimits> = {}): Promise<History> {
    const history = new History(limits, store);
    await history.recover();
    return history;
  }

  /** Commands up to this one are in it. A recovery that starts from a snapshot needs one that is not newer than this. */
  get throughCommand(): number {
    return this.command;
  }

  /** Whether new orders should wait, because the database is too far behind. */
  get isFull(): boolean {
    return this.store.status().waitingRows + this.batch.rowCount >= this.limits.waitingRowsMax;
  }

  status(): HistoryStatus {
    const { waitingRows, trouble } = this.store.status();
    const { command: throughCommand, beginsAfter } = this;
    const waiting = waitingRows + this.batch.rowCount;
    return { throughCommand, beginsAfter, waitingRows: waiting, isFull: this.isFull, trouble };
  }

  /**
   * Begins with a state that has a past, before its next command.
   * @throws Error in one sentence when the history misses commands that the state contains, or is of another past
   */
  follow(state: ExchangeState): void {
    const { commandCount, journalHead } = state;
    if (commandCount === this.command && this.command > 0) this.requireHead(journalHead);
    if (commandCount <= this.command) return;
    if (this.command > 0) {
      throw new Error(
        `The history ends at command ${this.command} and the exchange goes on after command ${commandCount}: recover from an older snapshot or from the whole journal, or move the history away.`,
      );
    }
    const touched = [...state.ledger.entries()].flatMap(({ account, record }) => {
      const sizesLots = record.sizesLots.map(Number);
      if (sizesLots.every((lots) => lots === 0)) return [];
      return [{ account, epoch: 0, epochSeconds: 0, sizesLots, indicesPicoUsd: record.fundingIndexPicoUsd }];
    });
    this.touches.restore(touched, state.ledger.shared.epoch, 0);
    this.command = commandCount;
    this.beginsAfter = commandCount;
    this.journalHead = journalHead;
  }

  /**
   * To be asked once the journal has been replayed.
   * @throws Error in one sentence when the history has seen what the journal does not have
   */
  confirm(state: ExchangeState): void {
    if (this.command > state.commandCount) {
      throw new Error(
        `The history has seen command ${this.command} and the journal ends at ${state.commandCount}: acknowledged commands are missing from the journal. Restore the journal; or move the history away, and it is made again from what is left.`,
      );
    }
    if (this.command === state.commandCount) this.requireHead(state.journalHead);
  }

  /**
   * Takes a durable command in. @param clientId the client's name for the order that it placed
   * @returns false for one that is in the database already
   * @throws Error for one that cannot follow
   */
  record(accepted: Accepted, clientId: string | null = null): boolean {
    const { command, steps, events, acceptedAtMs } = accepted;
    if (command <= this.command) {
      if (command === this.opened.command) this.requireHead(accepted.journalHead, BigInt(this.opened.journalHead));
      return false;
    }
    if (command !== this.command + 1) {
      // What goes with the process tells what it has seen, and no more.
      if (this.command > 0 && this.store.isLasting)
        throw new Error(`command ${command} does not follow ${this.command}`);
      if (this.command === 0) this.beginsAfter = command - 1;
    }
    this.takeEvents(accepted, clientId);
    for (const { number, step } of steps) {
      if (step.kind !== "epoch") continue;
      const { epoch } = step;
      const markets = epoch.markets.map((market) => (market.priceTicks === 0 ? null : marketRecord(market)));
      const { timeSeconds } = epoch;
      this.batch.add("epochs", { number: epoch.number, timeSeconds, atMs: acceptedAtMs, step: number, markets });
    }
    for (const { event } of events) {
      if (event.type !== "funding-interval") continue;
      const { interval, words, previousDigest, digest } = event.sealed;
      this.oldestInterval ??= interval;
      this.batch.add("funding_intervals", { interval, words, previousDigest, digest });
    }
    for (const payment of this.touches.take(steps, acceptedAtMs)) this.batch.add("funding_payments", payment);
    this.command = command;
    this.journalHead = accepted.journalHead;
    this.schedule();
    return true;
  }

  /** The last 24 hours of a market, to the minute. */
  dayFigures(market: number, nowMs: number): DayFigures {
    return this.candles.dayFigures(market, nowMs);
  }

  /**
   * A page of anything: the newest first, or with `after` the oldest first. From memory where it is all there, else from the database.
   * @throws (rejects) Error when the database cannot be read now
   */
  async page<T extends PagedTable>(table: T, query: PageQuery): Promise<Records[T][]> {
    const remembered = this.remembered(table, query);
    if (remembered !== null) return remembered as Records[T][];
    return (await this.read("page", table, query)) as Records[T][];
  }

  /** What an account's funding came to, newest first or with `after` oldest first; see {@link FundingPaymentRecord}. */
  fundingPayments(query: PageQuery): Promise<FundingPaymentRecord[]> {
    return this.page("funding_payments", query);
  }

  /** Prices and funding indices, epoch by epoch. */
  epochs(query: PageQuery): Promise<EpochRecord[]> {
    return this.page("epochs", query);
  }

  /** Asks the database. The answer contains every command that was recorded before. */
  read<K extends HistoryRead>(name: K, ...args: ReadArguments<K>): Promise<ReadAnswer<K>> {
    this.post();
    return this.store.read(name, ...args);
  }

  /** Resolves when every command up to one, by default the last recorded, would outlive a power cut. For snapshots, and before the end. */
  async flush(throughCommand = this.command): Promise<void> {
    if (throughCommand > this.command) {
      await new Promise<void>((resolve) => this.waiters.push({ command: throughCommand, resolve }));
    }
    this.post();
    await this.store.sync();
  }

  /** Writes what there is and closes the database. */
  async close(): Promise<void> {
    this.post();
    await this.store.close();
  }

  protected override noted<T extends keyof Records>(table: T, record: Records[T]): void {
    if (table === "trades") this.candles.take(record as Records["trades"]);
    this.batch.add(table, record);
  }

  private remembered(table: PagedTable, query: PageQuery): unknown[] | null {
    const { account, market, after, before, limit, closed, slot, clientId } = query;
    const isFirst = after === undefined && before === undefined;
    // Live orders are all in memory; to look for the few of them among all that an account ever had would be slow.
    const isLive = table === "orders" && closed === false;
    if (!isFirst && !isLive) return null;
    if (table === "trades" && account === undefined && market !== undefined) {
      return this.tradesByMarket.page(market, limit);
    }
    if (account === undefined || (market !== undefined && table !== "orders")) return null;
    switch (table) {
      case "orders": {
        if (closed !== false && !this.remembersOrdersOf(account)) return null;
        const orders = this.ordersOf(account).filter((order) => {
          const isAsked = closed === undefined || (order.closed !== null) === closed;
          const isThere = (slot ?? order.slot) === order.slot && (market ?? order.market) === order.market;
          const isInside = order.seq > (after ?? 0) && order.seq < (before ?? Number.POSITIVE_INFINITY);
          return isAsked && isThere && isInside && (clientId === undefined || order.clientId === clientId);
        });
        return (after === undefined ? orders.reverse() : orders).slice(0, limit);
      }
      case "trades":
        return this.fillsByAccount.page(account, limit);
      case "deposits":
        return this.depositsByAccount.page(account, limit);
      case "withdrawals":
        return this.withdrawalsByAccount.page(account, limit);
      case "transfers":
        return this.transfersByAccount.page(account, limit);
      case "forced_trades":
        return this.forcedByAccount.page(account, limit);
      default:
        return null;
    }
  }

  private async recover(): Promise<void> {
    if (this.command === 0) return;
    const { closedOrders, fills } = this.limits;
    const recovered = await this.store.read("recovered", { closedOrders, fills, rows: RECOVERED_ROWS });
    for (let after = 0; ; ) {
      const live = await this.store.read("page", "orders", { after, limit: LIVE_ORDERS_AT_ONCE, closed: false });
      for (const order of live as Records["orders"][]) recovered.orders.push(order);
      if (live.length < LIVE_ORDERS_AT_ONCE) break;
      after = (live.at(-1) as Records["orders"]).seq;
    }
    recovered.orders.sort((a, b) => a.seq - b.seq);
    this.restore(recovered);
    const { touched, epoch, lastPayment, candles } = await this.store.read("running");
    this.touches.restore(touched, epoch, lastPayment);
    this.candles.restore(candles);
    this.recoveredIntervals = await this.store.read("intervals", RECOVERED_INTERVALS);
    this.oldestInterval = await this.store.read("oldestInterval");
    this.acceptedOrderCount = this.opened.orders;
    this.fillCount = this.opened.fills;
  }

  private schedule(): void {
    if (this.waiters.length > 0) {
      const { command } = this;
      for (const waiter of this.waiters) if (waiter.command <= command) waiter.resolve();
      this.waiters = this.waiters.filter((waiter) => waiter.command > command);
    }
    if (this.batch.rowCount >= POST_ROWS) this.post();
    else this.timer ??= setTimeout(() => this.post(), POST_AFTER_MS).unref();
  }

  private post(): void {
    if (this.timer === null && this.batch.rowCount === 0) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    for (const candle of this.candles.drain()) this.batch.add("candles", candle);
    const { command, beginsAfter, acceptedOrderCount: orders, fillCount: fills } = this;
    const mark = { command, beginsAfter, journalHead: `0x${this.journalHead.toString(16)}`, orders, fills };
    this.store.write(this.batch.take(mark, this.touches.drain()));
  }

  /** The journal's head after the last command. */
  private requireHead(given: bigint, expected = this.journalHead): void {
    if (given === expected) return;
    throw new Error(
      "The history's last command is not the journal's: it belongs to another run of the exchange. Name another file, or move it away.",
    );
  }
}

function marketRecord(market: EpochMarketRecord): EpochMarketRecord {
  const { priceTicks, fundingIndexPicoUsd, imfPpm, mmfPpm, restricted, retired } = market;
  return { priceTicks, fundingIndexPicoUsd, imfPpm, mmfPpm, restricted, retired };
}
