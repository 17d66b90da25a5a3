import { type HistoryBatch, HistoryDatabase, type HistoryMark } from "./database.ts";

/** What can be asked of a database; all answers are plain data. */
export type HistoryRead =
  | "page"
  | "keyBefore"
  | "candles"
  | "orderNamed"
  | "orderAt"
  | "intervals"
  | "sealedIntervals"
  | "oldestInterval"
  | "recovered"
  | "running";
export type ReadArguments<K extends HistoryRead> = Parameters<HistoryDatabase[K]>;
export type ReadAnswer<K extends HistoryRead> = ReturnType<HistoryDatabase[K]>;

/** Nothing can be read now: the database cannot be written, or has ended. */
export class HistoryUnavailable extends Error {
  constructor(message: string) {
    super(message);
    this.name = "HistoryUnavailable";
  }
}

/** How the writing goes. */
export interface StoreStatus {
  /** Rows that were handed over and are not written yet. */
  waitingRows: number;
  /** Why nothing is written at the moment, or null. It is tried again until it works; nothing is dropped. */
  trouble: string | null;
}

/** Where the history is kept beyond memory. */
export interface HistoryStore {
  /** As it was when the store was opened. */
  readonly mark: HistoryMark;
  /** Whether it outlives the process. */
  readonly isLasting: boolean;
  write(batch: HistoryBatch): void;
  /** An answer contains everything that was written before the question. @throws (rejects) HistoryUnavailable */
  read<K extends HistoryRead>(name: K, ...args: ReadArguments<K>): Promise<ReadAnswer<K>>;
  /** Resolves when everything written so far would outlive a power cut. @throws (rejects) HistoryUnavailable */
  sync(): Promise<void>;
  status(): StoreStatus;
  /** Closes it after what was written. */
  close(): Promise<void>;
}

/** SQLite's names for a database in memory and for a file without a name. */
export function isLasting(path: string): boolean {
  return path !== ":memory:" && path !== "";
}

/** One question, on the thread that the database is on. */
export function answer<K extends HistoryRead>(
  database: HistoryDatabase,
  name: K,
  args: ReadArguments<K>,
): ReadAnswer<K> {
  const method = database[name] as (...args: ReadArguments<K>) => ReadAnswer<K>;
  return method.apply(database, args);
}

/** A database on the calling thread, for tests and for tools that have nothing else to do. */
export class InThreadStore implements HistoryStore {
  readonly mark: HistoryMark;
  readonly isLasting: boolean;
  private readonly database: HistoryDatabase;

  constructor(path = ":memory:", identity = "") {
    this.database = new HistoryDatabase(path, identity);
    this.mark = this.database.mark();
    this.isLasting = isLasting(path);
  }

  write(batch: HistoryBatch): void {
    this.database.write(batch);
  }

  async read<K extends HistoryRead>(name: K, ...args: ReadArguments<K>): Promise<ReadAnswer<K>> {
    return answer(this.database, name, args);
  }

  async sync(): Promise<void> {
    this.database.sync();
  }

  status(): StoreStatus {
    return { waitingRows: 0, trouble: null };
  }

  async close(): Promise<void> {
    this.database.close();
  }
}
