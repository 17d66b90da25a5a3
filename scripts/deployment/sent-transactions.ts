import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A transaction that may have reached a node. */
export interface SentTransaction {
  readonly nonce: number;
  readonly hash: string;
  /** Signed; sending it again is the same transaction. */
  readonly raw: string;
}

/** Folder of Ignition's journal in a deployment's. */
export const IGNITION_FOLDER = "ignition";
export const JOURNAL_FILE = "journal.jsonl";

/**
 * What a deployment signed, written down before it is sent: after an interruption a transaction that stands here may have
 * been sent, and one that does not never was.
 */
export class SentTransactions {
  readonly #path: string;
  readonly #journalPath: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#path = join(folder, "sent.jsonl");
    this.#journalPath = join(folder, IGNITION_FOLDER, JOURNAL_FILE);
  }

  /** Ignition said in its journal what it is about to send: that must be on disk first, which it does not see to. */
  add(transaction: SentTransaction): void {
    if (existsSync(this.#journalPath)) sync(this.#journalPath);
    const descriptor = openSync(this.#path, "a");
    try {
      writeSync(descriptor, `${JSON.stringify(transaction)}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** The last one with this nonce. */
  at(nonce: number): SentTransaction | undefined {
    if (!existsSync(this.#path)) return undefined;
    const lines = readFileSync(this.#path, "utf8").split("\n");
    // A line without an end was not written whole, so its transaction was never sent.
    lines.pop();
    return lines.map((line) => JSON.parse(line) as SentTransaction).findLast((sent) => sent.nonce === nonce);
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, "r+");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
