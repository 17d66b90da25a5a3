import type { LoginMessage } from "./login.ts";
import { pack, unpack } from "./packing.ts";
import { MAX_FEE_OFFSET_PPM, MESSAGE_KIND, MESSAGE_WORD, ROW_KIND, type RowKindName, WIDTH } from "./spec.ts";

export type Side = "buy" | "sell";
export type TimeInForce = "GTT" | "IOC" | "FOK";
export type SelfTrade = "expire-maker" | "expire-taker" | "expire-both" | "decrement";

/** Positions in these lists are the signed encoding (docs/protocol.md §3). */
export const TIMES_IN_FORCE: readonly TimeInForce[] = ["GTT", "IOC", "FOK"];
export const SELF_TRADES: readonly SelfTrade[] = ["expire-maker", "expire-taker", "expire-both", "decrement"];

/** An order as signed. Numbers are safe integers within the widths of spec.ts. */
export interface OrderMessage {
  kind: "order";
  account: number;
  market: number;
  side: Side;
  /** Keep the slot's filled quantity when this sequence is a later revision of the slot's order: an amend can never overfill. */
  keepFilled: boolean;
  reduceOnly: boolean;
  postOnly: boolean;
  timeInForce: TimeInForce;
  selfTrade: SelfTrade;
  slot: number;
  sequence: number;
  expirySeconds: number;
  /** Signed: a negative maximum asks for a rebate. −2^19 ≤ x < 2^19. */
  maxFeePpm: number;
  limitPriceTicks: number;
  /** Total quantity of the order, fills included. */
  quantityLots: number;
}

export interface CancelMessage {
  kind: "cancel";
  account: number;
  slot: number;
  sequence: number;
}

export interface CancelAllMessage {
  kind: "cancelAll";
  account: number;
  /** The new minimum: every order below it is dead once the batch is settled. */
  sequence: number;
}

export interface WithdrawalMessage {
  kind: "withdrawal";
  account: number;
  /** The account's withdrawal nonce. */
  sequence: number;
  expirySeconds: number;
  /** Paid to the account's L1 owner, nobody else. < 2^72. */
  amountMicroUsd: bigint;
}

export interface TransferMessage {
  kind: "transfer";
  account: number;
  /** Receiving account: one of the same L1 owner. */
  to: number;
  /** The sending account's withdrawal nonce. */
  sequence: number;
  expirySeconds: number;
  /** < 2^72. */
  amountMicroUsd: bigint;
}

/**
 * An account becomes isolated for one market, or cross again. It is the matcher's to keep and no row of any batch: what an account of its
 * own proves without it is that nothing but its own collateral can be lost.
 */
export interface MarginModeMessage {
  kind: "marginMode";
  account: number;
  /** The one market that the account will trade; null makes it cross. */
  isolatedMarket: number | null;
  /** Above every one that the account sent before for this. */
  sequence: number;
}

/** What becomes a row of a batch. */
export type Message = OrderMessage | CancelMessage | CancelAllMessage | WithdrawalMessage | TransferMessage;

/** What is a command once its signature is checked. */
export type Instruction = Message | MarginModeMessage;

/** Whatever a trading key signs. */
export type Statement = Instruction | LoginMessage;

/** EdDSA-Poseidon signature on BabyJubJub, as circomlib verifies it. */
export interface Signature {
  r8x: bigint;
  r8y: bigint;
  s: bigint;
}

export type Signed<M extends Statement = Message> = M & { signature: Signature };

/** Raw fields of the message word, for the packer and the circuit. */
export type MessageFields = Record<(typeof MESSAGE_WORD)[number][0], bigint>;

const NO_FIELDS: MessageFields = {
  account: 0n,
  market: 0n,
  side: 0n,
  keepFilled: 0n,
  flags: 0n,
  slot: 0n,
  sequence: 0n,
  expirySeconds: 0n,
  maxFee: 0n,
  limitPriceTicks: 0n,
  quantityLots: 0n,
};

export function orderFlags(order: OrderMessage): number {
  return (
    (order.reduceOnly ? 1 : 0) |
    (order.postOnly ? 2 : 0) |
    (TIMES_IN_FORCE.indexOf(order.timeInForce) << 2) |
    (SELF_TRADES.indexOf(order.selfTrade) << 4)
  );
}

/** Fields of the signed word of a message; unused ones are zero (docs/protocol.md §3). */
export function messageFields(message: Statement): MessageFields {
  const sequence = message.kind === "login" ? message.issuedAtMs : message.sequence;
  const fields = { ...NO_FIELDS, account: BigInt(message.account), sequence: BigInt(sequence) };
  switch (message.kind) {
    case "order":
      fields.market = BigInt(message.market);
      fields.side = message.side === "sell" ? 1n : 0n;
      fields.keepFilled = message.keepFilled ? 1n : 0n;
      fields.flags = BigInt(orderFlags(message));
      fields.slot = BigInt(message.slot);
      fields.expirySeconds = BigInt(message.expirySeconds);
      fields.maxFee = BigInt(message.maxFeePpm + MAX_FEE_OFFSET_PPM);
      fields.limitPriceTicks = BigInt(message.limitPriceTicks);
      fields.quantityLots = BigInt(message.quantityLots);
      return fields;
    case "cancel":
      fields.slot = BigInt(message.slot);
      return fields;
    case "cancelAll":
    case "login":
      return fields;
    case "transfer":
      fields.slot = BigInt(message.to) & ((1n << BigInt(WIDTH.slot)) - 1n);
      fields.flags = BigInt(message.to) >> BigInt(WIDTH.slot);
      payFields(fields, message);
      return fields;
    case "withdrawal":
      payFields(fields, message);
      return fields;
    case "marginMode":
      fields.market = BigInt(message.isolatedMarket ?? 0);
      fields.side = message.isolatedMarket === null ? 0n : 1n;
      return fields;
  }
}

function payFields(fields: MessageFields, message: WithdrawalMessage | TransferMessage): void {
  fields.expirySeconds = BigInt(message.expirySeconds);
  fields.limitPriceTicks = message.amountMicroUsd >> BigInt(WIDTH.quantityLots);
  fields.quantityLots = message.amountMicroUsd & ((1n << BigInt(WIDTH.quantityLots)) - 1n);
}

/** Position in the account's order tree that a row proves a path for: its slot field, whatever the kind means by it. */
export function pathSlot(message: Message): number {
  return Number(messageFields(message).slot);
}

/** The word that is signed. @throws RangeError naming a field that does not fit its width. */
export function messageWord(message: Statement): bigint {
  return pack(MESSAGE_WORD, messageFields(message));
}

/** Reads an order back from its word. @throws RangeError on bits that no order can have. */
export function orderFromWord(word: bigint): OrderMessage {
  const f = unpack(MESSAGE_WORD, word);
  const flags = Number(f.flags);
  const timeInForce = TIMES_IN_FORCE[(flags >> 2) & 3];
  const selfTrade = SELF_TRADES[(flags >> 4) & 3];
  if (timeInForce === undefined || selfTrade === undefined || flags >> 6 !== 0)
    throw new RangeError(`flags ${flags} are not an order's`);
  return {
    kind: "order",
    account: Number(f.account),
    market: Number(f.market),
    side: f.side === 1n ? "sell" : "buy",
    keepFilled: f.keepFilled === 1n,
    reduceOnly: (flags & 1) !== 0,
    postOnly: (flags & 2) !== 0,
    timeInForce,
    selfTrade,
    slot: Number(f.slot),
    sequence: Number(f.sequence),
    expirySeconds: Number(f.expirySeconds),
    maxFeePpm: Number(f.maxFee) - MAX_FEE_OFFSET_PPM,
    limitPriceTicks: Number(f.limitPriceTicks),
    quantityLots: Number(f.quantityLots),
  };
}

/** Sequences of one order: its number times this, plus the revision. */
export const REVISIONS: number = 2 ** WIDTH.revision;

/** Number of the order that a sequence is a revision of: an amend that keeps `filled` must have it in common with what it amends. */
export function orderNumber(sequence: number): number {
  return Math.floor(sequence / REVISIONS);
}

export function kindNumber(kind: RowKindName): number {
  return ROW_KIND[kind];
}

/** Number of a signed message's kind, in its hash and in the journal. */
export function instructionKind(kind: Statement["kind"]): number {
  return MESSAGE_KIND[kind];
}
