import { type Exact, fromJson, toJson } from "../journal/exact-json.ts";
import type { Json, SnapshotPart } from "../journal/snapshot-part.ts";
import type { ConditionalGroup, ConditionalLeg } from "../protocol/conditional.ts";
import { messageWord } from "../protocol/message.ts";
import type { Command } from "../sequencer/command.ts";
import { isEnded, type LiveGroup } from "../sequencer/conditional-group.ts";
import type { ConditionalReason, ConditionalStatus, ExchangeEvent } from "../sequencer/exchange-event.ts";
import type { ExchangeState } from "../sequencer/exchange-state.ts";
import type { Accepted } from "../sequencer/outcome.ts";
import { Recent } from "./recent.ts";

/** What is remembered of a conditional order. */
export interface ConditionalRecord {
  /** Number of the command that placed it, its place there, and how many there are. */
  readonly group: number;
  readonly leg: number;
  readonly legs: number;
  readonly hasEntry: boolean;
  readonly clientId: string | null;
  readonly terms: ConditionalLeg;
  readonly acceptedAtMs: number;
  status: ConditionalStatus;
  reason: ConditionalReason | null;
  filledLots: number;
  bestTicks: number;
  nextPartMs: number;
  updatedAtMs: number;
}

/** Ended ones that are remembered, all accounts together. */
const ENDED_MAX = 10_000;

const keyOf = (group: number, leg: number) => `${group}/${leg}`;

/** Conditional orders as the durable commands tell them: live ones always, ended ones until newer ones take their place. It decides nothing. */
export class ConditionalRecords {
  readonly #state: ExchangeState;
  readonly #records = new Map<string, ConditionalRecord>();
  readonly #byAccount = new Map<number, Set<string>>();
  /** Of each account those that are not over. */
  readonly #live = new Map<number, Set<ConditionalRecord>>();
  readonly #ended: Recent<string>;

  constructor(state: ExchangeState, endedMax = ENDED_MAX) {
    this.#state = state;
    this.#ended = new Recent(endedMax);
    for (const group of state.conditionals.store.groups()) this.#takeLive(group);
  }

  /** Of an account, in order of acceptance. */
  of(account: number): ConditionalRecord[] {
    const keys = [...(this.#byAccount.get(account) ?? [])];
    return keys.map((key) => this.#looked(this.#records.get(key) as ConditionalRecord));
  }

  /** All orders of a command. */
  group(group: number): ConditionalRecord[] {
    return [0, 1, 2].flatMap((leg) => {
      const record = this.#records.get(keyOf(group, leg));
      return record === undefined ? [] : [this.#looked(record)];
    });
  }

  /** Those of a slot and sequence. */
  named(account: number, slot: number, sequence: number): ConditionalRecord[] {
    return this.of(account).filter(({ terms: { order } }) => order.slot === slot && order.sequence === sequence);
  }

  /** The command that an equal request was accepted as before, or undefined. */
  placedBefore(group: ConditionalGroup): ConditionalRecord[] | undefined {
    const [first] = group.legs;
    if (first === undefined) return undefined;
    const { account, slot, sequence } = first.order;
    for (const { group: number } of this.named(account, slot, sequence)) {
      const known = this.group(number);
      if (isSame(known, group)) return known;
    }
    return undefined;
  }

  /** Takes a durable command in. */
  record({ command: number, acceptedAtMs, events }: Accepted, command: Command): void {
    if (command.type === "conditional") this.#takePlaced(command, number, acceptedAtMs);
    for (const { event } of events) this.#take(event, acceptedAtMs);
  }

  /** What is kept over a restart: the state itself has only what is live. */
  part(): SnapshotPart {
    return {
      name: "conditional-records",
      moment: "durable",
      take: () => {
        const copies = [...this.#records.values()].map((record) => ({ ...record }));
        return (function* lines() {
          for (const record of copies) yield toJson(record as unknown as Exact);
        })();
      },
      restore: (values) => {
        this.#records.clear();
        this.#byAccount.clear();
        this.#live.clear();
        for (const value of values) this.#add(fromJson(value as Json) as unknown as ConditionalRecord);
        const ended = [...this.#records.values()].filter(isEnded);
        ended.sort((a, b) => a.updatedAtMs - b.updatedAtMs || a.group - b.group || a.leg - b.leg);
        for (const record of ended) this.#keepEnded(record);
      },
    };
  }

  #takePlaced({ legs, hasEntry, ...named }: ConditionalGroup, group: number, atMs: number): void {
    const clientId = named.clientId ?? null;
    const times = { acceptedAtMs: atMs, updatedAtMs: atMs };
    const begun = { status: "waiting", reason: null, filledLots: 0, bestTicks: 0, nextPartMs: 0 } as const;
    for (const [leg, terms] of legs.entries()) {
      this.#add({ group, leg, legs: legs.length, hasEntry, clientId, terms, ...times, ...begun });
    }
  }

  #takeLive({ number: group, placedAtMs, hasEntry, legs, ...named }: LiveGroup): void {
    const clientId = named.clientId ?? null;
    for (const { index: leg, terms, status, filledLots, bestTicks, nextPartMs } of legs) {
      const times = { acceptedAtMs: placedAtMs, updatedAtMs: placedAtMs };
      const known = { status, reason: null, filledLots, bestTicks, nextPartMs };
      this.#add({ group, leg, legs: legs.length, hasEntry, clientId, terms, ...times, ...known });
    }
  }

  #take(event: ExchangeEvent, atMs: number): void {
    if (event.type === "fill") {
      this.#filled(event.makerAccount, event.makerSlot, event.makerSequence, event.quantityLots, atMs);
      this.#filled(event.takerAccount, event.takerSlot, event.takerSequence, event.quantityLots, atMs);
      return;
    }
    if (event.type !== "conditional") return;
    const record = this.#records.get(keyOf(event.group, event.leg));
    if (record === undefined || isEnded(record)) return;
    record.status = event.status;
    record.reason = event.reason;
    record.filledLots = event.filledLots;
    record.updatedAtMs = atMs;
    if (isEnded(record)) this.#keepEnded(record);
  }

  #filled(account: number, slot: number, sequence: number, lots: number, atMs: number): void {
    for (const record of this.#live.get(account) ?? []) {
      const { order } = record.terms;
      if (record.status !== "active" || order.slot !== slot || order.sequence !== sequence) continue;
      record.filledLots += lots;
      record.updatedAtMs = atMs;
    }
  }

  /** With what only the state knows while it waits: figures, and no promise. */
  #looked(record: ConditionalRecord): ConditionalRecord {
    const { order } = record.terms;
    const group = this.#state.conditionals.store.on(order.account, order.slot);
    const leg = group?.number === record.group ? group.legs[record.leg] : undefined;
    if (leg === undefined) return { ...record, nextPartMs: 0 };
    return { ...record, bestTicks: leg.bestTicks, nextPartMs: leg.nextPartMs };
  }

  #add(record: ConditionalRecord): void {
    const key = keyOf(record.group, record.leg);
    this.#records.set(key, record);
    const { account } = record.terms.order;
    this.#byAccount.set(account, (this.#byAccount.get(account) ?? new Set()).add(key));
    if (!isEnded(record)) this.#live.set(account, (this.#live.get(account) ?? new Set()).add(record));
  }

  #keepEnded(ended: ConditionalRecord): void {
    this.#letGo(this.#live, ended.terms.order.account, ended);
    const forgotten = this.#ended.push(keyOf(ended.group, ended.leg));
    const record = forgotten === undefined ? undefined : this.#records.get(forgotten);
    if (forgotten === undefined || record === undefined) return;
    this.#records.delete(forgotten);
    this.#letGo(this.#byAccount, record.terms.order.account, forgotten);
  }

  #letGo<T>(byAccount: Map<number, Set<T>>, account: number, item: T): void {
    const items = byAccount.get(account);
    items?.delete(item);
    if (items?.size === 0) byAccount.delete(account);
  }
}

function isSame(known: readonly ConditionalRecord[], { legs, hasEntry, clientId }: ConditionalGroup): boolean {
  return (
    known.length === legs.length &&
    known.every((record, at) => {
      const leg = legs[at] as ConditionalLeg;
      const conditions = (of: ConditionalLeg) => JSON.stringify([of.trigger, of.slicing]);
      const isLinked = record.hasEntry === hasEntry && record.clientId === (clientId ?? null);
      return (
        isLinked &&
        messageWord(record.terms.order) === messageWord(leg.order) &&
        conditions(record.terms) === conditions(leg)
      );
    })
  );
}
