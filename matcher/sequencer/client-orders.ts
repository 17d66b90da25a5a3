import { orderNumber } from "../protocol/message.ts";

/** Names of closed orders that an account's retries are still recognised by; the oldest is forgotten first. */
export const CLOSED_CLIENT_IDS_PER_ACCOUNT = 1_024;
/** The same over all accounts, so that memory has a bound: some 40 MB. At a thousand named orders a second the last minutes. */
export const CLOSED_CLIENT_IDS_MAX = 2 ** 18;

/** The order that a client id stands for. */
export interface NamedOrder {
  readonly slot: number;
  readonly sequence: number;
}

interface Names {
  readonly orders: Map<string, NamedOrder>;
  /** Name of the live order on a slot. */
  readonly bySlot: Map<number, string>;
  /** Names of closed orders, the oldest first. */
  readonly closed: Set<string>;
}

/**
 * Client order ids, so that a retry never acts twice: an id names one order of its account, while that order lives and for some time
 * after. Part of the deterministic state: a restart remembers what was acknowledged.
 */
export class ClientOrders {
  private readonly accounts = new Map<number, Names>();
  /** Names of closed orders of all accounts, the oldest first. */
  private readonly allClosed = new Map<string, { readonly account: number; readonly clientId: string }>();
  private readonly closedMax: number;

  /** @param closedMax names of closed orders remembered over all accounts */
  constructor(closedMax: number = CLOSED_CLIENT_IDS_MAX) {
    this.closedMax = closedMax;
  }

  /** The order that a name stands for, or undefined for a name that is free. */
  orderOf(account: number, clientId: string): NamedOrder | undefined {
    return this.accounts.get(account)?.orders.get(clientId);
  }

  /** Whether an order may bear the name: it is free, or that of the live order which it revises. */
  isFree(account: number, clientId: string, slot: number, sequence: number): boolean {
    const names = this.accounts.get(account);
    const named = names?.orders.get(clientId);
    if (named === undefined) return true;
    const revises = orderNumber(named.sequence) === orderNumber(sequence) && sequence > named.sequence;
    return named.slot === slot && names?.bySlot.get(slot) === clientId && revises;
  }

  /** A named order was accepted. Call {@link closed} for every order that ends, also for this one. */
  placed(account: number, clientId: string, slot: number, sequence: number): void {
    const names = this.namesOf(account);
    // The order that it replaces on its slot ends, and its name with it.
    const before = names.bySlot.get(slot);
    if (before !== undefined && before !== clientId) this.close(account, names, slot, before);
    names.orders.set(clientId, { slot, sequence });
    names.bySlot.set(slot, clientId);
  }

  /** An order is no longer live. One without a name, or whose name was passed on to its revision, is no matter here. */
  closed(account: number, slot: number, sequence: number): void {
    const names = this.accounts.get(account);
    const clientId = names?.bySlot.get(slot);
    if (names === undefined || clientId === undefined || names.orders.get(clientId)?.sequence !== sequence) return;
    this.close(account, names, slot, clientId);
  }

  private namesOf(account: number): Names {
    let names = this.accounts.get(account);
    if (names === undefined) {
      names = { orders: new Map(), bySlot: new Map(), closed: new Set() };
      this.accounts.set(account, names);
    }
    return names;
  }

  /** Takes {@link entries} back into an empty list. */
  restore(entries: Iterable<[account: number, clientId: string, slot: number, sequence: number, live: boolean]>): void {
    for (const [account, clientId, slot, sequence, live] of entries) {
      const names = this.namesOf(account);
      names.orders.set(clientId, { slot, sequence });
      if (live) names.bySlot.set(slot, clientId);
      else this.noteClosed(account, names, clientId);
    }
  }

  private close(account: number, names: Names, slot: number, clientId: string): void {
    names.bySlot.delete(slot);
    this.noteClosed(account, names, clientId);
    if (names.closed.size > CLOSED_CLIENT_IDS_PER_ACCOUNT) {
      const [oldest] = names.closed;
      this.forget(account, oldest as string);
    }
    if (this.allClosed.size > this.closedMax) {
      const [oldest] = this.allClosed.values();
      if (oldest !== undefined) this.forget(oldest.account, oldest.clientId);
    }
  }

  private noteClosed(account: number, names: Names, clientId: string): void {
    names.closed.add(clientId);
    this.allClosed.set(`${account}/${clientId}`, { account, clientId });
  }

  private forget(account: number, clientId: string): void {
    const names = this.accounts.get(account);
    names?.closed.delete(clientId);
    names?.orders.delete(clientId);
    this.allClosed.delete(`${account}/${clientId}`);
    if (names?.orders.size === 0) this.accounts.delete(account);
  }

  /** account, client id, slot, sequence, live: live ones by account and slot, then closed ones in order of closing. */
  *entries(): Generator<[account: number, clientId: string, slot: number, sequence: number, live: boolean]> {
    for (const account of [...this.accounts.keys()].sort((a, b) => a - b)) {
      const { orders, bySlot } = this.accounts.get(account) as Names;
      for (const slot of [...bySlot.keys()].sort((a, b) => a - b)) {
        const clientId = bySlot.get(slot) as string;
        yield [account, clientId, slot, (orders.get(clientId) as NamedOrder).sequence, true];
      }
    }
    for (const { account, clientId } of this.allClosed.values()) {
      const { slot, sequence } = this.orderOf(account, clientId) as NamedOrder;
      yield [account, clientId, slot, sequence, false];
    }
  }
}
