import type { AccountLeaf } from "../protocol/account.ts";
import type { Epoch } from "../protocol/epoch.ts";
import type { Message, Side, Signed } from "../protocol/message.ts";
import type { ChainedEntry, ServedRequest } from "../protocol/queue-chain.ts";
import type { Tier } from "../protocol/spec.ts";

/** One entry of the L1 queue. */
export type QueueEntry = ChainedEntry;

/** Children of each node on a path, leaf level first, as they were before the update (the own child included). */
export type TreePath = bigint[][];

export interface OrderSlot {
  sequence: number;
  filledLots: number;
}

/** Net effect of one signed message in a batch. */
export interface RowTrace {
  message: Signed<Message>;
  /** Position of the account among the batch's account slots. */
  accountSlot: number;
  /** Position of the receiving account; transfers only. */
  receiverSlot?: number;
  /** Executed in this batch; zero unless an order. */
  quantityLots: number;
  quoteMicroUsd: bigint;
  /** Signed. */
  feePicoUsd: bigint;
  /** Slot before and after, and its path in the account's order tree at the moment of this row (of the message's slot field for kinds without a slot). */
  slotBefore: OrderSlot;
  slotAfter: OrderSlot;
  orderPath: TreePath;
}

export interface AccountTrace {
  account: number;
  isNew: boolean;
  /** Leaf before the batch; for a new account: key and owner of the registration, everything else zero, the empty order root. */
  before: AccountLeaf;
  after: AccountLeaf;
  /** Deposits and incoming transfers. */
  depositsMicroUsd: bigint;
  /** Path in the account tree when this slot is stored (slots are stored in order). All levels. */
  path: TreePath;
}

/** A row that nobody signed (docs/protocol.md §5a, §5b). While one is there, account slot 0 is the insurance fund's. */
export interface LiquidationTrace {
  kind: "liquidation" | "deleveraging" | "exitFill" | "forcedClose";
  /** Whose position is closed. */
  account: number;
  /** Position of the account among the batch's account slots. */
  accountSlot: number;
  /** Who takes the other side; deleveraging and forced close only, like its slot. */
  counterparty?: number;
  counterpartySlot?: number;
  market: number;
  /** What the account does: "sell" closes a long. */
  side: Side;
  quantityLots: number;
  quoteMicroUsd: bigint;
  /** From the account to the fund; like the two that follow, 0 of an exit fill and a forced close. */
  feePicoUsd: bigint;
  /** To the account, of which the fund pays what is covered and a counterparty the rest. */
  payoutPicoUsd: bigint;
  coveredPicoUsd: bigint;
}

/** The request that a batch serves (docs/protocol.md §5b). */
export interface RequestTrace extends ServedRequest {
  /** Position of the account among the batch's account slots. */
  accountSlot: number;
  /** What a forced exit pays to the L1 owner; 0 of anything else. */
  payoutMicroUsd: bigint;
}

/** Everything the witness needs. Produced by the batcher, only formatted afterwards. */
export interface BatchTrace {
  tier: Tier;
  domain: bigint;
  batchNumber: number;
  epoch: Epoch;
  /** Queue cursor before the batch. */
  queueCursor: number;
  /** Registrations and deposits. */
  queue: QueueEntry[];
  request?: RequestTrace;
  journalHead: bigint;
  fundingDigest: bigint;
  oldRoot: bigint;
  newRoot: bigint;
  /** The 64 sub-roots two levels below the root, before the batch. */
  subRoots: bigint[];
  grossOpenInterestBeforeLots: bigint[];
  grossOpenInterestAfterLots: bigint[];
  /** Withdrawals first, then in order of first touch. */
  rows: RowTrace[];
  /** In order of first touch: what is left of the fund and of its cap is followed from row to row. */
  liquidations: LiquidationTrace[];
  /** What the fund has paid in the epoch, before the batch and after it. */
  insuranceSpentBeforePicoUsd: bigint;
  insuranceSpentAfterPicoUsd: bigint;
  /** Strictly increasing account index. */
  accounts: AccountTrace[];
}
