import type { Instruction, Signed } from "../protocol/message.ts";
import { Backlog } from "./backlog.ts";
import type { Command } from "./command.ts";
import { commandBytes } from "./command-bytes.ts";
import { type CommandLog, NoLog } from "./command-log.ts";
import type { ExchangeState } from "./exchange-state.ts";
import { Finality } from "./finality.ts";
import type { Accepted, Outcome, Refused, Submitted } from "./outcome.ts";
import { SignatureQueue } from "./signature-queue.ts";
import type { SignatureVerifier } from "./verify-pool.ts";

/** Told of every accepted command, in order, before its sender is. Must not throw, and must not submit commands itself. */
export type AcceptedListener = (accepted: Accepted, command: Command) => void;

export interface SequencerOptions {
  state: ExchangeState;
  verifier: SignatureVerifier;
  backlog?: Backlog;
  log?: CommandLog;
  finality?: Finality;
  /** Signatures waiting or being checked at once; beyond, senders are told to wait (signature-queue.ts). */
  verifyingMax?: number;
}

/** Thrown for every command after the state machine has broken: a wrong exchange must not go on. */
export class SequencerHalted extends Error {
  constructor(cause: unknown) {
    const text = cause instanceof Error ? cause.message : String(cause);
    super(`the exchange has stopped taking commands: ${text}`, { cause });
    this.name = "SequencerHalted";
  }
}

/**
 * The one place where commands get their order. Signatures are checked on other threads; the order in which their answers arrive is the
 * order of the exchange. Everything after that is synchronous.
 */
export class Sequencer {
  readonly state: ExchangeState;
  readonly backlog: Backlog;
  /** What of it is proven. The chain side reports here; the backlog shrinks by it. */
  readonly finality: Finality;
  /** Who waits for the verifying threads, and who sent them wrong signatures. */
  readonly signatures: SignatureQueue;
  private readonly log: CommandLog;
  private readonly listeners: AcceptedListener[] = [];
  private halted: SequencerHalted | null = null;
  refusedCount = 0;

  constructor({
    state,
    verifier,
    backlog = new Backlog(),
    log = new NoLog(),
    finality = new Finality(),
    ...options
  }: SequencerOptions) {
    this.state = state;
    this.backlog = backlog;
    this.finality = finality;
    finality.onProven(({ steps }) => backlog.provenThrough(steps.last));
    this.log = log;
    const { verifyingMax } = options;
    this.signatures = new SignatureQueue(verifier, verifyingMax === undefined ? {} : { verifyingMax });
  }

  /** Why nothing is accepted any more, or null. */
  get halt(): Error | null {
    return this.halted;
  }

  onAccepted(listener: AcceptedListener): void {
    this.listeners.push(listener);
  }

  /**
   * A signed message from outside: shape, signature, backlog, then the state machine. Resolves once the command is durable.
   * @param settle cancels only: make it a proven row
   * @param origin whom it came from, as far as the API knows: senders wait for each other by it (signature-queue.ts)
   * @throws (rejects) SequencerHalted, or when log or verifier is broken
   */
  async submit(message: Signed<Instruction>, settle = false, origin = ""): Promise<Submitted> {
    this.assertRunning();
    // 1. What costs nothing.
    const code = this.state.precheck(message);
    if (code !== null) return { outcome: this.refuse(code), messageHash: null };
    const key = this.state.keyOf(message.account);
    if (key === undefined) return { outcome: this.refuse("UNKNOWN_ACCOUNT"), messageHash: null };
    // 2. The signature, in its turn.
    const verification = await this.signatures.check(message, key, origin);
    if (verification === null) return { outcome: this.refuse("RATE_LIMIT"), messageHash: null };
    const { signed, messageHash } = verification;
    if (!signed) return { outcome: this.refuse("WRONG_SIGNATURE"), messageHash };
    // 3. Room for what it may lead to.
    const wait = this.backlog.refusal(message, settle, (order) => this.state.couldTrade(order));
    if (wait !== null) return { outcome: this.refuse(wait), messageHash };
    // 4. In order.
    const { outcome, durable } = this.run({ type: "message", message, settle });
    try {
      await durable;
    } catch (error) {
      throw this.stop(error);
    }
    return { outcome, messageHash };
  }

  /**
   * A command of the exchange itself: epochs and queue entries from L1, fee tiers. Takes effect at once.
   * @throws RangeError for one that cannot follow (nothing has changed then), SequencerHalted
   */
  apply(command: Exclude<Command, { type: "message" }>): Outcome {
    const { outcome, durable } = this.run(command);
    durable.catch((error: unknown) => this.stop(error));
    return outcome;
  }

  private run(command: Command): { outcome: Outcome; durable: Promise<void> } {
    this.assertRunning();
    let outcome: Outcome;
    try {
      outcome = this.state.execute(command);
    } catch (error) {
      if (command.type !== "message" && error instanceof RangeError) throw error;
      throw this.stop(error);
    }
    if (!outcome.accepted) return { outcome: this.refuse(outcome.code), durable: Promise.resolve() };
    this.backlog.emitted(outcome.steps);
    const durable = this.log.append(commandBytes(command));
    for (const listener of this.listeners) listener(outcome, command);
    return { outcome, durable };
  }

  private refuse(code: Refused["code"]): Refused {
    this.refusedCount += 1;
    return { accepted: false, code };
  }

  private stop(cause: unknown): SequencerHalted {
    this.halted ??= new SequencerHalted(cause);
    return this.halted;
  }

  private assertRunning(): void {
    if (this.halted !== null) throw this.halted;
  }
}
