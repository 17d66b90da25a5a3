import type { Rank } from "./fair-queue.ts";

/** A record from which on an origin is struck, in wrong signatures more than right ones. */
const STRUCK_FROM = -8;
/** Worse is not kept, so that who mends a bot's key is in order again after as many right signatures. */
const WORST = -32;
/** Nor better, so that a good past does not pay for a flood. */
const BEST = 8;
/** Most origins and most accounts remembered; the longest untouched are forgotten. */
const REMEMBERED_MAX = 10_000;

/** Small counts by name, the least recently touched given up first. */
class RecentCounts<Name> {
  readonly #counts = new Map<Name, number>();

  of(name: Name): number {
    return this.#counts.get(name) ?? 0;
  }

  set(name: Name, count: number): void {
    this.#counts.delete(name);
    if (count === 0) return;
    this.#counts.set(name, count);
    if (this.#counts.size <= REMEMBERED_MAX) return;
    const [oldest] = this.#counts.keys();
    if (oldest !== undefined) this.#counts.delete(oldest);
  }
}

/**
 * What senders are known by. An origin is what the API knows a sender by: an address, or a session that proved its key. A right signature
 * speaks for its origin and a wrong one against it. Against the account that it names it is nothing: anybody can name an account, and its
 * owner must not suffer for it; that count is for the owner's and the operator's eyes.
 */
export class SenderRecords {
  readonly #records = new RecentCounts<string>();
  readonly #wrongByAccount = new RecentCounts<number>();

  /** Right signatures of an origin less wrong ones, lately; −32 to 8. */
  recordOf(origin: string): number {
    return this.#records.of(origin);
  }

  /** Senders without an origin are never struck and never proven: they would answer for each other. */
  rankOf(origin: string): Rank {
    const record = origin === "" ? 0 : this.#records.of(origin);
    if (record > 0) return "proven";
    return record <= STRUCK_FROM ? "struck" : "new";
  }

  /** Wrong signatures that named an account, from whomever, since it was last forgotten. */
  wrongOf(account: number): number {
    return this.#wrongByAccount.of(account);
  }

  note(origin: string, account: number, signed: boolean): void {
    const record = this.#records.of(origin) + (signed ? 1 : -1);
    this.#records.set(origin, Math.max(WORST, Math.min(BEST, record)));
    if (!signed) this.#wrongByAccount.set(account, this.#wrongByAccount.of(account) + 1);
  }
}
