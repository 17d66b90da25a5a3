import { isRequest } from "../protocol/queue-chain.ts";
import { INSURANCE_ACCOUNT, TIERS, tierById } from "../protocol/spec.ts";
import type { Ledger } from "../state/ledger.ts";
import type { Step } from "../state/step.ts";
import type { QueueEntry } from "../state/trace.ts";
import type { AccountOwners } from "./account-owners.ts";
import type { QueueCommand } from "./command.ts";
import type { ExchangeEvent, RequestWait } from "./exchange-event.ts";
import type { RequestServer } from "./request-server.ts";

/** An entry that came from L1 and is not consumed: the one at the head waits for something, the others for it. */
export interface WaitingEntry {
  readonly entry: QueueEntry;
  /** Of the largest batches when it came. */
  readonly tier: number;
}

/** All of it as plain data. */
export interface QueueDeskSnapshot {
  readonly waiting: readonly WaitingEntry[];
  readonly waitsFor: RequestWait | null;
}

/** Takes what L1's queue brings, in its order: nothing passes a request that has to wait. */
export class QueueDesk {
  private readonly ledger: Ledger;
  private readonly server: RequestServer;
  private readonly owners: AccountOwners;
  private readonly steps: Step[];
  private waiting: WaitingEntry[] = [];
  /** What the head waits for. */
  private waitsFor: RequestWait | undefined;

  /** @param steps where steps go, in order */
  constructor(ledger: Ledger, server: RequestServer, owners: AccountOwners, steps: Step[]) {
    this.ledger = ledger;
    this.server = server;
    this.owners = owners;
    this.steps = steps;
  }

  /** Index of the entry that is to come next. */
  get cursor(): number {
    return this.ledger.shared.queueCursor + this.waiting.length;
  }

  /** Entries that came and are not consumed. */
  get waitingCount(): number {
    return this.waiting.length;
  }

  /** What the request at the head waits for. */
  get wait(): RequestWait | undefined {
    return this.waitsFor;
  }

  /** Whether a forced exit of the account has come and not ended: until then it places no orders. */
  isLeaving(account: number): boolean {
    return this.waiting.some(({ entry }) => entry.kind === "forcedExit" && entry.account === account);
  }

  /**
   * Whether the pool is held for a forced exit: what others took now would be missing there.
   * @param account who wants to withdraw; who leaves may take of it what there is
   */
  isPoolHeldAgainst(account: number): boolean {
    return this.waitsFor === "pool-short" && this.waiting[0]?.entry.account !== account;
  }

  /** @throws RangeError for an entry that cannot follow; nothing has changed then */
  take({ entry, cursor, tier }: QueueCommand, nowSeconds: number): ExchangeEvent[] {
    if (cursor !== this.cursor) throw new RangeError(`queue entry ${cursor} came, ${this.cursor} is next`);
    if (this.waiting.length === 0 && !isRequest(entry)) return this.apply(entry);
    const { kind, account } = entry;
    if (isRequest(entry) && (account === INSURANCE_ACCOUNT || !this.isKnown(account)))
      throw new RangeError(`a ${kind} of account ${account}, which cannot have one`);
    if (isRequest(entry) && !TIERS.some(({ id }) => id === tier)) throw new RangeError(`a ${kind} without a tier`);
    this.waiting.push({ entry, tier: tier ?? 0 });
    if (this.waiting.length > 1) return [];
    try {
      return this.drain(nowSeconds);
    } catch (error) {
      // Not a RangeError, which would say that nothing has changed.
      const text = error instanceof Error ? error.message : String(error);
      throw new Error(`serving a ${kind} broke off: ${text}`, { cause: error });
    }
  }

  /** Goes on with what waits, as far as that is possible now. */
  drain(nowSeconds: number): ExchangeEvent[] {
    const events: ExchangeEvent[] = [];
    for (;;) {
      const [head] = this.waiting;
      if (head === undefined) return events;
      const { entry, tier } = head;
      if (!isRequest(entry)) events.push(...this.apply(entry));
      else {
        const served = this.server.serve(entry, tierById(tier), nowSeconds);
        events.push(...served.events);
        if (served.waitsFor !== undefined) return [...events, ...this.waits(entry, served.waitsFor)];
      }
      this.waiting.shift();
      this.waitsFor = undefined;
    }
  }

  snapshot(): QueueDeskSnapshot {
    return { waiting: this.waiting.slice(), waitsFor: this.waitsFor ?? null };
  }

  restore({ waiting, waitsFor }: QueueDeskSnapshot): void {
    this.waiting = waiting.slice();
    this.waitsFor = waitsFor ?? undefined;
  }

  /** Told when it begins to wait, and when it waits for something else. */
  private waits({ kind, account }: QueueEntry, reason: RequestWait): ExchangeEvent[] {
    const known = this.waitsFor === reason;
    this.waitsFor = reason;
    if (known || kind === "registration" || kind === "deposit") return [];
    return [{ type: "request-waits", account, request: kind, reason }];
  }

  private isKnown(account: number): boolean {
    const joins = ({ entry }: WaitingEntry) => entry.kind === "registration" && entry.account === account;
    return this.ledger.has(account) || this.waiting.some(joins);
  }

  private apply(entry: QueueEntry): ExchangeEvent[] {
    const { kind, account, amountMicroUsd, owner } = entry;
    if (kind === "registration") {
      this.steps.push(this.ledger.registerAccount(entry));
      this.owners.add(owner, account);
      return [{ type: "registered", account, owner }];
    }
    this.steps.push(this.ledger.applyDeposit(entry));
    return [{ type: "deposit", account, amountMicroUsd }];
  }
}
