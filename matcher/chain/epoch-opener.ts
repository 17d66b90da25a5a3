import type { Interface, JsonRpcProvider } from "ethers";
import type { ReportedRound } from "../protocol/price-report.ts";
import { EXCHANGE, MARKET_REGISTRY, PRICE_ORACLE } from "./contract-interfaces.ts";
import { type EpochCadence, type EpochLoad, pricesMoved, whyNoEpoch } from "./epoch-cadence.ts";
import { isRevert, RevertError, revertError } from "./revert-reason.ts";
import type { TransactionLine } from "./transaction-line.ts";

export interface EpochOpenerOptions {
  readonly provider: JsonRpcProvider;
  readonly line: TransactionLine;
  readonly exchange: string;
  readonly oracle: string;
  readonly registry: string;
  readonly cadence: EpochCadence;
  /** Head of the sequencer's command hash chain at this moment. */
  readonly journalHead: () => bigint;
  /** What the cadence depends on beside the clock. */
  readonly load: () => EpochLoad;
  /** Funding to add to the indices, pico-USD per lot by market; null while what it depends on is not complete. */
  readonly fundingDeltasPicoUsd: (charge: FundingCharge) => bigint[] | null;
  /** Resolves once everything that an epoch is computed from will survive a crash: L1 must not know more than the journal. */
  readonly durable?: () => Promise<void>;
  readonly onNotice?: (sentence: string) => void;
}

/** What an epoch charges funding for. */
export interface FundingCharge {
  /** Of the new epoch, by market; 0 where no index may move: the market is not live, or its price is not fresh. */
  readonly pricesTicks: readonly number[];
  /** Time of the last epoch. */
  readonly fromSeconds: number;
  /** Time of the new one; the same before the first. */
  readonly toSeconds: number;
  /** The contract's bound in the parameters that the epoch will have. */
  readonly rateMaxPpmPerHour: number;
}

export interface EpochOpenerStatus {
  readonly openedNumber: number;
  readonly latestRound: number;
  /** Live markets that had no fresh price when the last epoch was opened. */
  readonly restrictedMarkets: readonly number[];
  /** Why no epoch is opened now, or undefined. */
  readonly waitingFor: string | undefined;
}

/** What the next epoch will be made of. */
interface Plan {
  /** What was reported, whoever submits it; undefined when the last accepted prices stand. */
  readonly reported: ReportedRound | undefined;
  /** To be submitted; undefined when the oracle has it, or a newer one. */
  readonly round: ReportedRound | undefined;
  /** Newest round of the oracle once the epoch is open. */
  readonly roundNumber: number;
  readonly timeSeconds: number;
  readonly paramVersion: number;
  readonly rateMaxPpmPerHour: number;
  /** As the oracle will have accepted them. */
  readonly pricesTicks: readonly number[];
  /** Live markets, by whether their price is fresh. */
  readonly fresh: readonly number[];
  readonly restricted: readonly number[];
}

const TICK_MS = 100;
/** Rounds kept: the chain's clock may be some reports behind the signers'. */
const ROUNDS_KEPT = 16;
/** How long to leave a chain in peace that did not answer. */
const RETRY_MS = 1_000;
/** `MarketStatus.Live`. */
const LIVE = 1n;

/**
 * Opens epochs with the newest price report, or, when none has come for long, without. It knows what was opened from the
 * transactions' own results; the sequencer hears of an epoch from the watcher, when it is confirmed, and not before.
 */
export class EpochOpener {
  readonly #options: EpochOpenerOptions;
  /** Rounds that could be used, the newest last. */
  #rounds: ReportedRound[] = [];
  #usedRound = 0;
  #openedNumber = 0;
  #openedSeconds = 0;
  #openedMs = 0;
  /** When a round was last of use. */
  #heardMs = 0;
  /** Prices of the newest epoch, and those that were reported when it was opened: the oracle may have held some back. */
  #epochTicks: readonly number[] = [];
  #reportedTicks: readonly number[] = [];
  #restrictedMarkets: readonly number[] = [];
  #rateMaxPpmPerHour = 0;
  #opening = false;
  #waitingFor: string | undefined = "a first price round";
  #timer: NodeJS.Timeout | undefined;
  #notBeforeMs = 0;
  #stopped = false;

  constructor(options: EpochOpenerOptions) {
    this.#options = options;
  }

  /** Reads what the contracts know already, then opens epochs as the cadence allows. */
  async start(): Promise<void> {
    const { oracle } = this.#options;
    this.#usedRound = await this.#readLatest();
    const [pricesTicks] = await this.#read(oracle, PRICE_ORACLE, "prices");
    this.#epochTicks = numbers(pricesTicks);
    this.#reportedTicks = this.#epochTicks;
    this.#heardMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** @returns the round that the newest epoch was opened with */
  async #readLatest(): Promise<number> {
    const [number, timeSeconds, , round] = await this.#read(this.#options.exchange, EXCHANGE, "latestEpoch");
    this.#openedNumber = Number(number);
    this.#openedSeconds = Number(timeSeconds);
    return Number(round);
  }

  /** Opens nothing more. What the transaction line has been given already is its own affair. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  /** Takes the next round. */
  offer(round: ReportedRound): void {
    if (round.number > this.#latestRound) this.#rounds = [...this.#rounds, round].slice(-ROUNDS_KEPT);
    this.#tick();
  }

  status(): EpochOpenerStatus {
    return {
      openedNumber: this.#openedNumber,
      latestRound: this.#latestRound,
      restrictedMarkets: this.#restrictedMarkets,
      waitingFor: this.#waitingFor,
    };
  }

  /** The contract's bound of funding, ppm of the price per hour, as last read; 0 before the first epoch. */
  get rateMaxPpmPerHour(): number {
    return this.#rateMaxPpmPerHour;
  }

  get #latestRound(): number {
    return this.#rounds.at(-1)?.number ?? this.#usedRound;
  }

  get #isSilent(): boolean {
    return performance.now() - this.#heardMs >= this.#options.cadence.silentMs;
  }

  async #read(to: string, contract: Interface, method: string, values: readonly unknown[] = []): Promise<unknown[]> {
    const data = contract.encodeFunctionData(method, values);
    return contract.decodeFunctionResult(method, await this.#options.provider.call({ to, data })).toArray();
  }

  #tick(): void {
    if (this.#opening || this.#stopped || performance.now() < this.#notBeforeMs) return;
    if (this.#options.line.status().state !== "running") {
      this.#waitingFor = "nothing: settlement has stopped";
      return;
    }
    if (this.#latestRound <= this.#usedRound && !this.#isSilent) {
      this.#waitingFor = "a newer price round";
      return;
    }
    const { cadence, load } = this.#options;
    const sinceMs = this.#openedMs === 0 ? Number.POSITIVE_INFINITY : performance.now() - this.#openedMs;
    this.#waitingFor = whyNoEpoch(cadence, load(), this.#openedNumber, sinceMs, this.#pricesMoved());
    if (this.#waitingFor !== undefined) return;
    this.#opening = true;
    this.#open().finally(() => {
      this.#opening = false;
    });
  }

  /** What the oracle held back is no news: it would call for one epoch after the other until it is taken. */
  #pricesMoved(): boolean {
    const { cadence } = this.#options;
    const news = (this.#rounds.at(-1)?.pricesTicks ?? []).map((now, market) => {
      const reported = this.#reportedTicks[market] ?? 0;
      return reported === 0 || pricesMoved([reported], [now], cadence) ? now : 0;
    });
    return pricesMoved(this.#epochTicks, news, cadence);
  }

  async #open(): Promise<void> {
    const { line, exchange, onNotice } = this.#options;
    const label = `Opening epoch ${this.#openedNumber + 1}`;
    let round: ReportedRound | undefined;
    try {
      const nowSeconds = (await this.#options.provider.getBlock("latest"))?.timestamp ?? 0;
      // A round that is ahead of the chain's clock waits: the contract refuses a time that has not come.
      round = this.#rounds.findLast(({ number, timeSeconds }) => timeSeconds <= nowSeconds && number > this.#usedRound);
      if (round === undefined && !this.#isSilent) {
        this.#waitingFor = "the chain's clock to reach a round's time";
        return;
      }
      const plan = await this.#plan(label, round, nowSeconds);
      if (plan.timeSeconds <= this.#openedSeconds) {
        this.#waitingFor = "the chain's clock to move on";
        return;
      }
      this.#rateMaxPpmPerHour = plan.rateMaxPpmPerHour;
      const opening = this.#openingFor(plan);
      if (opening === undefined) {
        this.#waitingFor = "the funding interval before to be complete";
        return;
      }
      await this.#options.durable?.();
      const data = EXCHANGE.encodeFunctionData("openEpoch", [opening]);
      await line.submit({ label, to: exchange, data, onRevert: "reject" }).mined;
      this.#take(plan);
    } catch (error) {
      if (this.#stopped) return;
      this.#notBeforeMs = performance.now() + RETRY_MS;
      onNotice?.(error instanceof Error ? error.message : String(error));
      // A round that is too old, or something that changed meanwhile: the next round brings another try.
      if (error instanceof RevertError && round !== undefined) this.#usedRound = round.number;
      // An epoch that an earlier life of this process had on its way may be why.
      if (error instanceof RevertError) await this.#readLatest().catch(() => {});
    }
  }

  /** Asks the contracts what they will make of the round: which prices it brings, and which markets stay without a fresh one. */
  async #plan(label: string, round: ReportedRound | undefined, nowSeconds: number): Promise<Plan> {
    const { oracle, registry } = this.#options;
    const [version, terms] = await this.#read(registry, MARKET_REGISTRY, "newestTerms");
    const { markets, maxFundingRatePpmPerHour } = terms as TermsAnswer;
    const latest = Number((await this.#read(oracle, PRICE_ORACLE, "latestRound"))[0]);
    // Anybody may have submitted it, or a newer one: then its prices are there already.
    const needed = round !== undefined && round.number > latest ? round : undefined;
    const roundSeconds =
      round !== undefined && round.timeSeconds > this.#openedSeconds ? round.timeSeconds : nowSeconds;
    const preview = needed === undefined ? undefined : await this.#preview(label, needed, roundSeconds);
    const isRefused = needed !== undefined && preview === undefined;
    const timeSeconds = isRefused ? nowSeconds : roundSeconds;
    const [prices, isFresh] = preview ?? (await this.#read(oracle, PRICE_ORACLE, "pricesAt", [timeSeconds]));
    const live = [...markets].flatMap(({ status }, market) => (status === LIVE ? [market] : []));
    const hasFresh = (market: number) => (isFresh as readonly boolean[])[market] === true;
    return {
      reported: isRefused ? undefined : round,
      round: isRefused ? undefined : needed,
      roundNumber: preview === undefined ? latest : (needed?.number ?? latest),
      timeSeconds,
      paramVersion: Number(version),
      rateMaxPpmPerHour: Number(maxFundingRatePpmPerHour),
      pricesTicks: numbers(prices),
      fresh: live.filter(hasFresh),
      restricted: live.filter((market) => !hasFresh(market)),
    };
  }

  /**
   * @returns undefined when the oracle would refuse the round and none has been of use for long: then there is no sense in waiting
   * for the next
   * @throws RevertError when the oracle would refuse the round
   */
  async #preview(label: string, round: ReportedRound, timeSeconds: number): Promise<unknown[] | undefined> {
    try {
      const values = [submissionOf(round), timeSeconds];
      return await this.#read(this.#options.oracle, PRICE_ORACLE, "previewRound", values);
    } catch (error) {
      if (!isRevert(error)) throw error;
      const refusal = revertError(label, error);
      if (!this.#isSilent) throw refusal;
      this.#options.onNotice?.(refusal.message);
      this.#usedRound = round.number;
      return undefined;
    }
  }

  #openingFor(plan: Plan): Record<string, unknown> | undefined {
    const { journalHead, fundingDeltasPicoUsd } = this.#options;
    const { timeSeconds, rateMaxPpmPerHour } = plan;
    const pricesTicks = plan.pricesTicks.map((price, market) => (plan.fresh.includes(market) ? price : 0));
    const fromSeconds = this.#openedNumber === 0 ? timeSeconds : this.#openedSeconds;
    const deltas = fundingDeltasPicoUsd({ pricesTicks, fromSeconds, toSeconds: timeSeconds, rateMaxPpmPerHour });
    if (deltas === null) return undefined;
    const withoutRound = { number: plan.roundNumber, timeSeconds: 0, reports: [] };
    return {
      round: plan.round === undefined ? withoutRound : submissionOf(plan.round),
      timeSeconds,
      journalHead: journalHead(),
      paramVersion: plan.paramVersion,
      fundingDeltasPicoUsd: deltas,
    };
  }

  #take(plan: Plan): void {
    const { reported } = plan;
    this.#openedNumber++;
    this.#openedSeconds = plan.timeSeconds;
    this.#openedMs = performance.now();
    this.#usedRound = Math.max(this.#usedRound, plan.roundNumber, reported?.number ?? 0);
    this.#epochTicks = plan.pricesTicks;
    this.#restrictedMarkets = plan.restricted;
    if (reported === undefined) return;
    this.#heardMs = this.#openedMs;
    this.#reportedTicks = reported.pricesTicks;
  }
}

interface TermsAnswer {
  readonly markets: readonly { readonly status: bigint }[];
  readonly maxFundingRatePpmPerHour: bigint;
}

function numbers(values: unknown): number[] {
  return [...(values as Iterable<bigint>)].map(Number);
}

function submissionOf({ number, timeSeconds, reports }: ReportedRound): Record<string, unknown> {
  return { number, timeSeconds, reports: [...reports] };
}
