import type { RejectCode } from "../protocol/reject.ts";
import type { Step } from "../state/step.ts";

export type { FillLeg, FillStep, LiquidationStep, RequestStep, Step } from "../state/step.ts";

import type { SequencedEvent } from "./exchange-event.ts";

/** A step of the ledger with its place in the exchange's history: what the batcher takes. */
export interface NumberedStep {
  /** Consecutive, from 1. */
  number: number;
  step: Step;
  /** Head of the command hash chain after the command that led to the step. */
  journalHead: bigint;
}

/** A command was accepted and is part of the exchange's history. */
export interface Accepted {
  accepted: true;
  /** Index of the command, from 1. */
  command: number;
  /** When the exchange accepted it; never before the command before it. */
  acceptedAtMs: number;
  /** Bytes of its journal record (command-bytes.ts), and their digest. */
  record: Uint8Array;
  digest: bigint;
  /** Head of the hash chain before and after it. */
  previousHead: bigint;
  journalHead: bigint;
  events: SequencedEvent[];
  steps: NumberedStep[];
}

/** A command was refused and has changed nothing. */
export interface Refused {
  accepted: false;
  code: RejectCode;
}

export type Outcome = Accepted | Refused;

/** What became of a message from outside. */
export interface Submitted {
  outcome: Outcome;
  /** What the signature is, or should have been, of; null when it was not looked at. */
  messageHash: bigint | null;
}
