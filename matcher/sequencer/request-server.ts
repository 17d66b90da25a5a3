import type { MatchingEngine } from "../book/matching-engine.ts";
import type { Tier } from "../protocol/spec.ts";
import type { MarketTerms } from "../risk/epoch-terms.ts";
import { exitPriceTicksSafeSide } from "../risk/exit-price.ts";
import { largestForcedCloseLots } from "../risk/forced-close-quantity.ts";
import type { ClosingRequest } from "../risk/request-rules.ts";
import type { Ledger } from "../state/ledger.ts";
import type { ExitFill, ForcedCloseProposal, ForcedCloseStep, RequestStep, Step } from "../state/step.ts";
import type { QueueEntry } from "../state/trace.ts";
import { withoutRejections } from "./book-events.ts";
import type { ExchangeEvent, ForcedClosedEvent, RequestWait } from "./exchange-event.ts";
import type { Liquidator } from "./liquidator.ts";
import { RequestChunk } from "./request-chunk.ts";

/** What became of a request that was tried. */
export interface Served {
  readonly events: readonly ExchangeEvent[];
  /** Undefined: it has ended. */
  readonly waitsFor: RequestWait | undefined;
}

/** The request that is being served. */
interface Serving {
  readonly entry: QueueEntry;
  readonly tier: Tier;
  readonly events: ExchangeEvent[];
  chunk: RequestChunk;
}

/**
 * Serves requests from L1 (docs/protocol.md §5b): takes orders out, closes what is to be closed against the book and then against holders
 * of the other side, and says how it ended. The ledger judges every row; here stands the order, which is promised.
 *
 * All of a request is done within a command, in as many steps as it needs batches. One that cannot end waits at the head of the queue and
 * is tried again with every epoch and every liquidation sweep:
 *
 * - a forced exit while the pool does not hold what the account is worth. All accounts add up to the pool, so the others together owe
 *   then: nothing is closed, since the account would exchange its part in positions, which deleveraging may still take the loss
 *   from, for money that is not there. Nobody else is paid meanwhile. If nothing changes the deadline ends it: a freeze divides what there is;
 * - while every holder of the other side is bankrupt and neither fund nor counterparties can bear it.
 */
export class RequestServer {
  private readonly ledger: Ledger;
  private readonly engine: MatchingEngine;
  private readonly liquidator: Liquidator;
  private readonly steps: Step[];
  private serving: Serving | undefined;

  /** @param steps where finished steps go, in order; the liquidator and the engine's gate write there too */
  constructor(ledger: Ledger, engine: MatchingEngine, liquidator: Liquidator, steps: Step[]) {
    this.ledger = ledger;
    this.engine = engine;
    this.liquidator = liquidator;
    this.steps = steps;
  }

  /** @param tier whose fresh batch has to hold each step of it */
  serve(entry: QueueEntry, tier: Tier, nowSeconds: number): Served {
    const events: ExchangeEvent[] = [];
    this.serving = { entry, tier, events, chunk: new RequestChunk(entry, tier) };
    this.removeOrders(entry, events);
    let waitsFor: RequestWait | undefined;
    if (entry.kind === "forcedExit" || entry.kind === "liquidationRequest") {
      // What is bankrupt goes first: nobody can close against it, and what it owes is borne by those who gain (§5a).
      events.push(...this.liquidator.sweep(nowSeconds));
      if (this.ledger.requests.checkRequest(entry, false) === "open") {
        if (entry.kind === "forcedExit" && !this.poolHoldsWorthOf(entry.account)) waitsFor = "pool-short";
        else this.close(this.serving, entry.kind, nowSeconds);
      }
    }
    waitsFor ??= this.end(this.serving);
    this.serving = undefined;
    return { events, waitsFor };
  }

  /** Applies a fill that the engine made for the exit that is being served. @throws Error without one */
  takeExitFill(fill: ExitFill): void {
    const { serving } = this;
    if (serving === undefined) throw new Error(`account ${fill.account} leaves without having asked for it`);
    if (!serving.chunk.hasRoomFor(fill)) this.advance(serving);
    const part = this.ledger.requests.applyExitFill(fill);
    serving.chunk.add(part);
    this.liquidator.noteSteps([part]);
  }

  /** Orders that the request makes void, and all of an account that leaves or whose key is replaced. */
  private removeOrders({ kind, account, minSequence }: QueueEntry, events: ExchangeEvent[]): void {
    if (kind === "liquidationRequest") return;
    const filter = kind === "cancelAll" ? { belowSequence: minSequence } : {};
    const reason = kind === "forcedExit" ? "forced-exit" : "cancelled";
    events.push(...withoutRejections(this.engine.cancelAll(account, filter, [], reason)));
  }

  private poolHoldsWorthOf(account: number): boolean {
    return this.ledger.marginOf(account).valuePicoUsd <= this.ledger.poolPicoUsd;
  }

  private close(serving: Serving, request: ClosingRequest, nowSeconds: number): void {
    const { account } = serving.entry;
    for (const market of this.liquidator.marketsOf(account)) {
      if (request === "forcedExit") this.closeOnBook(serving, market, nowSeconds);
      this.closeAgainstHolders(serving, request, market);
    }
  }

  private closeOnBook(serving: Serving, market: number, nowSeconds: number): void {
    const { account } = serving.entry;
    const lots = this.ledger.positionLots(account, market);
    const side = lots > 0 ? "sell" : "buy";
    const limitPriceTicks = Number(exitPriceTicksSafeSide(this.ledger.terms, market, side));
    const order = { account, market, side, quantityLots: Math.abs(lots), limitPriceTicks } as const;
    serving.events.push(...withoutRejections(this.engine.exit(order, nowSeconds)));
  }

  /** The most leveraged first, then those that have no place among them: they are worth nothing, and may still do as they are. */
  private closeAgainstHolders(serving: Serving, request: ClosingRequest, market: number): void {
    const { account } = serving.entry;
    const opposite = this.ledger.positionLots(account, market) > 0 ? "short" : "long";
    let place = 0;
    while (this.hasMoreToClose(account, request, market)) {
      const holder = this.liquidator.board.ranking(market, opposite).at(place);
      if (holder === undefined) break;
      if (!this.closeAgainst(serving, request, market, holder.account)) place += 1;
    }
    for (const holder of this.ledger.holdersOf(market)) {
      if (!this.hasMoreToClose(account, request, market)) return;
      if (this.liquidator.board.ranking(market, opposite).rankOf(holder) !== undefined) continue;
      this.closeAgainst(serving, request, market, holder);
    }
  }

  private hasMoreToClose(account: number, request: ClosingRequest, market: number): boolean {
    if (this.ledger.positionLots(account, market) === 0) return false;
    if (request === "forcedExit") return true;
    const { valuePicoUsd, maintenancePicoUsd } = this.ledger.marginOf(account);
    return valuePicoUsd < maintenancePicoUsd;
  }

  /** @returns whether it took anything over */
  private closeAgainst(serving: Serving, request: ClosingRequest, market: number, counterparty: number): boolean {
    const { ledger } = this;
    const { account } = serving.entry;
    if (counterparty === account) return false;
    const lots = largestForcedCloseLots(
      ledger.terms,
      request,
      market,
      ledger.marginOf(account),
      BigInt(ledger.positionLots(account, market)),
      BigInt(ledger.positionLots(counterparty, market)),
    );
    const proposal: ForcedCloseProposal = { request, account, counterparty, market, quantityLots: Number(lots) };
    if (lots === 0n || ledger.requests.checkForcedClose(proposal) !== "ok") return false;
    if (!serving.chunk.isEmpty) this.advance(serving);
    const step = ledger.requests.applyForcedClose(proposal);
    serving.chunk.add(step);
    this.liquidator.noteSteps([step]);
    const { priceTicks } = ledger.terms.markets[market] as MarketTerms;
    serving.events.push(...forcedClosedEvents(step, request, Number(priceTicks)));
    serving.events.push(...withoutRejections(this.engine.positionChanged(counterparty, market)));
    return true;
  }

  /** What was closed so far belongs into a batch of its own: the request stays where it is. */
  private advance(serving: Serving): void {
    this.finish(serving, "advanced");
    serving.chunk = new RequestChunk(serving.entry, serving.tier);
  }

  /** @returns what it waits for; undefined when it has ended */
  private end(serving: Serving): RequestWait | undefined {
    const { entry, chunk, events } = serving;
    const verdict = this.ledger.requests.checkRequest(entry, !chunk.isEmpty);
    if (verdict !== "done" && verdict !== "inapplicable") {
      if (!chunk.isEmpty) this.advance(serving);
      return verdict === "pool-short" ? "pool-short" : "no-counterparty";
    }
    const { payoutMicroUsd } = this.finish(serving, verdict);
    const { kind, account } = entry;
    if (kind === "registration" || kind === "deposit") throw new Error(`a ${kind} was served as a request`);
    if (payoutMicroUsd > 0n) events.push({ type: "exit-paid", account, amountMicroUsd: payoutMicroUsd });
    const minSequence = this.ledger.minSequenceOf(account);
    events.push({ type: "request-served", account, request: kind, outcome: verdict, minSequence });
    return undefined;
  }

  private finish({ entry, chunk }: Serving, outcome: RequestStep["outcome"]): RequestStep {
    const step = this.ledger.requests.applyRequest(entry, outcome, chunk.parts);
    this.steps.push(step);
    this.liquidator.noteSteps([step]);
    return step;
  }
}

function forcedClosedEvents(step: ForcedCloseStep, request: ClosingRequest, priceTicks: number): ForcedClosedEvent[] {
  const { account, counterparty, market, side, quantityLots, quoteMicroUsd } = step;
  const both = { type: "forced-closed", request, market, quantityLots, priceTicks, quoteMicroUsd } as const;
  const opposite = side === "sell" ? "buy" : "sell";
  return [
    { ...both, account, other: counterparty, role: "requested", side },
    { ...both, account: counterparty, other: account, role: "counterparty", side: opposite },
  ];
}
