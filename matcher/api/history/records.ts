import type { Side } from "../../protocol/message.ts";
import type {
  CloseReason,
  DeleveragedEvent,
  ForcedClosedEvent,
  LiquidatedEvent,
  PositionSettledEvent,
} from "../../sequencer/exchange-event.ts";

/** What is remembered of an order. */
export interface OrderRecord {
  /** Of its acceptance, among all events: the order of acceptance, and what pages go by. */
  seq: number;
  account: number;
  slot: number;
  sequence: number;
  market: number;
  side: Side;
  priceTicks: number;
  quantityLots: number;
  filledLots: number;
  remainingLots: number;
  /** null while it is live. */
  closed: CloseReason | null;
  acceptedAtMs: number;
  updatedAtMs: number;
  /** The client's own name for it; not signed. */
  clientId: string | null;
  /** Index of the command that placed it. */
  command: number;
  /** Ledger step of its latest fill, or null without one. */
  lastFillStep: number | null;
}

export interface FillSide {
  account: number;
  /** −1, with sequence 0, for an account that is liquidated or leaves: it has no order. */
  slot: number;
  sequence: number;
  /** Signed; for an account that is liquidated the fund's fee less its payout. */
  feePicoUsd: bigint;
}

/** A fill, with both sides. */
export interface FillRecord {
  tradeId: number;
  seq: number;
  market: number;
  priceTicks: number;
  quantityLots: number;
  takerSide: Side;
  maker: FillSide;
  taker: FillSide;
  /** The taker is being liquidated. */
  liquidation: boolean;
  /** The taker's position was closed for a forced exit. */
  exit: boolean;
  step: number;
  atMs: number;
}

/** Money that came in from L1: usable at once, under the finality of its step. */
export interface DepositRecord {
  seq: number;
  account: number;
  amountMicroUsd: bigint;
  step: number;
  atMs: number;
}

export interface WithdrawalRecord extends DepositRecord {
  /** null: what a forced exit paid, which nobody signed. */
  nonce: number | null;
}

export interface TransferRecord extends DepositRecord {
  nonce: number;
  to: number;
}

/** A change to an account's position that nobody signed, with the step that proves it. */
export interface ForcedTradeRecord {
  seq: number;
  event: LiquidatedEvent | DeleveragedEvent | ForcedClosedEvent | PositionSettledEvent;
  step: number;
  atMs: number;
}

/**
 * What one touch of an account settled in one market. Funding is not paid at set times: it accrues as the market's index moves, which only
 * epochs do, and enters the collateral when the account is next touched (a deposit, a fill on either side, a liquidation or
 * deleveraging, a withdrawal or transfer, a cancel that is proven, the retirement of a market that it is in). So a row covers every epoch
 * after `fromEpoch` through `epoch`, over which the position did not change: whatever changes it is a touch. Its amount is
 * −size · (index then − index before), exact; the sum of an account's rows is all the funding that is in its collateral as stored. What has
 * accrued since the last touch is in no row yet, though the collateral that the API shows contains it. No row says zero.
 */
export interface FundingPaymentRecord {
  /** Consecutive over all accounts, from 1. */
  id: number;
  account: number;
  market: number;
  /** Signed; held all the time. */
  sizeLots: number;
  /** Epoch of the touch before, 0 when that is older than this history; and that of this one. */
  fromEpoch: number;
  epoch: number;
  fromSeconds: number;
  toSeconds: number;
  /** By how much the market's index rose in between, pico-USD per lot. */
  indexDeltaPicoUsd: bigint;
  /** Signed: received, or paid when negative. */
  amountPicoUsd: bigint;
  /** Which proves it. */
  step: number;
  atMs: number;
}

/** Prices and funding indices that came into force. */
export interface EpochRecord {
  number: number;
  timeSeconds: number;
  /** When the matcher took it into force. */
  atMs: number;
  step: number;
  /** By index; null where nothing is live or retired. */
  markets: (EpochMarketRecord | null)[];
}

export interface EpochMarketRecord {
  priceTicks: number;
  fundingIndexPicoUsd: bigint;
  imfPpm: number;
  mmfPpm: number;
  restricted: boolean;
  retired: boolean;
}

/** A funding interval as it was sealed: its words say everything (protocol/funding-interval.ts). */
export interface IntervalRecord {
  interval: number;
  words: readonly bigint[];
  previousDigest: bigint;
  digest: bigint;
}

/** Trades of one market in one span of time. Spans without a trade have no candle. */
export interface CandleRecord {
  market: number;
  resolutionMs: number;
  /** A multiple of the resolution. */
  startMs: number;
  openTicks: number;
  highTicks: number;
  lowTicks: number;
  closeTicks: number;
  baseLots: bigint;
  quoteMicroUsd: bigint;
  trades: number;
}

/** Positions of an account and the epoch of its last touch: what the next funding payments are computed from. */
export interface TouchedRecord {
  account: number;
  epoch: number;
  epochSeconds: number;
  /** By market. */
  sizesLots: number[];
  /** By market, of that epoch. */
  indicesPicoUsd: readonly bigint[];
}
