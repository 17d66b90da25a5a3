import { NIL } from "./order-pool.ts";

const FIRST_CAPACITY = 1024;
/** 2^32 / golden ratio, odd: spreads consecutive keys over the table's top bits. */
const HASH_FACTOR = 0x9e3779b1;

// An entry is 16 bytes, so that whoever finds it has read the rest of it too: the sequence, a double, then key and node, in
// two views of one buffer.
const ENTRY_WORDS = 4;
const ENTRY_DOUBLES = 2;
const KEY = 2;
const NODE = 3;

/**
 * What the matcher knows of every order slot it has seen: the last sequence accepted there, and the live order's node.
 *
 * A slot is never forgotten. A cancelled order that was never filled leaves no trace in the proven state, so only this
 * memory keeps its signed message from being placed again.
 *
 * Open addressing with linear probing, at most 7/10 full: 16 bytes an entry, 23 to 46 bytes a slot.
 */
export class SlotTable {
  private words: Int32Array;
  private sequences: Float64Array;
  private capacity: number;
  private shift: number;
  /** Number of slots known. */
  size = 0;

  constructor() {
    this.capacity = FIRST_CAPACITY;
    this.shift = Math.clz32(FIRST_CAPACITY) + 1;
    this.words = emptyEntries(FIRST_CAPACITY);
    this.sequences = new Float64Array(this.words.buffer);
  }

  get bytesAllocated(): number {
    return this.words.byteLength;
  }

  /** Entry of a key, or NIL. Entries are valid until the next {@link ensure}. */
  find(key: number): number {
    const at = this.probe(key);
    return this.words[at * ENTRY_WORDS + KEY] === key ? at : NIL;
  }

  /** Entry of a key, added with sequence 0 and no live order when it is new. */
  ensure(key: number): number {
    let at = this.probe(key);
    if (this.words[at * ENTRY_WORDS + KEY] === key) return at;
    if ((this.size + 1) * 10 > this.capacity * 7) {
      this.grow();
      at = this.probe(key);
    }
    this.words[at * ENTRY_WORDS + KEY] = key;
    this.size += 1;
    return at;
  }

  /** Live order of an entry, or NIL. */
  node(entry: number): number {
    return this.words[entry * ENTRY_WORDS + NODE] as number;
  }
  setNode(entry: number, node: number): void {
    this.words[entry * ENTRY_WORDS + NODE] = node;
  }
  /** Highest sequence accepted on the slot. */
  sequence(entry: number): number {
    return this.sequences[entry * ENTRY_DOUBLES] as number;
  }
  setSequence(entry: number, sequence: number): void {
    this.sequences[entry * ENTRY_DOUBLES] = sequence;
  }

  /** Keys without a live order, ascending. */
  vacantKeys(): number[] {
    const keys: number[] = [];
    for (let at = 0; at < this.capacity; at++) {
      const key = this.words[at * ENTRY_WORDS + KEY] as number;
      if (key !== NIL && this.node(at) === NIL) keys.push(key);
    }
    return keys.sort((a, b) => a - b);
  }

  private probe(key: number): number {
    const words = this.words;
    const mask = this.capacity - 1;
    let at = Math.imul(key, HASH_FACTOR) >>> this.shift;
    while (true) {
      const found = words[at * ENTRY_WORDS + KEY] as number;
      if (found === key || found === NIL) return at;
      at = (at + 1) & mask;
    }
  }

  private grow(): void {
    const { words, sequences } = this;
    const before = this.capacity;
    this.capacity *= 2;
    this.shift -= 1;
    this.words = emptyEntries(this.capacity);
    this.sequences = new Float64Array(this.words.buffer);
    for (let from = 0; from < before; from++) {
      const key = words[from * ENTRY_WORDS + KEY] as number;
      if (key === NIL) continue;
      const at = this.probe(key);
      this.words[at * ENTRY_WORDS + KEY] = key;
      this.setNode(at, words[from * ENTRY_WORDS + NODE] as number);
      this.setSequence(at, sequences[from * ENTRY_DOUBLES] as number);
    }
  }
}

/** Entries without key or node, of sequence 0. */
function emptyEntries(capacity: number): Int32Array {
  const words = new Int32Array(capacity * ENTRY_WORDS);
  for (let at = 0; at < words.length; at += ENTRY_WORDS) {
    words[at + KEY] = NIL;
    words[at + NODE] = NIL;
  }
  return words;
}
