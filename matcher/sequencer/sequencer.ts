import type { ConditionalGroup } from "../protocol/conditional.ts";
import type { PublicKey } from "../protocol/keys.ts";
import type { LoginMessage } from "../protocol/login.ts";
import type { Instruction, Signed } from "../protocol/message.ts";
import type { RejectCode } from "../protocol/reject.ts";
import { Backlog } from "./backlog.ts";
import type { Command } from "./command.ts";
import { journalRecordFromBytes } from "./command-bytes.ts";
import { type CommandLog, NoLog } from "./command-log.ts";
import type { ExchangeState } from "./exchange-state.ts";
import { couldTrade } from "./exchange-view.ts";
import { Finality } from "./finality.ts";
import type { Accepted, Outcome, Refused, Submitted } from "./outcome.ts";
import { SequencerFigures } from "./sequencer-figures.ts";
import { SignatureQueue } from "./signature-queue.ts";
import type { SignatureVerifier } from "./verify-pool.ts";

/** Told of accepted commands, in order, before their senders are. Must not throw, and must not submit commands itself. */
export type AcceptedListener = (accepted: Accepted, command: Command) => void;

export interface SequencerOptions {
  state: ExchangeState;
  verifier: SignatureVerifier;
  backlog?: Backlog;
  log?: CommandLog;
  finality?: Finality;
  /** Signatures waiting or being checked at once; beyond, senders are told to wait (signature-queue.ts). */
  verifyingMax?: number;
  /** The clock that dates commands. */
  nowMs?: () => number;
}

/** What travels with a signed message and is not signed. */
export interface SubmitOptions {
  /** Cancels only: make it a proven row. */
  settle?: boolean;
  /** Orders only: the client's own name for it. */
  clientId?: string | undefined;
  /** Whom it came from, as far as the API knows: senders wait for each other by it (signature-queue.ts). */
  origin?: string;
  /** Asked once the signature is found to be good: a code refuses the message. What is charged to an account is charged here. */
  admit?: () => RejectCode | null;
}

/** Thrown for every command after the state machine has broken: a wrong exchange must not go on. */
export class SequencerHalted extends Error {
  constructor(cause: unknown) {
    const text = cause instanceof Error ? cause.message : String(cause);
    super(`the exchange has stopped taking commands: ${text}`, { cause });
    this.name = "SequencerHalted";
  }
}

/** A journal that leads elsewhere than it did: it belongs to other terms or to another version, or the state machine has a defect. */
export class ReplayDiverged extends Error {
  constructor(command: number, what: string) {
    super(`command ${command} of the journal does not do what it did when it was accepted: ${what}`);
    this.name = "ReplayDiverged";
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
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
  /** Counts and durations of its work. */
  readonly figures = new SequencerFigures();
  /** Who waits for the verifying threads, and who sent them wrong signatures. */
  readonly signatures: SignatureQueue;
  private readonly log: CommandLog;
  private readonly nowMs: () => number;
  private readonly acceptedListeners: AcceptedListener[] = [];
  private readonly durableListeners: AcceptedListener[] = [];
  /** Resolves when everything accepted so far is durable. */
  private lastDurable: Promise<void> = Promise.resolve();
  private halted: SequencerHalted | null = null;
  /** Messages that were taken and are not answered yet. */
  private unanswered = 0;
  /** There once nothing new is taken. */
  private finishing: Promise<void> | null = null;
  /** Called when no message is left unanswered. */
  private whenAnswered: () => void = () => {};
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
    this.nowMs = options.nowMs ?? Date.now;
    const { verifyingMax } = options;
    this.signatures = new SignatureQueue(verifier, verifyingMax === undefined ? {} : { verifyingMax });
  }

  /** Why nothing is accepted any more, or null. */
  get halt(): Error | null {
    return this.halted;
  }

  /** Tells at once, while the state is as the command left it. A crash may still undo what is told here. */
  onAccepted(listener: AcceptedListener): void {
    this.acceptedListeners.push(listener);
  }

  /** Tells once the command is durable: from here on it may be shown to others, proven and settled. The state may have gone on. */
  onDurable(listener: AcceptedListener): void {
    this.durableListeners.push(listener);
  }

  /**
   * A signed message from outside: shape, signature, backlog, then the state machine. Resolves once the command is durable.
   * @throws (rejects) SequencerHalted, or when log or verifier is broken
   */
  async submit(message: Signed<Instruction>, options: SubmitOptions = {}): Promise<Submitted> {
    this.assertRunning();
    if (this.finishing !== null) return { outcome: this.refuse("SHUTTING_DOWN"), messageHash: null };
    this.unanswered += 1;
    try {
      return await this.take(message, options);
    } finally {
      this.unanswered -= 1;
      if (this.unanswered === 0) this.whenAnswered();
    }
  }

  /**
   * Takes no more messages from outside; each is refused with SHUTTING_DOWN. Resolves once every message that was taken is durable, or
   * was refused. Commands of the exchange itself still go on: whoever gives them stops by himself.
   */
  finish(): Promise<void> {
    this.finishing ??= new Promise<void>((resolve) => {
      this.whenAnswered = resolve;
      if (this.unanswered === 0) resolve();
    }).then(() => this.lastDurable.catch(() => {}));
    return this.finishing;
  }

  private async take(message: Signed<Instruction>, options: SubmitOptions): Promise<Submitted> {
    const { settle = false, clientId, admit, origin = "" } = options;
    const arrivedMs = performance.now();
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
    // A rotation may have come in between: what the old key signed is void, and could not be proven.
    if (!this.isKeyOf(message.account, key)) return { outcome: this.refuse("WRONG_SIGNATURE"), messageHash };
    const verifiedMs = performance.now();
    this.figures.verify.record(verifiedMs - arrivedMs);
    const refused = admit?.() ?? null;
    if (refused !== null) return { outcome: this.refuse(refused), messageHash };
    // 3. Room for what it may lead to. A retry of what was accepted leads to nothing, and is answered by the state.
    const wait = this.isRetry(message, clientId)
      ? null
      : this.backlog.refusal(message, settle, (order) => couldTrade(this.state, order));
    if (wait !== null) return { outcome: this.refuse(wait), messageHash };
    // 4. In order.
    const name = clientId === undefined ? {} : { clientId };
    const outcome = this.run({ type: "message", message, settle, ...name });
    const executedMs = performance.now();
    this.figures.execute.record(executedMs - verifiedMs);
    // A refusal may speak of what was accepted a moment ago: that must be durable, too.
    await this.lastDurable;
    if (outcome.accepted) {
      const durableMs = performance.now();
      this.figures.journal.record(durableMs - executedMs);
      this.figures.acknowledge.record(durableMs - arrivedMs);
    }
    return { outcome, messageHash };
  }

  /**
   * Signed orders with conditions: shape, signatures, backlog, then the state machine. Resolves once the command is durable.
   * @throws (rejects) SequencerHalted, or when log or verifier is broken
   */
  async submitConditional(group: ConditionalGroup, options: SubmitOptions = {}): Promise<Submitted> {
    this.assertRunning();
    if (this.finishing !== null) return { outcome: this.refuse("SHUTTING_DOWN"), messageHash: null };
    this.unanswered += 1;
    try {
      return await this.takeConditional(group, options);
    } finally {
      this.unanswered -= 1;
      if (this.unanswered === 0) this.whenAnswered();
    }
  }

  private async takeConditional(group: ConditionalGroup, { admit, origin = "" }: SubmitOptions): Promise<Submitted> {
    const code = this.state.conditionals.precheck(group);
    if (code !== null) return { outcome: this.refuse(code), messageHash: null };
    const key = this.state.keyOf(group.legs[0]?.order.account ?? -1);
    if (key === undefined) return { outcome: this.refuse("UNKNOWN_ACCOUNT"), messageHash: null };
    for (const { order } of group.legs) {
      const verification = await this.signatures.check(order, key, origin);
      if (verification === null) return { outcome: this.refuse("RATE_LIMIT"), messageHash: null };
      const { signed, messageHash } = verification;
      if (!signed) return { outcome: this.refuse("WRONG_SIGNATURE"), messageHash };
    }
    // What goes in at once may lead to fills as any order; the others are let in by the exchange, in bounded numbers.
    const first = group.legs.find(({ trigger, slicing }) => trigger === null && slicing?.kind !== "twap");
    const wait =
      first === undefined ? null : this.backlog.refusal(first.order, false, (order) => couldTrade(this.state, order));
    const refused = admit?.() ?? wait;
    if (refused !== null) return { outcome: this.refuse(refused), messageHash: null };
    const outcome = this.run({ type: "conditional", ...group });
    await this.lastDurable;
    return { outcome, messageHash: null };
  }

  /**
   * Whether a login is signed by its account's trading key. It is no command: nothing is journaled, and its time is the caller's to judge.
   * @param origin see {@link SubmitOptions.origin}
   * @throws (rejects) when the verifier is broken
   */
  async loginRefusal(login: Signed<LoginMessage>, origin = ""): Promise<RejectCode | null> {
    const key = this.state.keyOf(login.account);
    if (key === undefined) return "UNKNOWN_ACCOUNT";
    const verification = await this.signatures.check(login, key, origin);
    if (verification === null) return "RATE_LIMIT";
    return verification.signed && this.isKeyOf(login.account, key) ? null : "WRONG_SIGNATURE";
  }

  private isKeyOf(account: number, { ax, ay }: PublicKey): boolean {
    const key = this.state.keyOf(account);
    return key?.ax === ax && key.ay === ay;
  }

  /**
   * A command of the exchange itself: epochs and queue entries from L1, fee tiers. Takes effect at once.
   * @throws RangeError for one that cannot follow (nothing has changed then), SequencerHalted
   */
  apply(command: Exclude<Command, { type: "message" }>): Outcome {
    return this.run(command);
  }

  /**
   * Executes a command that the journal has, at its time: everybody who listens hears of it as of a new one.
   * @throws ReplayDiverged when it does not do what it did then
   */
  replay(bytes: Uint8Array): Accepted {
    this.assertRunning();
    const { acceptedAtMs, command } = journalRecordFromBytes(bytes);
    const outcome = this.state.execute(command, acceptedAtMs);
    const number = this.state.commandCount;
    if (!outcome.accepted) throw new ReplayDiverged(number + 1, `it is refused with ${outcome.code}`);
    if (!equalBytes(outcome.record, bytes)) throw new ReplayDiverged(number, "it makes another record");
    this.backlog.emitted(outcome.steps);
    for (const listener of this.acceptedListeners) listener(outcome, command);
    for (const listener of this.durableListeners) listener(outcome, command);
    return outcome;
  }

  /** Resolves once everything accepted so far is durable. @throws (rejects) SequencerHalted */
  durable(): Promise<void> {
    return this.lastDurable;
  }

  /** {@link apply} for a client that waits: resolves once the command is durable. */
  async applyDurably(command: Exclude<Command, { type: "message" }>): Promise<Outcome> {
    const outcome = this.run(command);
    await this.lastDurable;
    return outcome;
  }

  private isRetry(message: Signed<Instruction>, clientId: string | undefined): boolean {
    if (message.kind !== "order" || clientId === undefined) return false;
    const { account, slot, sequence } = message;
    return !this.state.clientOrders.isFree(account, clientId, slot, sequence);
  }

  private run(command: Command): Outcome {
    this.assertRunning();
    let outcome: Outcome;
    try {
      outcome = this.state.execute(command, this.nowMs());
    } catch (error) {
      if (command.type !== "message" && error instanceof RangeError) throw error;
      throw this.stop(error);
    }
    if (!outcome.accepted) return this.refuse(outcome.code);
    const accepted = outcome;
    this.figures.accepted(command.type === "message" ? command.message.kind : command.type);
    this.backlog.emitted(accepted.steps);
    for (const listener of this.acceptedListeners) listener(accepted, command);
    this.lastDurable = this.log.append(accepted.record, accepted.journalHead).then(
      () => {
        for (const listener of this.durableListeners) listener(accepted, command);
      },
      (error: unknown) => {
        throw this.stop(error);
      },
    );
    // Whoever waits for it hears of a failure; so does everybody who comes later.
    this.lastDurable.catch(() => {});
    return accepted;
  }

  private refuse(code: Refused["code"]): Refused {
    this.refusedCount += 1;
    this.figures.refused(code);
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
