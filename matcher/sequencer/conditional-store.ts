import { slotKey } from "../book/order.ts";
import { type GroupImage, type GroupLeg, isEnded, LiveGroup } from "./conditional-group.ts";

const LEG_BITS = 4;

export interface LegPlace {
  readonly group: LiveGroup;
  readonly leg: GroupLeg;
}

/** The live groups, by number, account and slot, and which of their orders are next. */
export class ConditionalStore {
  readonly #groups = new Map<number, LiveGroup>();
  readonly #bySlot = new Map<number, LiveGroup>();
  readonly #counts = new Map<number, number>();
  /** Orders that are ready, as numbers that rise with acceptance. */
  readonly #ready = new Set<number>();
  /** Groups that go by the clock. */
  readonly #timed = new Set<LiveGroup>();

  get size(): number {
    return this.#groups.size;
  }

  /** In order of acceptance. */
  groups(): LiveGroup[] {
    return [...this.#groups.values()];
  }

  /** Of an account, in order of acceptance. */
  of(account: number): LiveGroup[] {
    if (!this.#counts.has(account)) return [];
    return this.groups().filter((group) => group.account === account);
  }

  count(account: number): number {
    return this.#counts.get(account) ?? 0;
  }

  /** The group that holds a slot. */
  on(account: number, slot: number): LiveGroup | undefined {
    return this.#bySlot.get(slotKey(account, slot));
  }

  add(group: LiveGroup): void {
    this.#groups.set(group.number, group);
    for (const key of group.slotKeys()) this.#bySlot.set(key, group);
    this.#counts.set(group.account, this.count(group.account) + 1);
    for (const leg of group.legs) {
      if (leg.isReady) this.#ready.add(placeOf(group, leg));
      if (leg.nextPartMs > 0 && !isEnded(leg)) this.#timed.add(group);
    }
  }

  drop(group: LiveGroup): void {
    this.#groups.delete(group.number);
    for (const key of group.slotKeys()) if (this.#bySlot.get(key) === group) this.#bySlot.delete(key);
    const left = this.count(group.account) - 1;
    if (left === 0) this.#counts.delete(group.account);
    else this.#counts.set(group.account, left);
    for (const leg of group.legs) this.#ready.delete(placeOf(group, leg));
    this.#timed.delete(group);
  }

  has({ number }: LiveGroup): boolean {
    return this.#groups.has(number);
  }

  get hasReady(): boolean {
    return this.#ready.size > 0;
  }

  setReady(group: LiveGroup, leg: GroupLeg, isReady: boolean): void {
    leg.isReady = isReady;
    if (isReady) this.#ready.add(placeOf(group, leg));
    else this.#ready.delete(placeOf(group, leg));
  }

  /** The one that was accepted first. */
  firstReady(): LegPlace | undefined {
    let first = Number.POSITIVE_INFINITY;
    for (const place of this.#ready) if (place < first) first = place;
    const group = this.#groups.get(Math.floor(first / LEG_BITS));
    const leg = group?.legs[first % LEG_BITS];
    return group === undefined || leg === undefined ? undefined : { group, leg };
  }

  /** Orders with a part whose time has come, in order of acceptance. */
  dueParts(nowMs: number): LegPlace[] {
    const due: LegPlace[] = [];
    for (const group of this.#timed) {
      const { first: leg } = group;
      if (leg.nextPartMs > 0 && leg.nextPartMs <= nowMs) due.push({ group, leg });
    }
    return due.sort((a, b) => a.group.number - b.group.number);
  }

  hasDuePart(nowMs: number): boolean {
    for (const { first } of this.#timed) if (first.nextPartMs > 0 && first.nextPartMs <= nowMs) return true;
    return false;
  }

  /** Copies of this moment. */
  images(): GroupImage[] {
    return this.groups().map((group) => group.image());
  }

  restore(images: readonly GroupImage[]): void {
    for (const image of images) this.add(LiveGroup.from(image));
  }
}

function placeOf(group: LiveGroup, leg: GroupLeg): number {
  return group.number * LEG_BITS + leg.index;
}
