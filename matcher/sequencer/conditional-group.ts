import { slotKey } from "../book/order.ts";
import { ByteWriter } from "../protocol/byte-stream.ts";
import type { ConditionalGroup, ConditionalLeg, TwapSlicing } from "../protocol/conditional.ts";
import { recordDigest } from "../protocol/journal-head.ts";
import { messageWord } from "../protocol/message.ts";
import { PPM } from "../protocol/spec.ts";
import type { ConditionalStatus } from "./exchange-event.ts";

const MS_PER_SECOND = 1_000;

/** What has become of one order of a group. */
export interface LegState {
  status: ConditionalStatus;
  /** Best price since it waits, for one that trails. */
  bestTicks: number;
  filledLots: number;
  /** Taken off by self-trade prevention. */
  takenOffLots: number;
  /** Of a TWAP: the part to come, from 0, and when; 0 when no more come. */
  nextPart: number;
  nextPartMs: number;
  /** To be let in, or, of one that rests, to grow. */
  isReady: boolean;
}

export type GroupLeg = LegState & { readonly index: number; readonly terms: ConditionalLeg };

/** Orders that belong together, while one of them may still be executed. */
export class LiveGroup {
  readonly legs: readonly GroupLeg[];
  readonly hasEntry: boolean;
  readonly clientId: string | undefined;
  /** Of the command that placed it. */
  readonly number: number;
  readonly placedAtMs: number;
  /** Slots on which one of its orders was in the book. */
  readonly entered: Set<number>;

  constructor(
    { legs, hasEntry, clientId }: ConditionalGroup,
    placed: { number: number; placedAtMs: number; entered?: readonly number[] },
    states: readonly LegState[] = [],
  ) {
    this.hasEntry = hasEntry;
    this.clientId = clientId;
    this.number = placed.number;
    this.placedAtMs = placed.placedAtMs;
    this.entered = new Set(placed.entered);
    this.legs = legs.map((terms, index) => ({ ...(states[index] ?? newState()), index, terms }));
  }

  get account(): number {
    return this.first.terms.order.account;
  }

  get market(): number {
    return this.first.terms.order.market;
  }

  get first(): GroupLeg {
    return this.legs[0] as GroupLeg;
  }

  get entry(): GroupLeg | undefined {
    return this.hasEntry ? this.first : undefined;
  }

  get isOver(): boolean {
    return this.legs.every(isEnded);
  }

  /** Slots that it holds: one, or two with an entry. */
  slotKeys(): number[] {
    return [...new Set(this.legs.map(({ terms }) => slotKey(terms.order.account, terms.order.slot)))];
  }

  /** Its orders on a slot. */
  on(slot: number): GroupLeg[] {
    return this.legs.filter(({ terms }) => terms.order.slot === slot);
  }

  /** Sequence of what may still be executed on a slot, or null. */
  liveSequenceOn(slot: number): number | null {
    return this.on(slot).find((leg) => !isEnded(leg))?.terms.order.sequence ?? null;
  }

  sequenceOn(slot: number): number {
    return this.on(slot)[0]?.terms.order.sequence ?? 0;
  }

  isDependent(leg: GroupLeg): boolean {
    return this.hasEntry && leg.index > 0;
  }

  /** Most that an order may fill so far: what depends on an entry follows what that has filled. */
  mostLots(leg: GroupLeg): number {
    const { quantityLots } = leg.terms.order;
    return this.isDependent(leg) ? Math.min(quantityLots, this.first.filledLots) : quantityLots;
  }

  /** As plain data, of this moment. */
  image(): GroupImage {
    const { number, placedAtMs, hasEntry, clientId, entered, legs } = this;
    return {
      number,
      placedAtMs,
      hasEntry,
      clientId: clientId ?? null,
      entered: [...entered].sort((a, b) => a - b),
      legs: legs.map(({ terms }) => terms),
      states: legs.map(({ index: _, terms: __, ...state }) => state),
    };
  }

  /** Inverse of {@link image}. */
  static from({ legs, states, hasEntry, clientId, ...placed }: GroupImage): LiveGroup {
    return new LiveGroup({ legs, hasEntry, ...(clientId === null ? {} : { clientId }) }, placed, states);
  }
}

export interface GroupImage {
  readonly number: number;
  readonly placedAtMs: number;
  readonly hasEntry: boolean;
  readonly clientId: string | null;
  readonly entered: readonly number[];
  readonly legs: readonly ConditionalLeg[];
  readonly states: readonly LegState[];
}

function newState(): LegState {
  return {
    status: "waiting",
    bestTicks: 0,
    filledLots: 0,
    takenOffLots: 0,
    nextPart: 0,
    nextPartMs: 0,
    isReady: false,
  };
}

export function isEnded({ status }: Pick<LegState, "status">): boolean {
  return status === "done" || status === "cancelled" || status === "refused";
}

/** When a part of a TWAP is due. @param startMs of the first one, without its jitter */
export function partMs({ order }: ConditionalLeg, slicing: TwapSlicing, startMs: number, part: number): number {
  const { intervalSeconds, jitterPpm } = slicing;
  const at = startMs + part * intervalSeconds * MS_PER_SECOND;
  if (jitterPpm === 0) return at;
  const seed = new ByteWriter();
  seed.bigUint(messageWord(order), 32);
  seed.uint(part, 2);
  const spanMs = Math.floor((intervalSeconds * MS_PER_SECOND * jitterPpm) / PPM) + 1;
  return at + Number(recordDigest(seed.bytes()) % BigInt(spanMs));
}

/** The last part whose time has come. @param from one whose time has come */
export function duePart(
  leg: ConditionalLeg,
  slicing: TwapSlicing,
  startMs: number,
  from: number,
  nowMs: number,
): number {
  const { intervalSeconds, parts } = slicing;
  const passed = Math.floor((nowMs - startMs) / (intervalSeconds * MS_PER_SECOND));
  // With its jitter a part may come up to one interval later than its turn.
  let part = Math.min(Math.max(passed, from), parts - 1);
  while (part > from && partMs(leg, slicing, startMs, part) > nowMs) part -= 1;
  return part;
}
