import {
  type RestingOrder,
  slotKeyAccount,
  slotKeySlot,
  termsKeepFilled,
  termsMarket,
  termsPostOnly,
  termsReduceOnly,
  termsSelfTrade,
  termsSide,
  termsTimeInForce,
} from "./order.ts";

/** "No node". */
export const NIL = -1;

// One node is 80 bytes, so that a random cancel touches two cache lines rather than one per field:
// four doubles (integers below 2^53) and twelve 32-bit words, two views of one buffer.
const NODE_WORDS = 20;
const NODE_DOUBLES = 10;
const REMAINING = 0;
const FILLED = 1;
const QUANTITY = 2;
const SEQUENCE = 3;
const KEY = 8;
const PRICE = 9;
const EXPIRY = 10;
const TERMS = 11;
const PREV = 12;
const NEXT = 13;
const LEVEL = 14;
const ACCOUNT_PREV = 15;
const ACCOUNT_NEXT = 16;
const EXPIRY_PREV = 17;
const EXPIRY_NEXT = 18;
const BUCKET = 19;

/**
 * Resting orders as nodes of one growing buffer, named by their index.
 * A node belongs to three intrusive lists: its price level (FIFO), its account, its expiry bucket.
 */
export class OrderPool {
  private words: Int32Array;
  private doubles: Float64Array;
  private capacity: number;
  private free: number = NIL;
  private used = 0;
  /** Number of nodes in use. */
  size = 0;

  constructor(capacity = 1024) {
    const buffer = new ArrayBuffer(capacity * NODE_WORDS * 4);
    this.words = new Int32Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.capacity = capacity;
  }

  get bytesAllocated(): number {
    return this.words.byteLength;
  }

  allocate(): number {
    this.size += 1;
    if (this.free !== NIL) {
      const node = this.free;
      this.free = this.words[node * NODE_WORDS + NEXT] as number;
      return node;
    }
    if (this.used === this.capacity) this.grow();
    return this.used++;
  }

  release(node: number): void {
    this.words[node * NODE_WORDS + NEXT] = this.free;
    this.free = node;
    this.size -= 1;
  }

  /** The nodes of this moment, to be read later and never to be changed. */
  copy(): OrderPool {
    const copy = new OrderPool(0);
    copy.words = this.words.slice();
    copy.doubles = new Float64Array(copy.words.buffer);
    copy.size = this.size;
    return copy;
  }

  /** By a quarter: what stays unused is part of what an order costs. */
  private grow(): void {
    const capacity = this.capacity + (this.capacity >> 2);
    const buffer = new ArrayBuffer(capacity * NODE_WORDS * 4);
    const words = new Int32Array(buffer);
    words.set(this.words);
    this.words = words;
    this.doubles = new Float64Array(buffer);
    this.capacity = capacity;
  }

  remainingLots(node: number): number {
    return this.doubles[node * NODE_DOUBLES + REMAINING] as number;
  }
  setRemainingLots(node: number, lots: number): void {
    this.doubles[node * NODE_DOUBLES + REMAINING] = lots;
  }
  filledLots(node: number): number {
    return this.doubles[node * NODE_DOUBLES + FILLED] as number;
  }
  setFilledLots(node: number, lots: number): void {
    this.doubles[node * NODE_DOUBLES + FILLED] = lots;
  }
  quantityLots(node: number): number {
    return this.doubles[node * NODE_DOUBLES + QUANTITY] as number;
  }
  setQuantityLots(node: number, lots: number): void {
    this.doubles[node * NODE_DOUBLES + QUANTITY] = lots;
  }
  sequence(node: number): number {
    return this.doubles[node * NODE_DOUBLES + SEQUENCE] as number;
  }
  setSequence(node: number, sequence: number): void {
    this.doubles[node * NODE_DOUBLES + SEQUENCE] = sequence;
  }
  /** (account, slot), see slotKey. */
  key(node: number): number {
    return this.words[node * NODE_WORDS + KEY] as number;
  }
  setKey(node: number, key: number): void {
    this.words[node * NODE_WORDS + KEY] = key;
  }
  account(node: number): number {
    return slotKeyAccount(this.words[node * NODE_WORDS + KEY] as number);
  }
  slot(node: number): number {
    return slotKeySlot(this.words[node * NODE_WORDS + KEY] as number);
  }
  priceTicks(node: number): number {
    return (this.words[node * NODE_WORDS + PRICE] as number) >>> 0;
  }
  setPriceTicks(node: number, ticks: number): void {
    this.words[node * NODE_WORDS + PRICE] = ticks;
  }
  expirySeconds(node: number): number {
    return (this.words[node * NODE_WORDS + EXPIRY] as number) >>> 0;
  }
  setExpirySeconds(node: number, seconds: number): void {
    this.words[node * NODE_WORDS + EXPIRY] = seconds;
  }
  /** Packed terms, see packTerms. */
  terms(node: number): number {
    return this.words[node * NODE_WORDS + TERMS] as number;
  }
  setTerms(node: number, terms: number): void {
    this.words[node * NODE_WORDS + TERMS] = terms;
  }
  prev(node: number): number {
    return this.words[node * NODE_WORDS + PREV] as number;
  }
  setPrev(node: number, prev: number): void {
    this.words[node * NODE_WORDS + PREV] = prev;
  }
  next(node: number): number {
    return this.words[node * NODE_WORDS + NEXT] as number;
  }
  setNext(node: number, next: number): void {
    this.words[node * NODE_WORDS + NEXT] = next;
  }
  level(node: number): number {
    return this.words[node * NODE_WORDS + LEVEL] as number;
  }
  setLevel(node: number, level: number): void {
    this.words[node * NODE_WORDS + LEVEL] = level;
  }
  accountPrev(node: number): number {
    return this.words[node * NODE_WORDS + ACCOUNT_PREV] as number;
  }
  setAccountPrev(node: number, prev: number): void {
    this.words[node * NODE_WORDS + ACCOUNT_PREV] = prev;
  }
  accountNext(node: number): number {
    return this.words[node * NODE_WORDS + ACCOUNT_NEXT] as number;
  }
  setAccountNext(node: number, next: number): void {
    this.words[node * NODE_WORDS + ACCOUNT_NEXT] = next;
  }
  expiryPrev(node: number): number {
    return this.words[node * NODE_WORDS + EXPIRY_PREV] as number;
  }
  setExpiryPrev(node: number, prev: number): void {
    this.words[node * NODE_WORDS + EXPIRY_PREV] = prev;
  }
  expiryNext(node: number): number {
    return this.words[node * NODE_WORDS + EXPIRY_NEXT] as number;
  }
  setExpiryNext(node: number, next: number): void {
    this.words[node * NODE_WORDS + EXPIRY_NEXT] = next;
  }
  bucket(node: number): number {
    return this.words[node * NODE_WORDS + BUCKET] as number;
  }
  setBucket(node: number, bucket: number): void {
    this.words[node * NODE_WORDS + BUCKET] = bucket;
  }

  /** A plain copy of the node, for views. */
  read(node: number): RestingOrder {
    const terms = this.terms(node);
    return {
      account: this.account(node),
      slot: this.slot(node),
      sequence: this.sequence(node),
      market: termsMarket(terms),
      side: termsSide(terms),
      quantityLots: this.quantityLots(node),
      limitPriceTicks: this.priceTicks(node),
      expirySeconds: this.expirySeconds(node),
      timeInForce: termsTimeInForce(terms),
      postOnly: termsPostOnly(terms),
      reduceOnly: termsReduceOnly(terms),
      selfTrade: termsSelfTrade(terms),
      keepFilled: termsKeepFilled(terms),
      filledLots: this.filledLots(node),
      remainingLots: this.remainingLots(node),
    };
  }
}
