import type { Epoch } from "../protocol/epoch.ts";
import type {
  CancelAllMessage,
  CancelMessage,
  OrderMessage,
  Side,
  Signed,
  TransferMessage,
  WithdrawalMessage,
} from "../protocol/message.ts";
import type { RequestOutcome } from "../protocol/queue-chain.ts";
import type { ClosingRequest } from "../risk/request-rules.ts";
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

/** A resting order that takes over a part of a position that is below maintenance margin. The price is the maker's. */
export interface LiquidationFill {
  /** Who is liquidated. */
  account: number;
  market: number;
  /** What the account does: "sell" closes a long. */
  side: Side;
  maker: Signed<OrderMessage>;
  priceTicks: number;
  quantityLots: number;
  /** Rate of the maker's tier; a rebate is not paid here, since no taker's fee covers it. */
  makerFeePpm: number;
}

/** A part of a bankrupt position that a holder of the opposite side takes over at the epoch's price. */
export interface DeleveragingProposal {
  account: number;
  counterparty: number;
  market: number;
  quantityLots: number;
}

/** A resting order that takes over a part of what a forced exit closes. The price is the maker's. */
export type ExitFill = LiquidationFill;

/** A part of a position that a holder of the opposite side takes over because a request asks for it. */
export interface ForcedCloseProposal extends DeleveragingProposal {
  request: ClosingRequest;
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

/** Amounts: docs/protocol.md §5a. All ≥ 0; the fund pays the whole payout. */
export interface LiquidationStep {
  kind: "liquidation";
  account: number;
  market: number;
  side: Side;
  priceTicks: number;
  quantityLots: number;
  quoteMicroUsd: bigint;
  feePicoUsd: bigint;
  payoutPicoUsd: bigint;
  maker: FillLeg;
}

/** The fund pays what is covered of the payout, the counterparty the rest. */
export interface DeleveragingStep {
  kind: "deleveraging";
  account: number;
  counterparty: number;
  market: number;
  /** Of the account; the counterparty does the opposite. */
  side: Side;
  quantityLots: number;
  quoteMicroUsd: bigint;
  payoutPicoUsd: bigint;
  coveredPicoUsd: bigint;
}

/** A resting order that takes over a part of what a forced exit closes. Amounts: docs/protocol.md §5b. */
export interface ExitFillStep {
  kind: "exitFill";
  account: number;
  market: number;
  side: Side;
  priceTicks: number;
  quantityLots: number;
  quoteMicroUsd: bigint;
  maker: FillLeg;
}

/** A part of a position that a holder of the opposite side takes over because a request asks for it. */
export interface ForcedCloseStep {
  kind: "forcedClose";
  account: number;
  counterparty: number;
  market: number;
  /** Of the account; the counterparty does the opposite. */
  side: Side;
  quantityLots: number;
  quoteMicroUsd: bigint;
}

/** A request from L1 with all that one batch does for it: the batch is cut before it where it does not fit, and behind it. */
export interface RequestStep {
  kind: "request";
  entry: QueueEntry;
  outcome: RequestOutcome;
  parts: (LiquidationStep | DeleveragingStep | ExitFillStep | ForcedCloseStep)[];
  /** What a forced exit pays to the L1 owner; 0 of anything else. */
  payoutMicroUsd: bigint;
}

/** Settles funding and retired markets of an account that nothing else happens to. */
export interface TouchStep {
  kind: "touch";
  account: number;
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
  | LiquidationStep
  | DeleveragingStep
  | RequestStep
  | TouchStep
  | CancelStep
  | CancelAllStep
  | WithdrawalStep
  | TransferStep;
