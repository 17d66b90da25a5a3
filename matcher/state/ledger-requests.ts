import type { EpochTerms } from "../risk/epoch-terms.ts";
import * as rules from "../risk/request-rules.ts";
import type { AccountRecord } from "./account-record.ts";
import * as records from "./account-record.ts";
import type { LedgerState } from "./ledger-state.ts";
import * as checks from "./request-check.ts";
import type { ExitFill, ExitFillStep, ForcedCloseProposal, ForcedCloseStep, RequestStep } from "./step.ts";
import type { QueueEntry } from "./trace.ts";
import { type PoolRefusal, poolRefusal } from "./withdrawal-rules.ts";

export type { ExitFillVerdict, ForcedCloseVerdict } from "./request-check.ts";

/**
 * What a request can be told now: its outcome, or why it has to wait at the head. A payment that the pool does not hold waits for the
 * accounts that owe it to be settled, as a withdrawal would; it may only be advanced until then.
 */
export type RequestVerdict = RequestStep["outcome"] | PoolRefusal | "open" | "collateral-range";

/** What the ledger lends to those who change it. */
export interface LedgerAccess {
  readonly state: LedgerState;
  readonly terms: () => EpochTerms;
  /** Writes a settled record. */
  readonly write: (account: number, record: AccountRecord) => void;
}

/** Requests from L1 on the ledger (docs/protocol.md §5b): what is closed for them, and how they end. Part of {@link Ledger}. */
export class LedgerRequests {
  readonly #ledger: LedgerAccess;

  constructor(ledger: LedgerAccess) {
    this.#ledger = ledger;
  }

  /** Changes nothing. @throws RangeError for what is no fill at all */
  checkExitFill(fill: ExitFill): checks.ExitFillVerdict {
    const outcome = checks.checkExitFill(this.#ledger.state, this.#ledger.terms(), fill);
    return typeof outcome === "string" ? outcome : "ok";
  }

  /** The step belongs among the parts of its request's. @throws Error unless {@link checkExitFill} says ok */
  applyExitFill(fill: ExitFill): ExitFillStep {
    const { state, terms, write } = this.#ledger;
    const outcome = checks.checkExitFill(state, terms(), fill);
    if (typeof outcome === "string") throw new Error(`exit fill refused: ${outcome}`);
    const { maker } = fill;
    const { slot, record, feePicoUsd } = outcome.other;
    state.setSlot(maker.account, maker.slot, slot);
    write(maker.account, record);
    write(fill.account, outcome.record);
    this.#grow(fill.market, outcome.grossDeltaLots);
    state.setShared({ feesPicoUsd: state.shared.feesPicoUsd + feePicoUsd });
    return outcome.step;
  }

  /** Changes nothing. @throws RangeError for what is none at all */
  checkForcedClose(proposal: ForcedCloseProposal): checks.ForcedCloseVerdict {
    const outcome = checks.checkForcedClose(this.#ledger.state, this.#ledger.terms(), proposal);
    return typeof outcome === "string" ? outcome : "ok";
  }

  /** As {@link applyExitFill}. @throws Error unless {@link checkForcedClose} says ok */
  applyForcedClose(proposal: ForcedCloseProposal): ForcedCloseStep {
    const { state, terms, write } = this.#ledger;
    const outcome = checks.checkForcedClose(state, terms(), proposal);
    if (typeof outcome === "string") throw new Error(`forced close refused: ${outcome}`);
    write(proposal.counterparty, outcome.other);
    write(proposal.account, outcome.record);
    this.#grow(proposal.market, outcome.grossDeltaLots);
    return outcome.step;
  }

  /** @param closed whether parts that no step has yet close something of the account @throws RangeError for an unknown account */
  checkRequest(entry: QueueEntry, closed: boolean): RequestVerdict {
    const { state, terms } = this.#ledger;
    const start = this.#start(entry);
    const final = records.afterRequest(start, entry);
    if (!records.collateralInRange(final)) return "collateral-range";
    const end = { request: requestKind(entry), final, closed };
    const outcome = rules.requestOutcome(terms(), end);
    if (outcome !== "done" || entry.kind !== "forcedExit") return outcome ?? "open";
    return poolRefusal(state.shared, rules.exitPayoutMicroUsdFloor(final)) ?? "done";
  }

  /**
   * Ends a request, or notes what was closed for it so far.
   * @param parts what was closed since the request's step before, if there was one: in the same batch, and all of it
   * @throws Error for an outcome that the circuit would refuse
   */
  applyRequest(entry: QueueEntry, outcome: RequestStep["outcome"], parts: RequestStep["parts"]): RequestStep {
    const { state, terms, write } = this.#ledger;
    const final = records.afterRequest(this.#start(entry), entry);
    const end = { request: requestKind(entry), final, closed: parts.length > 0 };
    if (!rules.outcomeHolds(terms(), end, outcome)) throw new Error(`a ${entry.kind} is not ${outcome}`);
    const pays = entry.kind === "forcedExit" && outcome === "done";
    const payoutMicroUsd = pays ? rules.exitPayoutMicroUsdFloor(final) : 0n;
    if (poolRefusal(state.shared, payoutMicroUsd) !== undefined) throw new Error("the pool does not hold the payment");
    write(entry.account, records.paidOut(final, payoutMicroUsd));
    const { queueCursor, withdrawnMicroUsd } = state.shared;
    state.setShared({
      queueCursor: outcome === "advanced" ? queueCursor : queueCursor + 1,
      withdrawnMicroUsd: withdrawnMicroUsd + payoutMicroUsd,
    });
    return { kind: "request", entry, outcome, parts, payoutMicroUsd };
  }

  #start({ account }: QueueEntry): AccountRecord {
    const stored = this.#ledger.state.record(account);
    if (stored === undefined) throw new RangeError(`no account ${account}`);
    return records.settled(stored, this.#ledger.terms());
  }

  #grow(market: number, deltaLots: bigint): void {
    const { state } = this.#ledger;
    const gross = state.shared.grossOpenInterestLots;
    state.setShared({ grossOpenInterestLots: gross.with(market, (gross[market] as bigint) + deltaLots) });
  }
}

/** @throws RangeError for an entry that is none */
function requestKind({ kind }: QueueEntry): rules.RequestEnd["request"] {
  if (kind === "registration" || kind === "deposit") throw new RangeError(`a ${kind} is no request`);
  return kind;
}
