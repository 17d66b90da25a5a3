import type { AccountLeaf } from "../protocol/account.ts";
import type { Epoch } from "../protocol/epoch.ts";
import type { Message, Side, Signed } from "../protocol/message.ts";
import type { Tier } from "../protocol/spec.ts";

/** One entry of the L1 queue. */
export interface QueueEntry {
  kind: "registration" | "deposit";
  account: number;
  /** 0 for a registration. */
  amountMicroUsd: bigint;
  /** Registration only, else 0. */
  owner: bigint;
  ax: bigint;
  ay: bigint;
}

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

/** A liquidation or deleveraging (docs/protocol.md §5a). All amounts at least 0. */
export interface LiquidationTrace {
  kind: "liquidation" | "deleveraging";
  account: number;
  /** Position of the account among the batch's account slots. */
  accountSlot: number;
  /** Deleveraging only. */
  counterparty?: number;
  counterpartySlot?: number;
  market: number;
  /** What the liquidated account does: a sale closes a long. */
  side: Side;
  quantityLots: number;
  quoteMicroUsd: bigint;
  /** From the account to the insurance fund. */
  feePicoUsd: bigint;
  /** To the account; the fund pays what is covered, the counterparty the rest. */
  payoutPicoUsd: bigint;
  coveredPicoUsd: bigint;
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

/** Everything the witness needs. Produced by the batcher, only formatted afterwards. */
export interface BatchTrace {
  tier: Tier;
  domain: bigint;
  batchNumber: number;
  epoch: Epoch;
  /** Queue cursor before the batch. */
  queueCursor: number;
  queue: QueueEntry[];
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
  /** In the order in which the fund is drawn on. */
  liquidations: LiquidationTrace[];
  /** Paid by the fund in the batch's epoch. */
  insuranceSpentBeforePicoUsd: bigint;
  insuranceSpentAfterPicoUsd: bigint;
  /** Strictly increasing account index. */
  accounts: AccountTrace[];
}
