import type { BookEvent } from "../book/book-event.ts";
import type { BookRules } from "../book/book-rules.ts";
import { load } from "../book/book-snapshot.ts";
import { MatchingEngine } from "../book/matching-engine.ts";
import { NIL } from "../book/order-pool.ts";
import { GENESIS_JOURNAL_HEAD, nextJournalHead, recordDigest } from "../protocol/journal-head.ts";
import type { PublicKey } from "../protocol/keys.ts";
import type {
  CancelAllMessage,
  CancelMessage,
  Instruction,
  MarginModeMessage,
  OrderMessage,
  Signed,
} from "../protocol/message.ts";
import type { RejectCode } from "../protocol/reject.ts";
import type { FeeSchedule } from "../risk/fees.ts";
import { Ledger } from "../state/ledger.ts";
import type { Step } from "../state/step.ts";
import { AccountOwners } from "./account-owners.ts";
import { orBrokenOff } from "./broken-off.ts";
import { ClientOrders } from "./client-orders.ts";
import type { Command } from "./command.ts";
import { journalRecordBytes } from "./command-bytes.ts";
import { ConditionalOrders } from "./conditional-orders.ts";
import { DeadMansSwitches } from "./dead-mans-switches.ts";
import { provingSteps } from "./event-steps.ts";
import type { ExchangeEvent, SequencedEvent } from "./exchange-event.ts";
import { type ExchangeCounters, type ExchangeImage, putBack } from "./exchange-image.ts";
import { type FeeRates, FeeTiers } from "./fee-tiers.ts";
import { sampleFunding, sealedEvents } from "./funding-command.ts";
import { FundingMeter, type FundingTerms } from "./funding-meter.ts";
import { LedgerGate } from "./ledger-gate.ts";
import { Liquidator } from "./liquidator.ts";
import { MarginModes } from "./margin-modes.ts";
import { messageReject } from "./message-validity.ts";
import type { NumberedStep, Outcome } from "./outcome.ts";
import { transfer, withdraw } from "./payments.ts";
import { QueueDesk } from "./queue-desk.ts";
import { cancelRefusalCode } from "./refusal-code.ts";
import { RequestServer } from "./request-server.ts";
import { retiredPositions, settledEvents } from "./retirement.ts";
import { sweepUnprovable } from "./unprovable-sweep.ts";

export interface ExchangeTerms {
  /** Terms of the markets; one trades while the epoch in force says that it is live. */
  rules: BookRules;
  feeSchedule: FeeSchedule;
  funding: FundingTerms;
}

/** What a command did, or why it was refused. Events and steps are numbered by the caller. */
type Effect = ExchangeEvent[] | RejectCode;

/**
 * Book and ledger as one deterministic state machine: no clock, no randomness, no I/O. Replaying the accepted commands gives the
 * same events, the same steps and the same state. A refused command changes nothing.
 */
export class ExchangeState {
  readonly ledger: Ledger;
  readonly fees: FeeTiers;
  readonly modes = new MarginModes();
  readonly engine: MatchingEngine;
  readonly gate: LedgerGate;
  readonly funding: FundingMeter;
  readonly liquidator: Liquidator;
  readonly conditionals: ConditionalOrders;
  readonly clientOrders = new ClientOrders();
  readonly owners = new AccountOwners();
  readonly deadMansSwitches = new DeadMansSwitches();
  /** Entries of the L1 queue that are not consumed yet. */
  readonly desk: QueueDesk;
  private readonly rules: BookRules;
  /** Steps of the command being executed. */
  private readonly pendingSteps: Step[] = [];
  private nowSeconds = 0;
  private commands = 0;
  private events = 0;
  private steps = 0;
  private head = GENESIS_JOURNAL_HEAD;
  private lastAcceptedMs = 0;

  /** @param image the state of an earlier moment, under the same terms; without it the state before the first command */
  constructor({ rules, feeSchedule, funding }: ExchangeTerms, image?: ExchangeImage) {
    this.rules = rules;
    this.ledger = image?.ledger ?? new Ledger();
    this.funding = new FundingMeter(funding);
    this.fees = new FeeTiers(feeSchedule);
    this.gate = new LedgerGate(this.ledger, this.fees, this.modes, this.pendingSteps);
    const inForce = this.rulesOfEpoch();
    this.engine = image === undefined ? new MatchingEngine(this.gate, inForce) : load(image.book, this.gate, inForce);
    this.gate.attach(this.engine.book);
    this.liquidator = new Liquidator(this.ledger, this.engine, this.pendingSteps);
    const server = new RequestServer(this.ledger, this.engine, this.liquidator, this.pendingSteps);
    this.gate.takeExitFill = (fill) => server.takeExitFill(fill);
    this.desk = new QueueDesk(this.ledger, server, this.owners, this.pendingSteps);
    this.conditionals = new ConditionalOrders(this);
    if (image !== undefined) this.restore(image);
  }

  private restore(image: ExchangeImage): void {
    const { counters } = image;
    putBack(image, this);
    this.nowSeconds = this.ledger.shared.epoch?.timeSeconds ?? 0;
    this.commands = counters.commands;
    this.events = counters.events;
    this.steps = counters.steps;
    this.head = counters.head;
    this.lastAcceptedMs = counters.lastAcceptedMs;
  }

  /** What numbers, chains and dates the next command. */
  get counters(): ExchangeCounters {
    const { commands, events, steps, head, lastAcceptedMs } = this;
    return { commands, events, steps, head, lastAcceptedMs };
  }

  /** Head of the hash chain over the accepted commands. */
  get journalHead(): bigint {
    return this.head;
  }

  /** Accepted commands. */
  get commandCount(): number {
    return this.commands;
  }

  get eventCount(): number {
    return this.events;
  }

  /** Ledger steps so far. */
  get stepCount(): number {
    return this.steps;
  }

  /** Time of the epoch in force, by which everything is judged; 0 before the first. */
  get epochTimeSeconds(): number {
    return this.nowSeconds;
  }

  /** Number of the epoch in force; 0 before the first. */
  get epochNumber(): number {
    return this.ledger.shared.epoch?.number ?? 0;
  }

  /** Terms in force: a market that is not live in this epoch is null. */
  get rulesInForce(): BookRules {
    return this.engine.rules;
  }

  /** The trading key of an account, or undefined when it is not registered. */
  keyOf(account: number): PublicKey | undefined {
    if (!this.ledger.has(account)) return undefined;
    const { ax, ay } = this.ledger.leafOf(account);
    return { ax, ay };
  }

  /** Accounts of an L1 owner, in order of registration. */
  accountsOf(owner: bigint): readonly number[] {
    return this.owners.of(owner);
  }

  /** Fee rates of an account in this epoch. @throws Error before the first epoch */
  feeRates(account: number): FeeRates {
    return this.fees.rates(account, this.ledger.terms.epoch.rebateCapPpm);
  }

  /** What {@link execute} would check before anything that depends on the state; null when nothing is wrong. */
  precheck(message: Signed<Instruction>): RejectCode | null {
    const code = messageReject(message, this.engine.rules, this.nowSeconds);
    if (code !== null) return code;
    return this.ledger.has(message.account) ? null : "UNKNOWN_ACCOUNT";
  }

  /**
   * Executes one command. Signatures were checked before.
   * @param nowMs the host's clock, which becomes part of the record; a clock that went back counts as standing still
   * @throws RangeError for an epoch, queue entry, fee tier or funding sample that cannot follow: L1 and the operator do not send such, so it is a bug;
   * nothing has changed then. Any other exception means that the state may be broken: the caller must stop.
   */
  execute(command: Command, nowMs = this.lastAcceptedMs): Outcome {
    this.pendingSteps.length = 0;
    const acceptedAtMs = Math.max(nowMs, this.lastAcceptedMs);
    // Encoding comes first: what cannot be written down must not happen. (A message is encoded once it is found to be one.)
    const early = command.type === "message" ? null : journalRecordBytes({ acceptedAtMs, command });
    const effect = this.effect(command, acceptedAtMs);
    if (typeof effect === "string") {
      if (this.pendingSteps.length > 0) throw new Error(`a command refused with ${effect} left steps behind`);
      return { accepted: false, code: effect };
    }
    const followed = this.follow(effect, acceptedAtMs);
    const record = early ?? journalRecordBytes({ acceptedAtMs, command });
    const digest = recordDigest(record);
    const previousHead = this.head;
    this.head = nextJournalHead(previousHead, digest);
    this.lastAcceptedMs = acceptedAtMs;
    this.commands += 1;
    const steps = this.pendingSteps.map((step): NumberedStep => {
      this.steps += 1;
      return { number: this.steps, step, journalHead: this.head };
    });
    this.liquidator.noteSteps(this.pendingSteps);
    this.pendingSteps.length = 0;
    const events = this.sequence(followed, steps);
    const chain = { record, digest, previousHead, journalHead: this.head };
    return { accepted: true, command: this.commands, acceptedAtMs, ...chain, events, steps };
  }

  private effect(command: Command, acceptedAtMs: number): Effect {
    switch (command.type) {
      case "epoch":
        return this.openEpoch(command.epoch);
      case "queue":
        return this.letGo(this.desk.take(command, this.nowSeconds));
      case "message": {
        const { message, settle, clientId } = command;
        const code = this.precheck(message);
        if (code !== null) return code;
        if (clientId !== undefined && message.kind !== "order") return "MALFORMED";
        switch (message.kind) {
          case "order":
            return settle ? "MALFORMED" : this.place(message, clientId);
          case "cancel":
            return this.cancel(message, settle);
          case "cancelAll":
            return this.cancelAll(message, settle);
          case "withdrawal":
            return settle ? "MALFORMED" : withdraw(this.ledger, this.desk, message, this.pendingSteps);
          case "transfer":
            return settle ? "MALFORMED" : transfer(this.ledger, message, this.pendingSteps);
          case "marginMode":
            return settle ? "MALFORMED" : this.setMarginMode(message);
        }
        break;
      }
      case "cancelAllApi": {
        const { account, market } = command;
        if (!this.ledger.has(account)) return "UNKNOWN_ACCOUNT";
        const resting = this.engine.cancelAll(account, market === null ? {} : { market });
        const events = [...this.settleBook(resting), ...this.conditionals.cancelAll(account, market)];
        return market === null ? [...events, ...this.deadMansSwitches.spend(account, acceptedAtMs)] : events;
      }
      case "cancelApi": {
        if (!this.ledger.has(command.account)) return "UNKNOWN_ACCOUNT";
        const { account, slot, sequence } = command;
        const events = this.engine.cancel(account, slot, sequence);
        const [first] = events;
        if (first?.type === "rejected") {
          if (first.code !== "ORDER_NOT_FOUND" || !this.conditionals.meets(account, slot, sequence)) return first.code;
          events.length = 0;
        }
        return [...this.settleBook(events), ...this.conditionals.cancel(account, slot, sequence)];
      }
      case "deadMansSwitch":
        if (!this.ledger.has(command.account)) return "UNKNOWN_ACCOUNT";
        return [this.deadMansSwitches.set(command.account, command.timeoutMs, acceptedAtMs)];
      case "feeTier": {
        if (!this.ledger.has(command.account)) return "UNKNOWN_ACCOUNT";
        this.fees.set(command.account, command.tier);
        return [{ type: "fee-tier", account: command.account, tier: command.tier }];
      }
      case "fundingSample":
        return sampleFunding(command.timeSeconds, this.funding, this.ledger, this.engine);
      case "conditional":
        return this.conditionals.place(command, this.commands + 1, acceptedAtMs);
      case "conditionalSweep":
        return this.conditionals.sweep(acceptedAtMs);
      case "cancelAt":
        return this.conditionals.cancelAt(command);
      case "liquidationSweep":
        if (this.ledger.shared.epoch === undefined) throw new RangeError("a liquidation sweep before the first epoch");
        return this.liquidate();
    }
  }

  private openEpoch(epoch: Extract<Command, { type: "epoch" }>["epoch"]): Effect {
    // Intervals that end by the epoch's time are sealed on the terms of the epoch before.
    const sealing = this.funding.sealing(epoch.timeSeconds, this.ledger.shared.epoch);
    const retiring = retiredPositions(this.ledger, epoch);
    this.pendingSteps.push(...this.ledger.openEpoch(epoch, this.funding.digestOf(epoch, sealing)));
    this.funding.seal(epoch.timeSeconds, sealing, epoch);
    this.nowSeconds = epoch.timeSeconds;
    this.engine.rules = this.rulesOfEpoch();
    const events = this.engine.expire(epoch.timeSeconds);
    sweepUnprovable(this.engine, this.ledger.terms, events);
    const settled = settledEvents(this.ledger, retiring);
    const opened: ExchangeEvent = { type: "epoch", number: epoch.number, timeSeconds: epoch.timeSeconds };
    const before = [...sealedEvents(sealing.intervals), opened, ...settled, ...this.settleBook(events)];
    return [...before, ...this.liquidate(), ...orBrokenOff("a trigger", () => this.conditionals.judge())];
  }

  /** A market trades while the epoch says that it is live, none before the first epoch. */
  private rulesOfEpoch(): BookRules {
    const live = this.ledger.shared.epoch === undefined ? [] : this.ledger.terms.markets;
    return { ...this.rules, markets: this.rules.markets.map((rules, i) => (live[i]?.live === true ? rules : null)) };
  }

  /** Liquidates who is at risk, and goes on with what waits for that. */
  private liquidate(): ExchangeEvent[] {
    const sweep = () => [...this.liquidator.sweep(this.nowSeconds), ...this.desk.drain(this.nowSeconds)];
    return this.letGo(orBrokenOff("a liquidation sweep", sweep));
  }

  private place(order: Signed<OrderMessage>, clientId: string | undefined): Effect {
    const { account, slot, sequence } = order;
    if (this.desk.isLeaving(account)) return "ACCOUNT_LEAVING";
    if (clientId !== undefined && !this.clientOrders.isFree(account, clientId, slot, sequence))
      return "DUPLICATE_CLIENT_ID";
    this.gate.setIncoming(order);
    const events = this.engine.place(order, this.nowSeconds);
    this.gate.setIncoming(null);
    const [first] = events;
    if (first?.type === "rejected") return first.code;
    if (clientId !== undefined) this.clientOrders.placed(account, clientId, slot, sequence);
    const settled = this.settleBook(events);
    if (this.engine.book.live(account, slot) !== NIL) this.gate.keep(order);
    return settled;
  }

  private cancel(message: Signed<CancelMessage>, settle: boolean): Effect {
    const { account, slot, sequence } = message;
    if (settle) {
      const verdict = this.ledger.checkCancel(message);
      if (verdict !== "ok") return cancelRefusalCode(verdict);
    }
    const events = this.engine.cancel(account, slot, sequence);
    const [first] = events;
    if (first?.type === "rejected") {
      // One that only the API cancelled may be cancelled again, for good; one that waits for its condition is in no book.
      const isKnown = settle || this.conditionals.meets(account, slot, sequence);
      if (!isKnown || first.code !== "ORDER_NOT_FOUND") return first.code;
      events.length = 0;
    }
    if (settle) this.pendingSteps.push(this.ledger.applyCancel(message));
    return [...this.settleBook(events), { type: "cancelled", account, slot, sequence, settle }];
  }

  private cancelAll(message: Signed<CancelAllMessage>, settle: boolean): Effect {
    const { account, sequence } = message;
    if (settle) {
      const verdict = this.ledger.checkCancelAll(message);
      if (verdict !== "ok") return cancelRefusalCode(verdict);
    } else {
      const minSequence = this.gate.minSequenceOf(account);
      if (sequence === minSequence) return "DUPLICATE_SEQUENCE";
      if (sequence < minSequence) return "STALE_SEQUENCE";
    }
    if (sequence > this.gate.minSequenceOf(account)) this.gate.promiseMinSequence(account, sequence);
    if (settle) this.pendingSteps.push(this.ledger.applyCancelAll(message));
    const events = this.engine.cancelAll(account, { belowSequence: sequence });
    return [...this.settleBook(events), { type: "cancelled-all", account, minSequence: sequence, settle }];
  }

  private setMarginMode(message: Signed<MarginModeMessage>): Effect {
    const { account, isolatedMarket } = message;
    const holds = this.ledger.settledRecord(account).sizesLots.some((size) => size !== 0n);
    const inUse = holds || this.engine.book.openOrderCount(account) + this.conditionals.store.count(account) > 0;
    const code = this.modes.change(message, { minSequence: this.gate.minSequenceOf(account), inUse });
    return code ?? [{ type: "margin-mode", account, isolatedMarket }];
  }

  /** @throws Error for a rejection, which is no event of the exchange */
  private settleBook(events: readonly BookEvent[]): ExchangeEvent[] {
    return this.letGo(
      events.map((event) => {
        if (event.type === "rejected") throw new Error(`an accepted command has a rejection: ${event.code}`);
        return event;
      }),
    );
  }

  /** Lets go of the names of orders that are gone. */
  private letGo(events: ExchangeEvent[]): ExchangeEvent[] {
    for (const event of events) {
      const isOver = event.type === "removed" && !this.conditionals.holds(event.account, event.slot, event.sequence);
      if (isOver) this.clientOrders.closed(event.account, event.slot, event.sequence);
    }
    return events;
  }

  /** What the command's events are for orders that wait. */
  private follow(effect: ExchangeEvent[], nowMs: number): ExchangeEvent[] {
    const told = effect.length;
    const events = orBrokenOff("a conditional order", () => this.conditionals.follow(effect, nowMs));
    this.letGo(events.slice(told));
    return events;
  }

  private sequence(events: readonly ExchangeEvent[], steps: readonly NumberedStep[]): SequencedEvent[] {
    const proving = provingSteps(events, steps);
    return events.map((event, at): SequencedEvent => {
      this.events += 1;
      return { seq: this.events, command: this.commands, step: proving[at] ?? null, event };
    });
  }
}
