/** From so many on, an origin's signatures are checked after everybody else's. */
const STRIKES = 8;
/** More are not counted, so that who mends a bot's key is in order again after as many right signatures. */
const STRIKES_MAX = 32;
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
 * Who sent signatures that were wrong. An origin is what the API knows a sender by: an address, or a session that proved its key. A wrong
 * signature is a strike against its origin and a right one takes a strike back. Against the account that it names it is nothing: anybody
 * can name an account, and its owner must not suffer for it; that count is for the owner's and the operator's eyes.
 */
export class WrongSignatures {
  readonly #strikes = new RecentCounts<string>();
  readonly #byAccount = new RecentCounts<number>();

  /** Strikes of an origin now. */
  strikesOf(origin: string): number {
    return this.#strikes.of(origin);
  }

  /** Whether an origin has to stand back. Senders without an origin never have to: they would stand back for each other. */
  isStruck(origin: string): boolean {
    return origin !== "" && this.#strikes.of(origin) >= STRIKES;
  }

  /** Wrong signatures that named an account, from whomever, since it was last forgotten. */
  wrongOf(account: number): number {
    return this.#byAccount.of(account);
  }

  record(origin: string, account: number, signed: boolean): void {
    const strikes = this.#strikes.of(origin) + (signed ? -1 : 1);
    this.#strikes.set(origin, Math.min(Math.max(strikes, 0), STRIKES_MAX));
    if (!signed) this.#byAccount.set(account, this.#byAccount.of(account) + 1);
  }
}
