import type { AccountChannel } from "../protocol/stream-channels.ts";
import { Recent } from "./recent.ts";

interface Remembered {
  readonly account: number;
  readonly channel: AccountChannel;
  readonly sequence: number;
  readonly dataJson: string;
}

const DEFAULT_UPDATES_MAX = 20_000;

/**
 * The latest private updates of the accounts that were ever read, so that a client that lost its connection goes on where it stopped. All
 * accounts share the room: the oldest update gives way, whoever's it is.
 */
export class StreamMemory {
  private readonly updates: Recent<Remembered>;
  private readonly updatesMax: number;
  /** By account: all its updates after this event are here. */
  private readonly floors = new Map<number, number>();

  constructor(updatesMax = DEFAULT_UPDATES_MAX) {
    this.updatesMax = updatesMax;
    this.updates = new Recent(updatesMax);
  }

  /** From here on, the account's updates are remembered. @param sequence of the latest event that was told */
  watch(account: number, sequence: number): void {
    if (!this.floors.has(account)) this.floors.set(account, sequence);
  }

  watches(account: number): boolean {
    return this.floors.has(account);
  }

  add(account: number, channel: AccountChannel, sequence: number, dataJson: string): void {
    const gone = this.updates.push({ account, channel, sequence, dataJson });
    if (gone !== undefined) this.floors.set(gone.account, Math.max(gone.sequence, this.floors.get(gone.account) ?? 0));
  }

  /** What a channel told after an event, oldest first; null when a part of it is forgotten. */
  after(account: number, channel: AccountChannel, sequence: number): string[] | null {
    const floor = this.floors.get(account);
    if (floor === undefined || sequence < floor) return null;
    const missed: string[] = [];
    for (const update of this.updates.newest(this.updatesMax)) {
      if (update.sequence <= sequence) break;
      if (update.account === account && update.channel === channel) missed.push(update.dataJson);
    }
    return missed.reverse();
  }
}
