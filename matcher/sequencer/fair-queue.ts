/** What an origin is known for, the best first: right signatures, nothing yet, wrong signatures. */
export const RANKS = ["proven", "new", "struck"] as const;
export type Rank = (typeof RANKS)[number];

export interface FairQueueLimits {
  waitingMax: number;
  /** Of one origin. */
  perOriginMax: number;
  /** Of one account from one origin. What names the same account from elsewhere does not count: strangers cannot use up its room. */
  perAccountMax: number;
}

/** What one origin has waiting, account by account. */
class Line<Item> {
  readonly origin: string;
  /** In the order of their turns; none is empty. */
  readonly #accounts = new Map<number, Item[]>();
  length = 0;

  constructor(origin: string) {
    this.origin = origin;
  }

  lengthOf(account: number): number {
    return this.#accounts.get(account)?.length ?? 0;
  }

  push(account: number, item: Item): void {
    const items = this.#accounts.get(account);
    if (items === undefined) this.#accounts.set(account, [item]);
    else items.push(item);
    this.length += 1;
  }

  /** The next account's first; that account is then last in turn. */
  shift(): Item {
    const [[account, items]] = this.#accounts as unknown as [[number, Item[]]];
    const item = items.shift() as Item;
    this.#accounts.delete(account);
    if (items.length > 0) this.#accounts.set(account, items);
    this.length -= 1;
    return item;
  }

  /** The account with most waiting. */
  longest(): { account: number; length: number } {
    let [account, length] = [-1, 0];
    for (const [candidate, items] of this.#accounts) {
      if (items.length > length) [account, length] = [candidate, items.length];
    }
    return { account, length };
  }

  /** Gives up the newest of the account with most waiting. */
  drop(): Item {
    const { account } = this.longest();
    const items = this.#accounts.get(account) as Item[];
    const item = items.pop() as Item;
    if (items.length === 0) this.#accounts.delete(account);
    this.length -= 1;
    return item;
  }
}

/** Lines that take turns, and which of them is longest. */
class Ring<Item> {
  readonly #lines = new Map<string, Line<Item>>();
  /** By length, so that finding the longest costs nothing however many there are. */
  readonly #byLength: Set<Line<Item>>[] = [];
  #longest = 0;

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  get(origin: string): Line<Item> | undefined {
    return this.#lines.get(origin);
  }

  add(line: Line<Item>): void {
    this.#lines.set(line.origin, line);
    this.#filed(line);
  }

  remove(line: Line<Item>): void {
    this.#lines.delete(line.origin);
    this.#byLength[line.length]?.delete(line);
    while (this.#longest > 0 && (this.#byLength[this.#longest]?.size ?? 0) === 0) this.#longest -= 1;
  }

  /** Changes a line's length and files it anew; an empty one leaves. Keeps its turn. */
  change<Result>(line: Line<Item>, work: () => Result): Result {
    this.#byLength[line.length]?.delete(line);
    const result = work();
    if (line.length === 0) this.#lines.delete(line.origin);
    else this.#filed(line);
    while (this.#longest > 0 && (this.#byLength[this.#longest]?.size ?? 0) === 0) this.#longest -= 1;
    return result;
  }

  /** The line whose turn it is; it is then last in turn. */
  next(): Line<Item> | undefined {
    const [line] = this.#lines.values();
    if (line === undefined) return undefined;
    this.#lines.delete(line.origin);
    this.#lines.set(line.origin, line);
    return line;
  }

  longest(): Line<Item> | undefined {
    const [line] = this.#byLength[this.#longest] ?? [];
    return line;
  }

  #filed(line: Line<Item>): void {
    const same = this.#byLength[line.length];
    if (same === undefined) this.#byLength[line.length] = new Set([line]);
    else same.add(line);
    this.#longest = Math.max(this.#longest, line.length);
  }
}

/** Of eight turns, while better ones wait: the struck have the eighth, the new the fourth, and the eighth if nobody struck waits. */
const TURNS = 8;

/**
 * What waits to be verified, in turns: origins in turn, and within an origin its accounts in turn. Whoever sends five times as much waits
 * five times as long, and nobody else waits longer than for one item of each origin. Better ranks come first, except for a few turns,
 * so that a crowd of fresh addresses does not crowd out known traders, nor those it. When it is full, the worst rank's longest line gives
 * up its newest, so that a flood is refused and not those whom it crowds out.
 */
export class FairQueue<Item> {
  readonly #limits: FairQueueLimits;
  readonly #rings: Record<Rank, Ring<Item>> = {
    proven: new Ring<Item>(),
    new: new Ring<Item>(),
    struck: new Ring<Item>(),
  };
  #length = 0;
  #turn = 0;

  constructor(limits: FairQueueLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#length;
  }

  /** The best rank of what waits. */
  get best(): Rank | undefined {
    return RANKS.find((rank) => !this.#rings[rank].isEmpty);
  }

  /** Who has to go for an item to come in: nobody, another item, or the item itself ("refused"). */
  push(origin: string, account: number, item: Item, rank: Rank = "new"): { refused: boolean; displaced: Item | null } {
    const refused = { refused: true, displaced: null };
    const ring = this.#rings[rank];
    const own = ring.get(origin);
    const ownLength = own?.lengthOf(account) ?? 0;
    if (ownLength >= this.#limits.perAccountMax) return refused;
    let displaced: Item | null = null;
    if (own !== undefined && own.length >= this.#limits.perOriginMax) {
      if (own.longest().length <= ownLength + 1) return refused;
      displaced = this.#drop(ring, own);
    } else if (this.#length >= this.#limits.waitingMax) {
      const worse = RANKS.slice(RANKS.indexOf(rank) + 1).findLast((other) => !this.#rings[other].isEmpty);
      const from = this.#rings[worse ?? rank];
      const longest = from.longest();
      const gives = longest !== undefined && (worse !== undefined || longest.length > (own?.length ?? 0) + 1);
      if (!gives) return refused;
      displaced = this.#drop(from, longest);
    }
    // Giving something up may have emptied the very line.
    const line = ring.get(origin);
    if (line !== undefined) ring.change(line, () => line.push(account, item));
    else {
      const started = new Line<Item>(origin);
      started.push(account, item);
      ring.add(started);
    }
    this.#length += 1;
    return { refused: false, displaced };
  }

  /** The next in turn. */
  shift(): Item | undefined {
    const waiting = RANKS.filter((rank) => !this.#rings[rank].isEmpty);
    const [best] = waiting;
    if (best === undefined) return undefined;
    if (waiting.length > 1) this.#turn = (this.#turn + 1) % TURNS;
    const rank = waiting.length > 1 ? this.#rankInTurn(waiting, best) : best;
    const ring = this.#rings[rank];
    const line = ring.next();
    if (line === undefined) throw new Error("an empty ring had a turn");
    this.#length -= 1;
    return ring.change(line, () => line.shift());
  }

  /** An origin has another rank from now on; what it has waiting moves with it. */
  setRank(origin: string, rank: Rank): void {
    const to = this.#rings[rank];
    for (const from of Object.values(this.#rings)) {
      const line = from === to ? undefined : from.get(origin);
      if (line === undefined) continue;
      from.remove(line);
      to.add(line);
    }
  }

  #rankInTurn(waiting: readonly Rank[], best: Rank): Rank {
    if (this.#turn === 0) return waiting.at(-1) ?? best;
    return this.#turn === TURNS / 2 && waiting.includes("new") ? "new" : best;
  }

  #drop(ring: Ring<Item>, line: Line<Item>): Item {
    this.#length -= 1;
    return ring.change(line, () => line.drop());
  }
}
