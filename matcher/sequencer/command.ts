import type { ConditionalGroup } from "../protocol/conditional.ts";
import type { OpenedEpoch } from "../protocol/epoch-record.ts";
import type { Instruction, Signed } from "../protocol/message.ts";
import type { QueueEntry } from "../state/trace.ts";

/** An epoch that L1 has opened and confirmed comes into force. */
export interface EpochCommand {
  readonly type: "epoch";
  readonly epoch: OpenedEpoch;
}

/** The next confirmed entry of the L1 queue. */
export interface QueueCommand {
  readonly type: "queue";
  readonly entry: QueueEntry;
  /** Index of the entry in the L1 queue: entries are taken without a gap, from 0. */
  readonly cursor: number;
  /**
   * Requests only: id of the largest tier in use when it came. It decides how much one batch does for the request, and is written down
   * because a replay has to form the same steps under other settings, too.
   */
  readonly tier?: number;
}

/** A signed message whose signature was checked (verify-message.ts). */
export interface MessageCommand {
  readonly type: "message";
  readonly message: Signed<Instruction>;
  /**
   * Cancels only: true makes the cancel a row of a batch, after which no order can come back; false takes orders out of the book at
   * once and is a promise. All others carry false.
   */
  readonly settle: boolean;
  /** Orders only: the client's own name for it (client-orders.ts). Not signed; absent without one. */
  readonly clientId?: string;
}

/** The exchange takes an account's orders out on its owner's behalf; nothing is signed, nothing is proven. */
export interface CancelAllApiCommand {
  readonly type: "cancelAllApi";
  readonly account: number;
  /** Only this market's, or null for all. */
  readonly market: number | null;
}

/** The exchange takes one order out on its owner's behalf, likewise. */
export interface CancelApiCommand {
  readonly type: "cancelApi";
  readonly account: number;
  readonly slot: number;
  readonly sequence: number;
}

/** All of the account's orders are to be cancelled at a time, unless another of these comes first. */
export interface DeadMansSwitchCommand {
  readonly type: "deadMansSwitch";
  readonly account: number;
  /** From the command's own time on; 0 turns the switch off. */
  readonly timeoutMs: number;
}

/** An account's fee tier changes. Tier 0 is what every account starts with. */
export interface FeeTierCommand {
  readonly type: "feeTier";
  readonly account: number;
  readonly tier: number;
}

/** A moment at which the books are looked at for funding. The host's clock says when; what it finds is the state's own. */
export interface FundingSampleCommand {
  readonly type: "fundingSample";
  /** On the funding schedule, and after the last one. */
  readonly timeSeconds: number;
}

/**
 * Whoever is still below maintenance margin is liquidated as far as the book has changed since. Every epoch does so by itself; the host
 * gives this command while somebody is left.
 */
export interface LiquidationSweepCommand {
  readonly type: "liquidationSweep";
}

/** Signed orders that are let in on conditions. Their signatures were checked. */
export interface ConditionalCommand extends ConditionalGroup {
  readonly type: "conditional";
}

/** What is due of conditional orders is done: parts whose time has come, cancels likewise, and triggered orders that others left no room for. */
export interface ConditionalSweepCommand {
  readonly type: "conditionalSweep";
}

/** One order is to be cancelled at a time, on its owner's behalf; nothing is signed. */
export interface CancelAtCommand {
  readonly type: "cancelAt";
  readonly account: number;
  readonly slot: number;
  readonly sequence: number;
  /** Of the exchange's clock; 0: not any more. */
  readonly atMs: number;
}

/** Everything that can change the exchange's state. Their order is the exchange's history. */
export type Command =
  | EpochCommand
  | QueueCommand
  | MessageCommand
  | CancelAllApiCommand
  | CancelApiCommand
  | DeadMansSwitchCommand
  | FeeTierCommand
  | FundingSampleCommand
  | LiquidationSweepCommand
  | ConditionalCommand
  | ConditionalSweepCommand
  | CancelAtCommand;
