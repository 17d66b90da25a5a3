import type { MarginModeMessage } from "../protocol/message.ts";
import type { RejectCode } from "../protocol/reject.ts";

/** What an account's owner made of it. */
interface MarginMode {
  /** The one market that it trades; null once it is cross again. */
  market: number | null;
  /** Of the message that said so: an older one cannot come back. */
  sequence: number;
}

/** What a change depends on beside the message. */
interface AccountInMarket {
  /** Lowest sequence that the account may use. */
  minSequence: number;
  /** It has a position or an open order. */
  inUse: boolean;
}

/**
 * Which accounts are isolated, and for which market. Part of the exchange's state: it changes by signed messages only. That an isolated
 * account loses no more than what is in it needs no rule: every account's collateral is its own.
 */
export class MarginModes {
  private readonly accounts = new Map<number, MarginMode>();

  /** The one market that an isolated account trades; null for a cross one. */
  isolatedMarketOf(account: number): number | null {
    return this.accounts.get(account)?.market ?? null;
  }

  /**
   * Changes an account's mode, while it has nothing in the market: what it has would be under another rule than it was taken on.
   * @returns why it did not, or null
   */
  change({ account, isolatedMarket, sequence }: MarginModeMessage, about: AccountInMarket): RejectCode | null {
    const last = this.accounts.get(account)?.sequence ?? 0;
    if (sequence === last) return "DUPLICATE_SEQUENCE";
    if (sequence < last || sequence < about.minSequence) return "STALE_SEQUENCE";
    if (about.inUse) return "MARGIN_MODE_IN_USE";
    this.accounts.set(account, { market: isolatedMarket, sequence });
    return null;
  }

  /** Takes {@link entries} back into an empty list. */
  restore(entries: readonly [account: number, market: number | null, sequence: number][]): void {
    for (const [account, market, sequence] of entries) this.accounts.set(account, { market, sequence });
  }

  /** Ascending by account: equal states give equal lists. */
  entries(): [account: number, market: number | null, sequence: number][] {
    return [...this.accounts]
      .map(([account, { market, sequence }]): [number, number | null, number] => [account, market, sequence])
      .sort(([a], [b]) => a - b);
  }
}
