import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { SealedInterval } from "../../sequencer/funding-meter.ts";
import { DAY_MS } from "./candle-book.ts";
import type { Recovered } from "./recent-history.ts";
import type { CandleRecord, EpochRecord, IntervalRecord, OrderRecord, TouchedRecord } from "./records.ts";
import { type Records, ROWS, type Row, type SqlValue } from "./rows.ts";
import { sealedFrom } from "./sealed-interval.ts";
import { COLUMNS, insertSql, MIGRATIONS, type TableName } from "./tables.ts";

/** How far a history has come. Written in the same transaction as the rows. */
export interface HistoryMark {
  /** Every command up to this one is in; 0 before the first. */
  command: number;
  /** Head of the journal's hash chain after it, 0x-hexadecimal. */
  journalHead: string;
  /** Commands up to this one were never seen: the history begins after it. */
  beginsAfter: number;
  orders: number;
  fills: number;
}

/** Rows of whole commands, to be written at once. */
export interface HistoryBatch {
  mark: HistoryMark;
  /** By table, one row after the other in a flat list: cheaper to send to another thread than nested ones. */
  rows: Partial<Record<TableName, SqlValue[]>>;
  rowCount: number;
  /** Accounts that have no position any more. */
  flat: number[];
}

/** Tables that are read page by page, with the column that a page goes by and those that an owner may stand in. */
export const PAGED = {
  orders: { key: "seq", owners: ["account"], time: "at_ms" },
  trades: { key: "trade_id", owners: ["maker", "taker"], time: "at_ms" },
  deposits: { key: "seq", owners: ["account"], time: "at_ms" },
  withdrawals: { key: "seq", owners: ["account"], time: "at_ms" },
  transfers: { key: "seq", owners: ["account", "receiver"], time: "at_ms" },
  forced_trades: { key: "seq", owners: ["account"], time: "at_ms" },
  funding_payments: { key: "id", owners: ["account"], time: "at_ms" },
  epochs: { key: "number", owners: [], time: "at_ms" },
} as const satisfies Partial<Record<TableName, { key: string; owners: readonly string[]; time: string }>>;
export type PagedTable = keyof typeof PAGED;

/** Which rows, and how many of them. With `after` the oldest first, else the newest first. */
export interface PageQuery {
  account?: number;
  market?: number;
  /** Keys above or below these only. */
  after?: number;
  before?: number;
  limit: number;
  /** Of orders: what they are, and where. */
  closed?: boolean;
  slot?: number;
  clientId?: string;
}

const KEY_OF: { readonly [T in PagedTable]: (record: Records[T]) => number } = {
  orders: ({ seq }) => seq,
  trades: ({ tradeId }) => tradeId,
  deposits: ({ seq }) => seq,
  withdrawals: ({ seq }) => seq,
  transfers: ({ seq }) => seq,
  forced_trades: ({ seq }) => seq,
  funding_payments: ({ id }) => id,
  epochs: ({ number }) => number,
};

/** What a page goes by. */
export function pageKey<T extends PagedTable>(table: T, record: Records[T]): number {
  return KEY_OF[table](record);
}

export interface CandleQuery {
  market: number;
  resolutionMs: number;
  /** Starts from this time on, the earliest first; without it the newest that there are. */
  fromMs?: number;
  /** Starts before this time. */
  toMs: number;
  limit: number;
}

const GENESIS_MARK: HistoryMark = { command: 0, journalHead: "0x0", beginsAfter: 0, orders: 0, fills: 0 };

/** The history on disk, or in memory. Synchronous: the thread that orders commands does not call it where there is a file. */
export class HistoryDatabase {
  private readonly db: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();

  /**
   * @param path of a file that is made if need be; ":memory:", or "" for a file that goes with the process
   * @param identity of the exchange; a database of another one is refused
   * @throws Error in one sentence for a database that cannot be used
   */
  constructor(path: string, identity: string) {
    this.db = new DatabaseSync(path);
    try {
      this.db.exec(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8000; PRAGMA cache_size = -32000",
      );
      this.migrate(path);
      const known = this.meta("identity");
      if (known === undefined) this.setMeta("identity", identity);
      else if (known !== identity) {
        throw new Error(
          `The history ${path} is that of exchange ${known}; this one is ${identity}. Name another file, or move it away.`,
        );
      }
    } catch (error) {
      this.db.close();
      throw error;
    }
  }

  mark(): HistoryMark {
    const text = this.meta("mark");
    return text === undefined ? GENESIS_MARK : (JSON.parse(text) as HistoryMark);
  }

  /** All of it or nothing. @throws Error when the disk is full, for example; nothing was written then */
  write({ mark, rows, flat }: HistoryBatch): void {
    this.db.exec("BEGIN IMMEDIATE");
    try {
      for (const [name, values] of Object.entries(rows) as [TableName, SqlValue[]][]) {
        const insert = this.statement(insertSql(name));
        const width = COLUMNS[name].length;
        for (let at = 0; at < values.length; at += width) insert.run(...values.slice(at, at + width));
      }
      for (const account of flat) this.statement("DELETE FROM touched WHERE account = ?").run(account);
      this.setMeta("mark", JSON.stringify(mark));
      this.db.exec("COMMIT");
    } catch (error) {
      if (this.db.isTransaction) this.db.exec("ROLLBACK");
      throw error;
    }
  }

  /** Makes what was written outlive a power cut. (A crash of the process alone loses nothing that was written.) */
  sync(): void {
    this.db.exec("PRAGMA wal_checkpoint(FULL)");
  }

  page<T extends PagedTable>(table: T, query: PageQuery): Records[T][] {
    const { key, owners } = PAGED[table];
    const { account, market, after, before, limit, closed, slot, clientId } = query;
    const oldestFirst = after !== undefined;
    const filters: [condition: string, value: SqlValue][] = [];
    if (market !== undefined) filters.push(["market = ?", market]);
    if (slot !== undefined) filters.push(["slot = ?", slot]);
    if (clientId !== undefined) filters.push(["client_id = ?", clientId]);
    if (after !== undefined) filters.push([`${key} > ?`, after]);
    if (before !== undefined) filters.push([`${key} < ?`, before]);
    const open = closed === undefined ? [] : [closed ? "closed IS NOT NULL" : "closed IS NULL"];
    const found = new Map<SqlValue, Row>();
    // An index for each place where an owner may stand: the pages of both are merged.
    for (const owner of account === undefined ? [null] : owners) {
      const own: typeof filters = owner === null ? filters : [[`${owner} = ?`, account as number], ...filters];
      const where = [...own.map(([condition]) => condition), ...open].join(" AND ") || "TRUE";
      const order = `ORDER BY ${key} ${oldestFirst ? "ASC" : "DESC"} LIMIT ?`;
      const select = this.statement(`SELECT ${COLUMNS[table].join(", ")} FROM ${table} WHERE ${where} ${order}`);
      for (const row of rowsOf(select, ...own.map(([, value]) => value), limit)) found.set(row[0] as SqlValue, row);
    }
    const rows = [...found.values()].sort(([a], [b]) => ((a as number) - (b as number)) * (oldestFirst ? 1 : -1));
    return rows.slice(0, limit).map((row) => ROWS[table].fromRow(row) as Records[T]);
  }

  /** The greatest key before a time, by whatever the rows belong to; 0 without one. Times never fall as keys rise. */
  keyBefore(table: PagedTable, atMs: number): number {
    const { key, time } = PAGED[table];
    let low = 1;
    let high = Number(rowsOf(this.statement(`SELECT max(${key}) FROM ${table}`))[0]?.[0] ?? 0) + 1;
    // The answer is below the first key that is not before the time: low ≤ that key ≤ high.
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [row] = rowsOf(
        this.statement(`SELECT ${key}, ${time} FROM ${table} WHERE ${key} >= ? ORDER BY ${key} LIMIT 1`),
        middle,
      );
      if (row === undefined || (row[1] as number) >= atMs) high = middle;
      else low = (row[0] as number) + 1;
    }
    return low - 1;
  }

  /** By increasing start. */
  candles({ market, resolutionMs, fromMs, toMs, limit }: CandleQuery): CandleRecord[] {
    const order = fromMs === undefined ? "DESC" : "ASC";
    const sql = `SELECT ${COLUMNS.candles.join(", ")} FROM candles
      WHERE market = ? AND resolution_ms = ? AND start_ms >= ? AND start_ms < ? ORDER BY start_ms ${order} LIMIT ?`;
    const rows = rowsOf(this.statement(sql), market, resolutionMs, fromMs ?? 0, toMs, limit);
    const candles = rows.map(ROWS.candles.fromRow);
    return fromMs === undefined ? candles.reverse() : candles;
  }

  /** The newest order that an account called so, or undefined. */
  orderNamed(account: number, clientId: string): OrderRecord | undefined {
    return this.order("account = ? AND client_id = ?", account, clientId);
  }

  orderAt(account: number, slot: number, sequence: number): OrderRecord | undefined {
    return this.order("account = ? AND slot = ? AND sequence = ?", account, slot, sequence);
  }

  /** By increasing number. @param from first number; without one, the newest are given */
  intervals(limit: number, from?: number): IntervalRecord[] {
    const columns = COLUMNS.funding_intervals.join(", ");
    const order = from === undefined ? "DESC" : "ASC";
    const sql = `SELECT ${columns} FROM funding_intervals WHERE interval >= ? ORDER BY interval ${order} LIMIT ?`;
    const records = rowsOf(this.statement(sql), from ?? 0, limit).map(ROWS.funding_intervals.fromRow);
    return from === undefined ? records.reverse() : records;
  }

  /** From a number on, ascending, without their samples: what follows from them is computed on this thread. */
  sealedIntervals(from: number, limit: number): Omit<SealedInterval, "words">[] {
    return this.intervals(limit, from).map((record) => {
      const { words: _, ...sealed } = sealedFrom(record);
      return sealed;
    });
  }

  oldestInterval(): number | null {
    return (rowsOf(this.statement("SELECT min(interval) FROM funding_intervals"))[0]?.[0] ?? null) as number | null;
  }

  /** What the memory of a fresh process begins with, live orders apart: there may be very many. */
  recovered(limits: { closedOrders: number; fills: number; rows: number }): Recovered {
    const closed = this.all("orders", "WHERE closed IS NOT NULL ORDER BY seq DESC LIMIT ?", limits.closedOrders);
    const newest = <T extends PagedTable>(table: T) => this.page(table, { limit: limits.rows }).reverse();
    const markets = rowsOf(this.statement("SELECT DISTINCT market FROM candles")) as number[][];
    const fills = markets.flatMap(([market = 0]) => this.page("trades", { market, limit: limits.fills }));
    return {
      orders: closed.reverse(),
      fills: fills.sort((a, b) => a.tradeId - b.tradeId),
      deposits: newest("deposits"),
      withdrawals: newest("withdrawals"),
      transfers: newest("transfers"),
      forcedTrades: newest("forced_trades"),
    };
  }

  /** What funding payments and candles go on from. */
  running(): {
    touched: TouchedRecord[];
    epoch: EpochRecord | undefined;
    lastPayment: number;
    candles: CandleRecord[];
  } {
    const [epoch] = this.page("epochs", { limit: 1 });
    const [payment] = this.page("funding_payments", { limit: 1 });
    const newest = this.all(
      "candles",
      `AS one WHERE start_ms = (SELECT max(start_ms) FROM candles
        WHERE market = one.market AND resolution_ms = one.resolution_ms)`,
    );
    const sinceMs = Math.max(0, ...newest.map(({ startMs }) => startMs)) - DAY_MS;
    const minutes = this.all("candles", "WHERE resolution_ms = 60000 AND start_ms > ? ORDER BY start_ms", sinceMs);
    const candles = [
      ...minutes,
      ...newest.filter(({ resolutionMs, startMs }) => resolutionMs !== 60_000 || startMs <= sinceMs),
    ];
    return { touched: this.all("touched", "ORDER BY account"), epoch, lastPayment: payment?.id ?? 0, candles };
  }

  close(): void {
    this.db.close();
  }

  private order(where: string, ...values: SqlValue[]): OrderRecord | undefined {
    return this.all("orders", `WHERE ${where} ORDER BY seq DESC LIMIT 1`, ...values)[0];
  }

  private all<T extends TableName>(table: T, rest: string, ...values: SqlValue[]): Records[T][] {
    const select = this.statement(`SELECT ${COLUMNS[table].join(", ")} FROM ${table} ${rest}`);
    return rowsOf(select, ...values).map((row) => ROWS[table].fromRow(row) as Records[T]);
  }

  private migrate(path: string): void {
    const [row] = rowsOf(this.statement("PRAGMA user_version"));
    const version = Number(row?.[0]);
    if (version > MIGRATIONS.length) {
      throw new Error(
        `The history ${path} has version ${version}, and this program knows ${MIGRATIONS.length}: it was written by a newer one.`,
      );
    }
    for (let from = version; from < MIGRATIONS.length; from++) {
      this.db.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[from]}; PRAGMA user_version = ${from + 1}; COMMIT`);
    }
  }

  private meta(name: string): string | undefined {
    return rowsOf(this.statement("SELECT value FROM meta WHERE name = ?"), name)[0]?.[0] as string | undefined;
  }

  private setMeta(name: string, value: string): void {
    this.statement("INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value").run(
      name,
      value,
    );
  }

  private statement(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare(sql);
      statement.setReturnArrays(true);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

function rowsOf(statement: StatementSync, ...values: SqlValue[]): Row[] {
  return statement.all(...values) as unknown as Row[];
}
