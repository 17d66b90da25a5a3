/**
 * The database's layout, one step per version: step n leads from version n to n + 1, and a fresh database takes all of them. A step that
 * was released is never changed; a new one follows it.
 *
 * Whole numbers below 2^53 are INTEGER; amounts, which may be larger, are decimal TEXT. Sides are 0 (buy) and 1 (sell).
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE orders (
    seq INTEGER PRIMARY KEY, account INTEGER NOT NULL, slot INTEGER NOT NULL, sequence INTEGER NOT NULL, market INTEGER NOT NULL,
    side INTEGER NOT NULL, price_ticks INTEGER NOT NULL, quantity_lots INTEGER NOT NULL, filled_lots INTEGER NOT NULL,
    remaining_lots INTEGER NOT NULL, closed TEXT, at_ms INTEGER NOT NULL, updated_at_ms INTEGER NOT NULL, client_id TEXT,
    command INTEGER NOT NULL, last_fill_step INTEGER
  ) STRICT;
  CREATE INDEX orders_of ON orders (account, seq);
  CREATE INDEX orders_in ON orders (account, market, seq);
  CREATE INDEX orders_placed ON orders (account, slot, sequence);
  CREATE INDEX orders_live ON orders (seq) WHERE closed IS NULL;
  CREATE INDEX orders_named ON orders (account, client_id) WHERE client_id IS NOT NULL;

  CREATE TABLE trades (
    trade_id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, market INTEGER NOT NULL, price_ticks INTEGER NOT NULL,
    quantity_lots INTEGER NOT NULL, taker_side INTEGER NOT NULL, maker INTEGER NOT NULL, maker_slot INTEGER NOT NULL,
    maker_sequence INTEGER NOT NULL, maker_fee TEXT NOT NULL, taker INTEGER NOT NULL, taker_slot INTEGER NOT NULL,
    taker_sequence INTEGER NOT NULL, taker_fee TEXT NOT NULL, liquidation INTEGER NOT NULL, step INTEGER NOT NULL, at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX trades_in ON trades (market, trade_id);
  CREATE INDEX trades_made ON trades (maker, trade_id);
  CREATE INDEX trades_taken ON trades (taker, trade_id);

  CREATE TABLE deposits (
    seq INTEGER PRIMARY KEY, account INTEGER NOT NULL, amount TEXT NOT NULL, step INTEGER NOT NULL, at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX deposits_of ON deposits (account, seq);

  CREATE TABLE withdrawals (
    seq INTEGER PRIMARY KEY, account INTEGER NOT NULL, nonce INTEGER NOT NULL, amount TEXT NOT NULL, step INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX withdrawals_of ON withdrawals (account, seq);

  CREATE TABLE transfers (
    seq INTEGER PRIMARY KEY, account INTEGER NOT NULL, receiver INTEGER NOT NULL, nonce INTEGER NOT NULL, amount TEXT NOT NULL,
    step INTEGER NOT NULL, at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX transfers_from ON transfers (account, seq);
  CREATE INDEX transfers_to ON transfers (receiver, seq);

  CREATE TABLE forced_trades (
    seq INTEGER PRIMARY KEY, account INTEGER NOT NULL, event TEXT NOT NULL, step INTEGER NOT NULL, at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX forced_trades_of ON forced_trades (account, seq);

  CREATE TABLE funding_payments (
    id INTEGER PRIMARY KEY, account INTEGER NOT NULL, market INTEGER NOT NULL, size_lots INTEGER NOT NULL, from_epoch INTEGER NOT NULL,
    epoch INTEGER NOT NULL, from_seconds INTEGER NOT NULL, to_seconds INTEGER NOT NULL, index_delta TEXT NOT NULL, amount TEXT NOT NULL,
    step INTEGER NOT NULL, at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX funding_payments_of ON funding_payments (account, id);

  CREATE TABLE touched (
    account INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, epoch_seconds INTEGER NOT NULL, sizes_lots TEXT NOT NULL, indices TEXT NOT NULL
  ) STRICT;

  CREATE TABLE epochs (
    number INTEGER PRIMARY KEY, time_seconds INTEGER NOT NULL, at_ms INTEGER NOT NULL, step INTEGER NOT NULL, markets TEXT NOT NULL
  ) STRICT;

  CREATE TABLE funding_intervals (
    interval INTEGER PRIMARY KEY, words BLOB NOT NULL, previous_digest TEXT NOT NULL, digest TEXT NOT NULL
  ) STRICT;

  CREATE TABLE candles (
    market INTEGER NOT NULL, resolution_ms INTEGER NOT NULL, start_ms INTEGER NOT NULL, open_ticks INTEGER NOT NULL,
    high_ticks INTEGER NOT NULL, low_ticks INTEGER NOT NULL, close_ticks INTEGER NOT NULL, base_lots TEXT NOT NULL,
    quote TEXT NOT NULL, trades INTEGER NOT NULL, PRIMARY KEY (market, resolution_ms, start_ms)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** Columns in the order of the rows (rows.ts); the key comes first. */
export const COLUMNS = {
  orders: [
    ...["seq", "account", "slot", "sequence", "market", "side", "price_ticks", "quantity_lots", "filled_lots"],
    ...["remaining_lots", "closed", "at_ms", "updated_at_ms", "client_id", "command", "last_fill_step"],
  ],
  trades: [
    ...["trade_id", "seq", "market", "price_ticks", "quantity_lots", "taker_side"],
    ...["maker", "maker_slot", "maker_sequence", "maker_fee", "taker", "taker_slot", "taker_sequence", "taker_fee"],
    ...["liquidation", "step", "at_ms"],
  ],
  deposits: ["seq", "account", "amount", "step", "at_ms"],
  withdrawals: ["seq", "account", "nonce", "amount", "step", "at_ms"],
  transfers: ["seq", "account", "receiver", "nonce", "amount", "step", "at_ms"],
  forced_trades: ["seq", "account", "event", "step", "at_ms"],
  funding_payments: [
    ...["id", "account", "market", "size_lots", "from_epoch", "epoch", "from_seconds", "to_seconds"],
    ...["index_delta", "amount", "step", "at_ms"],
  ],
  touched: ["account", "epoch", "epoch_seconds", "sizes_lots", "indices"],
  epochs: ["number", "time_seconds", "at_ms", "step", "markets"],
  funding_intervals: ["interval", "words", "previous_digest", "digest"],
  candles: [
    ...["market", "resolution_ms", "start_ms", "open_ticks", "high_ticks", "low_ticks", "close_ticks"],
    ...["base_lots", "quote", "trades"],
  ],
} as const satisfies Record<string, readonly string[]>;
export type TableName = keyof typeof COLUMNS;

/** Tables whose rows change after they were written. All others are only added to. */
const CHANGING: ReadonlySet<TableName> = new Set(["orders", "touched", "candles"]);
/** Columns of a key; one where nothing else is said. */
const KEY_WIDTH: Partial<Record<TableName, number>> = { candles: 3 };

/** The statement that writes a row. Writing a row again, as a replay does, changes nothing. */
export function insertSql(table: TableName): string {
  const columns: readonly string[] = COLUMNS[table];
  const keys = KEY_WIDTH[table] ?? 1;
  const places = columns.map(() => "?").join(", ");
  const updates = columns.slice(keys).map((column) => `${column} = excluded.${column}`);
  const again = CHANGING.has(table) ? `UPDATE SET ${updates.join(", ")}` : "NOTHING";
  const key = columns.slice(0, keys).join(", ");
  return `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places}) ON CONFLICT (${key}) DO ${again}`;
}
