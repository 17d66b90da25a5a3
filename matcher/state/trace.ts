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

/** A row that nobody signed (docs/protocol.md §5a). While one is there, account slot 0 is the insurance fund's. */
export interface LiquidationTrace {
  kind: "liquidation" | "deleveraging";
  /** Whose position is closed. */
  account: number;
  /** Position of the account among the batch's account slots. */
  accountSlot: number;
  /** Who takes the other side; deleveraging only, like its slot. */
  counterparty?: number;
  counterpartySlot?: number;
  market: number;
  /** What the liquidated account does: "sell" closes a long. */
  side: Side;
  quantityLots: number;
  quoteMicroUsd: bigint;
  /** From the account to the fund. */
  feePicoUsd: bigint;
  /** To the account, of which the fund pays what is covered and a counterparty the rest. */
  payoutPicoUsd: bigint;
  coveredPicoUsd: bigint;
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
  /** In order of first touch: what is left of the fund and of its cap is followed from row to row. */
  liquidations: LiquidationTrace[];
  /** What the fund has paid in the epoch, before the batch and after it. */
  insuranceSpentBeforePicoUsd: bigint;
  insuranceSpentAfterPicoUsd: bigint;
  /** Strictly increasing account index. */
  accounts: AccountTrace[];
}
