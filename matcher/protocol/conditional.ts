import { type ByteReader, ByteWriter } from "./byte-stream.ts";
import { isClientId } from "./journal-record.ts";
import { messageWord, type OrderMessage, orderFromWord, type Signed } from "./message.ts";

/** Kinds of triggers. Positions in this list are the journal's encoding, from 1. */
export const TRIGGER_KINDS = ["stop", "takeProfit", "trailingTicks", "trailingPpm"] as const;
export type TriggerKind = (typeof TRIGGER_KINDS)[number];

/** When an order is let in: by the price of the epoch in force. */
export interface Trigger {
  readonly kind: TriggerKind;
  /** stop, takeProfit: the price, ticks. The others: how far the price comes back from its best, in ticks or in ppm of the best. */
  readonly value: number;
}

/** An order that shows a part of itself at a time. */
export interface IcebergSlicing {
  readonly kind: "iceberg";
  readonly shownLots: number;
}

/** An order that is executed in parts over time. */
export interface TwapSlicing {
  readonly kind: "twap";
  /** Not before this time of the exchange's clock; 0: at once. */
  readonly startMs: number;
  readonly parts: number;
  readonly intervalSeconds: number;
  /** Each part comes later by up to this fraction of the interval, by the order's hash. */
  readonly jitterPpm: number;
  /** No part pays worse than the epoch's price by more than this; 0: the signed limit alone counts. */
  readonly tolerancePpm: number;
}

export type Slicing = IcebergSlicing | TwapSlicing;

/**
 * A signed order with the conditions on which it is let into the book. The conditions are not signed: what is executed stays within the
 * order all the same, which is what is proven.
 */
export interface ConditionalLeg {
  readonly order: Signed<OrderMessage>;
  /** null: let in at once, or with the entry's first fill. */
  readonly trigger: Trigger | null;
  /** null: whole. */
  readonly slicing: Slicing | null;
}

/** Orders that belong together. Those on one slot share its sequence, so that what all of them fill is counted as one. */
export interface ConditionalGroup {
  /** 1 to 3; of those beside the entry at most one is executed. */
  readonly legs: readonly ConditionalLeg[];
  /** Whether the first is an entry, by whose fills the others come to life, as far as it is filled. */
  readonly hasEntry: boolean;
  /** The client's own name for the first one. */
  readonly clientId?: string;
}

export const LEGS_MAX = 3;
/** First byte of such a command among all (sequencer/command-bytes.ts has the others). */
export const CONDITIONAL_TAG = 16;

const NO_SLICING = 0;
const ICEBERG = 1;
const TWAP = 2;

/** Canonical bytes of a conditional command. @throws RangeError naming what does not fit */
export function conditionalCommandBytes({ legs, hasEntry, clientId = "" }: ConditionalGroup): Uint8Array {
  if (clientId !== "" && !isClientId(clientId)) throw new RangeError("a client id that is not printable");
  const out = new ByteWriter();
  out.uint(CONDITIONAL_TAG, 1);
  out.uint(hasEntry ? 1 : 0, 1);
  out.uint(legs.length, 1);
  for (const { order, trigger, slicing } of legs) {
    out.bigUint(messageWord(order), 32);
    out.bigUint(order.signature.r8x, 32);
    out.bigUint(order.signature.r8y, 32);
    out.bigUint(order.signature.s, 32);
    out.uint(trigger === null ? 0 : TRIGGER_KINDS.indexOf(trigger.kind) + 1, 1);
    out.uint(trigger?.value ?? 0, 4);
    writeSlicing(out, slicing);
  }
  out.uint(clientId.length, 1);
  for (const character of clientId) out.uint(character.charCodeAt(0), 1);
  return out.bytes();
}

/** Inverse of {@link conditionalCommandBytes}, behind the first byte. @throws RangeError for bytes that are none */
export function readConditional(source: ByteReader): ConditionalGroup {
  const hasEntry = readFlag(source);
  const count = source.uint(1);
  if (count < 1 || count > LEGS_MAX) throw new RangeError(`${count} orders in one command`);
  const legs = Array.from({ length: count }, (): ConditionalLeg => {
    const message = orderFromWord(source.bigUint(32));
    const signature = { r8x: source.bigUint(32), r8y: source.bigUint(32), s: source.bigUint(32) };
    const kind = source.uint(1);
    const value = source.uint(4);
    return { order: { ...message, signature }, trigger: triggerOf(kind, value), slicing: readSlicing(source) };
  });
  const length = source.uint(1);
  const clientId = String.fromCharCode(...Array.from({ length }, () => source.uint(1)));
  if (length > 0 && !isClientId(clientId)) throw new RangeError("a client id that is not printable");
  return { legs, hasEntry, ...(length === 0 ? {} : { clientId }) };
}

function triggerOf(number: number, value: number): Trigger | null {
  if (number === 0 && value === 0) return null;
  const kind = TRIGGER_KINDS[number - 1];
  if (kind === undefined) throw new RangeError(`no trigger has the number ${number}`);
  return { kind, value };
}

function writeSlicing(out: ByteWriter, slicing: Slicing | null): void {
  if (slicing === null) {
    out.uint(NO_SLICING, 1);
    return;
  }
  if (slicing.kind === "iceberg") {
    out.uint(ICEBERG, 1);
    out.uint(slicing.shownLots, 5);
    return;
  }
  out.uint(TWAP, 1);
  out.uint(slicing.startMs, 8);
  out.uint(slicing.parts, 2);
  out.uint(slicing.intervalSeconds, 4);
  out.uint(slicing.jitterPpm, 4);
  out.uint(slicing.tolerancePpm, 4);
}

function readSlicing(source: ByteReader): Slicing | null {
  const number = source.uint(1);
  if (number === NO_SLICING) return null;
  if (number === ICEBERG) return { kind: "iceberg", shownLots: source.uint(5) };
  if (number !== TWAP) throw new RangeError(`no slicing has the number ${number}`);
  const startMs = source.uint(8);
  const parts = source.uint(2);
  const intervalSeconds = source.uint(4);
  const jitterPpm = source.uint(4);
  return { kind: "twap", startMs, parts, intervalSeconds, jitterPpm, tolerancePpm: source.uint(4) };
}

function readFlag(source: ByteReader): boolean {
  const value = source.uint(1);
  if (value > 1) throw new RangeError(`${value} is no flag`);
  return value === 1;
}
