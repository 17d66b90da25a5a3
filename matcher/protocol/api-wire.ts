import type { WireMargin, WireMarginMode, WirePosition } from "./margin-wire.ts";
import type { SelfTrade, Side, TimeInForce } from "./message.ts";
import type { RejectCode } from "./reject.ts";

/**
 * What goes over the wire between the API and its clients. Prices, sizes and amounts are decimal strings, exact; times end in Ms
 * (milliseconds, the matcher's clock) or Seconds (signed, or an epoch's); 254-bit numbers are decimal or 0x-hexadecimal strings.
 */

export interface WireSignature {
  r8x: string;
  r8y: string;
  s: string;
}

/** Body of POST /v1/orders. Everything but the optional fields is signed. */
export interface WireOrderRequest {
  account: number;
  /** Symbol, for example "BTC-USD". */
  market: string;
  side: Side;
  /** USD. */
  price: string;
  /** Units of the base asset; the order's total, fills included. */
  size: string;
  timeInForce: TimeInForce;
  postOnly: boolean;
  reduceOnly: boolean;
  keepFilled: boolean;
  selfTrade: SelfTrade;
  slot: number;
  sequence: number;
  expirySeconds: number;
  maxFeePpm: number;
  signature: WireSignature;
  /** The client's own name for the order, echoed; not signed. */
  clientId?: string;
  /** When given, checked before the signature, so that a wrong one is named. */
  chainId?: number;
  exchange?: string;
}

export interface WireCancelRequest {
  account: number;
  slot: number;
  sequence: number;
  signature: WireSignature;
  /** True: prove it, so that no order of this sequence can ever come back. Default false: out of the book at once, a promise. */
  settle?: boolean;
}

export interface WireCancelAllRequest {
  account: number;
  /** The new minimum: orders below it are gone. */
  sequence: number;
  signature: WireSignature;
  settle?: boolean;
}

export interface WireWithdrawalRequest {
  account: number;
  nonce: number;
  /** USD. */
  amount: string;
  expirySeconds: number;
  signature: WireSignature;
}

export interface WireTransferRequest extends WireWithdrawalRequest {
  /** Receiving account, of the same L1 owner. */
  to: number;
}

/** Body of POST /v1/margin-mode. */
export interface WireMarginModeRequest {
  account: number;
  /** Symbol of the one market that the account will trade, or null: cross. */
  isolatedMarket: string | null;
  sequence: number;
  signature: WireSignature;
}

/** accepted: in the book's history. matched: executed, promised to settle. proven: settled by a proof that the contract checked. */
export type WireFinalityLabel = "accepted" | "matched" | "proven";

export interface WireFinality {
  label: WireFinalityLabel;
  batchNumber: number | null;
  txHash: string | null;
}

export interface WireOrder {
  account: number;
  slot: number;
  sequence: number;
  market: string;
  side: Side;
  price: string;
  size: string;
  filledSize: string;
  remainingSize: string;
  status: "open" | "closed";
  /** Why it is closed, or null. */
  reason: string | null;
  clientId: string | null;
  acceptedAtMs: number;
  updatedAtMs: number;
  /** Of its latest fill; "accepted" without one. */
  finality: WireFinality;
}

export interface WireTrade {
  tradeId: number;
  market: string;
  price: string;
  size: string;
  takerSide: Side;
  /** The taker was liquidated. */
  liquidation: boolean;
  atMs: number;
  finality: WireFinality;
}

export interface WireFill {
  tradeId: number;
  market: string;
  side: Side;
  role: "maker" | "taker";
  price: string;
  size: string;
  /** USD, exact; negative for a rebate, and where the insurance fund paid an account that is liquidated. */
  fee: string;
  /** null for an account that is liquidated: it has no order. */
  slot: number | null;
  sequence: number | null;
  /** The taker was liquidated. */
  liquidation: boolean;
  atMs: number;
  finality: WireFinality;
}

export interface WirePlaced {
  order: WireOrder;
  /** Of this order, in this command. */
  fills: WireFill[];
  messageHash: string;
}

export interface WireCancelled {
  /** Orders taken out of the book. */
  orders: WireOrder[];
  settle: boolean;
  finality: WireFinality;
}

export interface WireWithdrawal {
  account: number;
  nonce: number;
  amount: string;
  atMs: number;
  finality: WireFinality;
}

export interface WireTransfer extends WireWithdrawal {
  to: number;
}

export interface WireMarket {
  index: number;
  symbol: string;
  status: "live" | "closed";
  tickUsd: string;
  lotBase: string;
  /** The epoch's price; null while there is none. */
  indexPrice: string | null;
  /** Median of index, middle of the book and last trade, within the band: to look at; margin goes by the index. */
  markPrice: string | null;
  lastPrice: string | null;
  /** Fills outside are not provable. */
  priceMin: string | null;
  priceMax: string | null;
  /** Initial margin fraction, open-interest scaling included. */
  imfPpm: number;
  mmfPpm: number;
  /** No fresh price: positions only shrink, and who has one here pays nothing out. */
  restricted: boolean;
  /** Closed for good: positions end at the settlement price. */
  retired: boolean;
  settlementPrice: string | null;
  /** Positions here are the only ones of their accounts: trade it with isolated margin. */
  isolatedOnly: boolean;
  /** A position may not grow beyond this. */
  positionCap: string;
  /** Prices and sizes are multiples of these. */
  priceStep: string;
  sizeStep: string;
  sizeMin: string;
  sizeMax: string;
  bestBid: string | null;
  bestAsk: string | null;
  /** Σ|size|: longs and shorts. */
  openInterest: string;
  openInterestCap: string;
  openOrders: number;
}

export interface WireMarkets {
  chainId: number;
  exchange: string;
  token: string | null;
  /** Domain of signed messages. */
  domain: string;
  epoch: { number: number; timeSeconds: number };
  expiryHorizonSeconds: number;
  openOrdersPerAccountMax: number;
  /** Largest rebate, ppm. */
  rebateCapPpm: number;
  liquidation: { feeCapPpm: number; spreadPpm: number; bankruptcyAdjustmentPpm: number; insuranceCap: string };
  markets: WireMarket[];
}

export interface WireOrderbook {
  market: string;
  /** Seq of the latest event that this includes. */
  seq: number;
  bids: [price: string, size: string, orders: number][];
  asks: [price: string, size: string, orders: number][];
  checksum: number;
  atMs: number;
}

/** Margin, positions and collateral in USD, exact, with funding settled to the epoch in force. */
export interface WireAccount extends WireMargin {
  account: number;
  owner: string;
  key: { ax: string; ay: string };
  /** The epoch that all of it is of: figures of a market are only comparable within one. */
  epochNumber: number;
  mode: WireMarginMode;
  /** The one market that an isolated account trades. */
  isolatedMarket: string | null;
  /** The most that an isolated account can lose: its equity, or 0. null for a cross one. */
  lossLimit: string | null;
  collateral: string;
  positions: WirePosition[];
  withdrawalNonce: number;
  minSequence: number;
  openOrders: number;
  feeTier: number;
  makerFeePpm: number;
  takerFeePpm: number;
  /** The account as of the latest proven batch that touched it; null before the first. */
  proven: {
    batchNumber: number;
    txHash: string;
    collateral: string;
    positions: { market: string; size: string }[];
  } | null;
}

export interface WireBatch {
  batchNumber: number;
  txHash: string;
  firstStep: number;
  lastStep: number;
  provenAtMs: number;
  details: Record<string, unknown>;
}

export interface WireOracleSigner {
  /** Address. */
  signer: string;
  /** Of its newest report; null before the first, as all that follows from it. */
  round: number | null;
  timeSeconds: number | null;
  ageSeconds: number | null;
  /** How far its prices are from the newest medians, parts per million; a market without either is left out. */
  drift: { market: string; ppm: number }[];
  /** Its reports that were refused. */
  refused: number;
}

export interface WireOracleMarket {
  market: string;
  /** Newest median. The PriceOracle may hold it back: what counts is the epoch's price. */
  median: string;
  ageSeconds: number;
  /** Signers' prices behind it. */
  prices: number;
}

/** Where prices come from: who reports, and what the reports agree on. */
export interface WireOracle {
  /** Prices that a median needs. */
  threshold: number;
  /** Newest complete round; 0 before the first. */
  round: number;
  /** Reports that were taken and that were not, strangers' included. */
  accepted: number;
  refused: number;
  signers: WireOracleSigner[];
  /** Those that have had a median. */
  markets: WireOracleMarket[];
}

export interface WireStatus {
  status: "starting" | "trading" | "backlogged" | "halted";
  epoch: { number: number; timeSeconds: number };
  commands: number;
  /** Entries of the L1 queue (registrations, deposits) that were taken: index n is credited once this is above n. */
  queueCursor: number;
  refused: number;
  journalHead: string;
  openOrders: number;
  orders: number;
  fills: number;
  steps: { emitted: number; proven: number };
  /** Rows matched and not yet proven, at most; from the limit on, orders that could trade wait. */
  unprovenRows: number;
  unprovenRowsMax: number;
  lastBatch: WireBatch | null;
  atMs: number;
  /** null where no reports are taken. */
  oracle: WireOracle | null;
  /** What the chain side adds. */
  chain: Record<string, unknown>;
}

export interface WireTime {
  /** The matcher's clock. */
  timeMs: number;
  epochNumber: number;
  /** Expiry is judged by this. */
  epochTimeSeconds: number;
}

/** Body of every answer that is not 2xx. */
export interface WireError {
  code: RejectCode | "INTERNAL";
  field: string | null;
  message: string;
  remedy: string;
  /** What exactly was wrong, where that adds something. */
  detail?: string;
  /** With WRONG_SIGNATURE: the hash that the signature should be of. */
  messageHash?: string;
}
