import { NIL } from "./order-pool.ts";

const FIRST_CAPACITY = 1024;
/** 2^32 / golden ratio, odd: spreads consecutive keys over the table's top bits. */
const HASH_FACTOR = 0x9e3779b1;

/**
 * What the matcher knows of every order slot it has seen: the last sequence accepted there, and the live order's node.
 *
 * A slot is never forgotten. A cancelled order that was never filled leaves no trace in the proven state, so only this
 * memory keeps its signed message from being placed again.
 *
 * Open addressing with linear probing, at most 7/10 full: 16 bytes an entry, 23 to 46 bytes a slot.
 */
export class SlotTable {
  private keys: Int32Array;
  private nodes: Int32Array;
  private sequences: Float64Array;
  private capacity: number;
  private shift: number;
  /** Number of slots known. */
  size = 0;

  constructor() {
    this.capacity = FIRST_CAPACITY;
    this.shift = Math.clz32(FIRST_CAPACITY) + 1;
    this.keys = new Int32Array(FIRST_CAPACITY).fill(NIL);
    this.nodes = new Int32Array(FIRST_CAPACITY).fill(NIL);
    this.sequences = new Float64Array(FIRST_CAPACITY);
  }

  get bytesAllocated(): number {
    return this.capacity * 16;
  }

  /** Entry of a key, or NIL. Entries are valid until the next {@link ensure}. */
  find(key: number): number {
    const at = this.probe(key);
    return this.keys[at] === key ? at : NIL;
  }

  /** Entry of a key, added with sequence 0 and no live order when it is new. */
  ensure(key: number): number {
    let at = this.probe(key);
    if (this.keys[at] === key) return at;
    if ((this.size + 1) * 10 > this.capacity * 7) {
      this.grow();
      at = this.probe(key);
    }
    this.keys[at] = key;
    this.nodes[at] = NIL;
    this.sequences[at] = 0;
    this.size += 1;
    return at;
  }

  /** Live order of an entry, or NIL. */
  node(entry: number): number {
    return this.nodes[entry] as number;
  }
  setNode(entry: number, node: number): void {
    this.nodes[entry] = node;
  }
  /** Highest sequence accepted on the slot. */
  sequence(entry: number): number {
    return this.sequences[entry] as number;
  }
  setSequence(entry: number, sequence: number): void {
    this.sequences[entry] = sequence;
  }

  /** Keys without a live order, ascending. */
  vacantKeys(): number[] {
    const keys: number[] = [];
    for (let at = 0; at < this.capacity; at++) {
      if (this.keys[at] !== NIL && this.nodes[at] === NIL) keys.push(this.keys[at] as number);
    }
    return keys.sort((a, b) => a - b);
  }

  private probe(key: number): number {
    const keys = this.keys;
    const mask = this.capacity - 1;
    let at = Math.imul(key, HASH_FACTOR) >>> this.shift;
    while (true) {
      const found = keys[at] as number;
      if (found === key || found === NIL) return at;
      at = (at + 1) & mask;
    }
  }

  private grow(): void {
    const { keys, nodes, sequences } = this;
    this.capacity *= 2;
    this.shift -= 1;
    this.keys = new Int32Array(this.capacity).fill(NIL);
    this.nodes = new Int32Array(this.capacity).fill(NIL);
    this.sequences = new Float64Array(this.capacity);
    for (let from = 0; from < keys.length; from++) {
      const key = keys[from] as number;
      if (key === NIL) continue;
      const at = this.probe(key);
      this.keys[at] = key;
      this.nodes[at] = nodes[from] as number;
      this.sequences[at] = sequences[from] as number;
    }
  }
}
