import { bestPrices } from "../book/book-view.ts";
import type { MatchingEngine } from "../book/matching-engine.ts";
import type { Side } from "../protocol/message.ts";
import { INSURANCE_ACCOUNT } from "../protocol/spec.ts";
import { AtRiskSearch, compareMaintenanceRatio } from "../risk/at-risk.ts";
import { largestDeleveragingLots } from "../risk/deleveraging-quantity.ts";
import type { MarketTerms } from "../risk/epoch-terms.ts";
import { fillablePriceTicksSafeSide } from "../risk/fillable-price.ts";
import { insuranceAvailablePicoUsd } from "../risk/insurance-available.ts";
import { holdsRestricted } from "../risk/transition.ts";
import type { Ledger } from "../state/ledger.ts";
import type { RequestStep, Step } from "../state/step.ts";
import { withoutRejections } from "./book-events.ts";
import { DeleveragingBoard } from "./deleveraging-board.ts";
import type { DeleveragingReason, ExchangeEvent, LiquidatedEvent } from "./exchange-event.ts";
import { accountsOf } from "./step-accounts.ts";

/**
 * Closes positions of accounts below maintenance margin: against the book, as little as restores them; then, of what is bankrupt, against
 * holders of the opposite side. The ledger judges every step, so that nothing here can do what could not be proven; here stands the
 * order, which is promised.
 *
 * Deterministic, and without a state of its own beside the search's mirror: what is at risk follows from the ledger.
 */
export class Liquidator {
  private readonly ledger: Ledger;
  private readonly engine: MatchingEngine;
  private readonly steps: Step[];
  private readonly search: AtRiskSearch;
  /** Who would be deleveraged, and in which order. */
  readonly board: DeleveragingBoard;

  /** @param steps where the steps of applied liquidations go, in order; the gate of the engine writes there too */
  constructor(ledger: Ledger, engine: MatchingEngine, steps: Step[]) {
    this.ledger = ledger;
    this.engine = engine;
    this.steps = steps;
    this.board = new DeleveragingBoard(ledger);
    this.search = new AtRiskSearch((account) => (ledger.has(account) ? ledger.settledRecord(account) : undefined));
  }

  /** To be told of all accounts that were there before the first step. */
  noteAccounts(accounts: readonly number[]): void {
    for (const account of accounts) this.search.noteWritten(account);
  }

  /** To be told of every step of the ledger. */
  noteSteps(steps: readonly (Step | RequestStep["parts"][number])[]): void {
    for (const account of steps.flatMap((step) => accountsOf(step))) {
      this.search.noteWritten(account);
      this.board.noteWritten(account);
    }
  }

  /**
   * Accounts below maintenance margin with a position that may be closed now, in the order in which it will be: by TV / TR_m, then by
   * index. An account with a position in a restricted market is left alone, and there is no liquidation before the insurance fund is
   * registered.
   */
  atRisk(): number[] {
    const { ledger } = this;
    if (ledger.shared.epoch === undefined || !ledger.has(INSURANCE_ACCOUNT)) return [];
    const found = this.search.find(ledger.terms).filter((account) => this.marketsOf(account).length > 0);
    return found
      .map((account) => ({ account, margin: ledger.marginOf(account) }))
      .sort((a, b) => compareMaintenanceRatio(a.margin, b.margin) || a.account - b.account)
      .map(({ account }) => account);
  }

  /** Liquidates whoever is at risk. Answers with everything that happened, in order. */
  sweep(nowSeconds: number): ExchangeEvent[] {
    const events: ExchangeEvent[] = [];
    for (const account of this.atRisk()) {
      // A fill as another one's maker may have restored it.
      if (!this.isBelowMaintenance(account)) continue;
      events.push(...withoutRejections(this.engine.cancelAll(account, {}, [], "liquidation")));
      for (const market of this.marketsOf(account)) {
        if (this.isBelowMaintenance(account)) this.closeOnBook(account, market, nowSeconds, events);
      }
      for (const market of this.marketsOf(account)) this.deleverage(account, market, events);
    }
    return events;
  }

  private isBelowMaintenance(account: number): boolean {
    const { valuePicoUsd, maintenancePicoUsd } = this.ledger.marginOf(account);
    return valuePicoUsd < maintenancePicoUsd;
  }

  /** Markets in which the account's position may be closed, the one with the greatest maintenance margin first; none while one is restricted. */
  marketsOf(account: number): number[] {
    const { terms } = this.ledger;
    const record = this.ledger.settledRecord(account);
    if (account === INSURANCE_ACCOUNT || holdsRestricted(terms, record)) return [];
    const required = record.sizesLots.map((size, market) => {
      const { lotMaintenancePicoUsd } = terms.markets[market] as MarketTerms;
      return (size < 0n ? -size : size) * lotMaintenancePicoUsd;
    });
    const held = record.sizesLots.flatMap((size, market) =>
      size !== 0n && terms.markets[market]?.live === true ? [market] : [],
    );
    return held.sort((a, b) => {
      const difference = (required[b] as bigint) - (required[a] as bigint);
      return difference === 0n ? a - b : difference > 0n ? 1 : -1;
    });
  }

  private sideOf(account: number, market: number): Side {
    return this.ledger.positionLots(account, market) > 0 ? "sell" : "buy";
  }

  /** The worst price that the account may get now. */
  private limitTicks(account: number, market: number): number {
    const side = this.sideOf(account, market);
    return Number(fillablePriceTicksSafeSide(this.ledger.terms, { market, side }, this.ledger.marginOf(account)));
  }

  /** Whether somebody in the book offers a price at which the account may be liquidated. */
  private bookHasPrice(account: number, market: number): boolean {
    const { bidTicks, askTicks } = bestPrices(this.engine.book, market);
    const limitTicks = this.limitTicks(account, market);
    if (this.sideOf(account, market) === "sell") return bidTicks !== null && bidTicks >= limitTicks;
    return askTicks !== null && askTicks <= limitTicks;
  }

  private closeOnBook(account: number, market: number, nowSeconds: number, events: ExchangeEvent[]): void {
    if (!this.bookHasPrice(account, market)) return;
    const side = this.sideOf(account, market);
    const first = this.steps.length;
    const quantityLots = Math.abs(this.ledger.positionLots(account, market));
    const order = { account, market, side, quantityLots, limitPriceTicks: this.limitTicks(account, market) };
    events.push(...withoutRejections(this.engine.liquidate(order, nowSeconds)));
    const steps = this.steps.slice(first);
    this.noteSteps(steps);
    const summary = liquidatedEvent(account, market, side, steps);
    if (summary.quantityLots > 0) events.push(summary);
  }

  /** What the book does not take of a bankrupt position goes to those who gain by it, the most leveraged first. */
  private deleverage(account: number, market: number, events: ExchangeEvent[]): void {
    const { ledger, engine } = this;
    const { terms } = ledger;
    const side = this.sideOf(account, market);
    let place = 0;
    while (true) {
      const ranking = this.board.ranking(market, side === "sell" ? "short" : "long");
      const margin = ledger.marginOf(account);
      const sizeLots = BigInt(ledger.positionLots(account, market));
      const holder = ranking.at(place);
      if (margin.valuePicoUsd >= 0n || sizeLots === 0n || holder === undefined) return;
      const counterparty = holder.account;
      const other = {
        margin: ledger.marginOf(counterparty),
        sizeLots: BigInt(ledger.positionLots(counterparty, market)),
      };
      const leftPicoUsd = insuranceAvailablePicoUsd(ledger.insuranceLeft());
      const lots = largestDeleveragingLots(terms, market, { margin, sizeLots }, other, leftPicoUsd);
      const proposal = { account, counterparty, market, quantityLots: Number(lots) };
      if (lots === 0n || ledger.checkDeleveraging(proposal) !== "ok") {
        place += 1;
        continue;
      }
      const rank = ranking.rankOf(counterparty);
      if (rank === undefined) throw new Error(`account ${counterparty} is ranked and has no rank`);
      const reason: DeleveragingReason = this.bookHasPrice(account, market) ? "insurance-exhausted" : "book-empty";
      const step = ledger.applyDeleveraging(proposal);
      this.steps.push(step);
      const { quantityLots, payoutPicoUsd, coveredPicoUsd } = step;
      const priceTicks = Number((terms.markets[market] as MarketTerms).priceTicks);
      const both = { type: "deleveraged", market, quantityLots, priceTicks, reason, rank, coveredPicoUsd } as const;
      const opposite: Side = side === "sell" ? "buy" : "sell";
      events.push(
        { ...both, account, other: counterparty, role: "liquidated", side, receivedPicoUsd: payoutPicoUsd },
        {
          ...both,
          account: counterparty,
          other: account,
          role: "counterparty",
          side: opposite,
          receivedPicoUsd: coveredPicoUsd - payoutPicoUsd,
        },
      );
      events.push(...withoutRejections(engine.positionChanged(counterparty, market)));
      this.noteSteps([step]);
    }
  }
}

function liquidatedEvent(account: number, market: number, side: Side, steps: readonly Step[]): LiquidatedEvent {
  const sum = { quantityLots: 0, quoteMicroUsd: 0n, feePicoUsd: 0n, payoutPicoUsd: 0n };
  for (const step of steps) {
    if (step.kind !== "liquidation") continue;
    sum.quantityLots += step.quantityLots;
    sum.quoteMicroUsd += step.quoteMicroUsd;
    sum.feePicoUsd += step.feePicoUsd;
    sum.payoutPicoUsd += step.payoutPicoUsd;
  }
  return { type: "liquidated", account, market, side, ...sum };
}
