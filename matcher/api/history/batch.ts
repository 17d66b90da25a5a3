import type { HistoryBatch, HistoryMark } from "./database.ts";
import type { OrderRecord, TouchedRecord } from "./records.ts";
import { type Records, ROWS, type SqlValue } from "./rows.ts";
import { COLUMNS, type TableName } from "./tables.ts";

/** Rows on their way to the database. An order that changes again before it is written is written once, as it is then. */
export class BatchRows {
  private readonly orders = new Set<OrderRecord>();
  private rows: Partial<Record<TableName, SqlValue[]>> = {};
  private flat: number[] = [];
  private added = 0;

  /** Rows in here, at most. */
  get rowCount(): number {
    return this.added + this.orders.size;
  }

  add<T extends TableName>(table: T, record: Records[T]): void {
    if (table === "orders") {
      this.orders.add(record as OrderRecord);
      return;
    }
    this.push(table, record);
  }

  /** Takes everything out. @param touched positions that changed; null for an account that has none any more */
  take(mark: HistoryMark, touched: readonly [account: number, record: TouchedRecord | null][]): HistoryBatch {
    for (const order of this.orders) this.push("orders", order);
    this.orders.clear();
    for (const [account, record] of touched) {
      if (record === null) this.flat.push(account);
      else this.push("touched", record);
    }
    const batch = { mark, rows: this.rows, rowCount: this.added, flat: this.flat };
    this.rows = {};
    this.flat = [];
    this.added = 0;
    return batch;
  }

  private push<T extends TableName>(table: T, record: Records[T]): void {
    const values: SqlValue[] = this.rows[table] ?? [];
    this.rows[table] = values;
    const row = ROWS[table].toRow(record);
    if (row.length !== COLUMNS[table].length) throw new Error(`a row of ${table} has ${row.length} values`);
    for (const value of row) values.push(value);
    this.added += 1;
  }
}
