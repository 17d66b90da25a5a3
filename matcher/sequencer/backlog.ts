import type { Instruction, OrderMessage, Signed } from "../protocol/message.ts";
import type { RejectCode } from "../protocol/reject.ts";
import type { RequestStep, Step } from "../state/step.ts";
import type { NumberedStep } from "./outcome.ts";

export interface BacklogLimits {
  /** Unproven rows from which on orders that could trade are refused. */
  unprovenRowsMax: number;
  /** Unproven rows of cancels and cancel-alls that one account may have. */
  cancelRowsPerAccountMax: number;
  /** Unproven withdrawals that one account may have: each needs a batch of its own. */
  withdrawalsPerAccountMax: number;
}

export const DEFAULT_BACKLOG_LIMITS: BacklogLimits = {
  unprovenRowsMax: 2_000,
  cancelRowsPerAccountMax: 16,
  withdrawalsPerAccountMax: 2,
};

interface Unproven {
  number: number;
  rows: number;
  /** Whose cancel or withdrawal it is, or −1. */
  account: number;
  kind: Step["kind"];
}

/** Rows that a step can cost. Fills of one order in one batch share a row, so that this is an upper bound. */
function rowsOf(step: Step | RequestStep["parts"][number]): number {
  if (step.kind === "request") return step.parts.reduce((sum, part) => sum + rowsOf(part), 0);
  if (step.kind === "fill" || step.kind === "liquidation" || step.kind === "exitFill") return 2;
  if (step.kind === "deleveraging" || step.kind === "forcedClose") return 1;
  return isCancel(step.kind) || isPayment(step.kind) ? 1 : 0;
}

type AnyKind = Step["kind"] | RequestStep["parts"][number]["kind"] | Instruction["kind"];

function isPayment(kind: AnyKind): boolean {
  return kind === "withdrawal" || kind === "transfer";
}

function isCancel(kind: AnyKind): boolean {
  return kind === "cancel" || kind === "cancelAll";
}

/**
 * How much work has been matched and not yet proven, and what is refused for it. Proofs come back at their own pace, so this is no part
 * of the deterministic state: it stands before it, and a refused command is in no journal.
 */
export class Backlog {
  readonly limits: BacklogLimits;
  private queue: Unproven[] = [];
  private head = 0;
  private rows = 0;
  private isHeld: () => boolean = () => false;
  private readonly cancels = new Map<number, number>();
  private readonly withdrawals = new Map<number, number>();

  constructor(limits: Partial<BacklogLimits> = {}) {
    this.limits = { ...DEFAULT_BACKLOG_LIMITS, ...limits };
  }

  /** Rows matched and not yet proven; fills of one order count singly, so the batches may hold fewer. */
  get unprovenRows(): number {
    return this.rows;
  }

  get isFull(): boolean {
    return this.rows >= this.limits.unprovenRowsMax || this.isHeld();
  }

  /** Lets orders wait for something else, too: all of them, since each is work for it. */
  holdOrders(isHeld: () => boolean): void {
    this.isHeld = isHeld;
  }

  emitted(steps: readonly NumberedStep[]): void {
    for (const { number, step } of steps) {
      const rows = rowsOf(step);
      const hasMessage = isCancel(step.kind) || isPayment(step.kind);
      const account = hasMessage && "message" in step ? step.message.account : -1;
      this.queue.push({ number, rows, account, kind: step.kind });
      this.rows += rows;
      this.count(step.kind, account, 1);
    }
  }

  /** Everything up to a step is proven. */
  provenThrough(step: number): void {
    for (; this.head < this.queue.length; this.head++) {
      const { number, rows, account, kind } = this.queue[this.head] as Unproven;
      if (number > step) break;
      this.rows -= rows;
      this.count(kind, account, -1);
    }
    if (this.head > 1024 && this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
  }

  /**
   * Whether a message has to wait. Cancels out of the book always go on, and so do withdrawals and proven cancels in number: one account
   * cannot fill the provers with them.
   * @param couldTrade whether an order would meet the book
   */
  refusal(
    message: Signed<Instruction>,
    settle: boolean,
    couldTrade: (order: OrderMessage) => boolean,
  ): RejectCode | null {
    const { account } = message;
    if (message.kind === "order") {
      return this.isHeld() || (this.isFull && couldTrade(message)) ? "BACKLOG_FULL" : null;
    }
    if (isPayment(message.kind)) {
      return (this.withdrawals.get(account) ?? 0) >= this.limits.withdrawalsPerAccountMax ? "RATE_LIMIT" : null;
    }
    if (!settle) return null;
    return (this.cancels.get(account) ?? 0) >= this.limits.cancelRowsPerAccountMax ? "RATE_LIMIT" : null;
  }

  private count(kind: Step["kind"], account: number, change: number): void {
    const counts = isPayment(kind) ? this.withdrawals : isCancel(kind) ? this.cancels : undefined;
    if (counts === undefined) return;
    const next = (counts.get(account) ?? 0) + change;
    if (next === 0) counts.delete(account);
    else counts.set(account, next);
  }
}
