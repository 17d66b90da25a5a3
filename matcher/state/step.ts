import type { Epoch } from "../protocol/epoch.ts";
import type {
  CancelAllMessage,
  CancelMessage,
  OrderMessage,
  Signed,
  TransferMessage,
  WithdrawalMessage,
} from "../protocol/message.ts";
import type { QueueEntry } from "./trace.ts";

/** A fill as the matcher proposes it: always at the maker's price. */
export interface Fill {
  maker: Signed<OrderMessage>;
  taker: Signed<OrderMessage>;
  priceTicks: number;
  quantityLots: number;
  /** Rates of the accounts' fee tiers (risk/fees.ts); a negative one is a rebate. */
  makerFeePpm: number;
  takerFeePpm: number;
}

/** One side of an applied fill. */
export interface FillLeg {
  order: Signed<OrderMessage>;
  /** Signed. */
  feePicoUsd: bigint;
}

export interface EpochStep {
  kind: "epoch";
  epoch: Epoch;
  /** What every batch of the epoch carries (docs/protocol.md §10). */
  fundingDigest: bigint;
}

export interface RegistrationStep {
  kind: "registration";
  entry: QueueEntry;
}

export interface DepositStep {
  kind: "deposit";
  entry: QueueEntry;
}

export interface FillStep {
  kind: "fill";
  priceTicks: number;
  quantityLots: number;
  quoteMicroUsd: bigint;
  maker: FillLeg;
  taker: FillLeg;
}

export interface CancelStep {
  kind: "cancel";
  message: Signed<CancelMessage>;
}

export interface CancelAllStep {
  kind: "cancelAll";
  message: Signed<CancelAllMessage>;
}

export interface WithdrawalStep {
  kind: "withdrawal";
  message: Signed<WithdrawalMessage>;
}

export interface TransferStep {
  kind: "transfer";
  message: Signed<TransferMessage>;
}

/** What the ledger did, in order: all that the batcher needs, and plain data, so that it may be sent to another thread. */
export type Step =
  | EpochStep
  | RegistrationStep
  | DepositStep
  | FillStep
  | CancelStep
  | CancelAllStep
  | WithdrawalStep
  | TransferStep;
