import type { JsonRpcProvider } from "ethers";
import type { ReportedRound } from "../protocol/price-report.ts";
import { EXCHANGE } from "./contract-interfaces.ts";
import { type EpochCadence, type EpochLoad, whyNoEpoch } from "./epoch-cadence.ts";
import { RevertError } from "./revert-reason.ts";
import type { TransactionLine } from "./transaction-line.ts";

export interface EpochOpenerOptions {
  readonly provider: JsonRpcProvider;
  readonly line: TransactionLine;
  readonly exchange: string;
  readonly cadence: EpochCadence;
  /** Head of the sequencer's command hash chain at this moment. */
  readonly journalHead: () => bigint;
  /** What the cadence depends on beside the clock. */
  readonly load: () => EpochLoad;
  /** Funding to add, pico-USD per lot, given the prices of the round and the seconds since the last epoch. */
  readonly fundingDeltasPicoUsd: (pricesTicks: readonly number[], elapsedSeconds: number) => bigint[];
  readonly onNotice?: (sentence: string) => void;
}

export interface EpochOpenerStatus {
  readonly openedNumber: number;
  readonly latestRound: number;
  /** Why no epoch is opened now, or undefined. */
  readonly waitingFor: string | undefined;
}

const TICK_MS = 100;
/** Rounds kept: the chain's clock may be some reports behind the signers'. */
const ROUNDS_KEPT = 16;
/** How long to leave a chain in peace that did not answer. */
const RETRY_MS = 1_000;

/**
 * Opens epochs with the newest price report. It knows what was opened from the transactions' own results; the sequencer hears
 * of an epoch from the watcher, when it is confirmed, and not before.
 */
export class EpochOpener {
  readonly #options: EpochOpenerOptions;
  /** Rounds that could be used, the newest last. */
  #rounds: ReportedRound[] = [];
  #usedRound = 0;
  #openedNumber = 0;
  #openedSeconds = 0;
  #openedMs = 0;
  #paramVersion = 0;
  #opening = false;
  #waitingFor: string | undefined = "a first price round";
  #timer: NodeJS.Timeout | undefined;
  #notBeforeMs = 0;
  #stopped = false;

  constructor(options: EpochOpenerOptions) {
    this.#options = options;
  }

  /** Reads what the Exchange knows already, then opens epochs as the cadence allows. */
  async start(): Promise<void> {
    const [number, timeSeconds, , round] = await this.#read("latestEpoch");
    this.#openedNumber = Number(number);
    this.#openedSeconds = Number(timeSeconds);
    this.#usedRound = Number(round);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
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
    return { openedNumber: this.#openedNumber, latestRound: this.#latestRound, waitingFor: this.#waitingFor };
  }

  get #latestRound(): number {
    return this.#rounds.at(-1)?.number ?? this.#usedRound;
  }

  async #read(method: string): Promise<readonly unknown[]> {
    const { provider, exchange } = this.#options;
    const answer = await provider.call({ to: exchange, data: EXCHANGE.encodeFunctionData(method) });
    return EXCHANGE.decodeFunctionResult(method, answer);
  }

  #tick(): void {
    if (this.#opening || this.#stopped || performance.now() < this.#notBeforeMs) return;
    if (this.#options.line.status().state !== "running") {
      this.#waitingFor = "nothing: settlement has stopped";
      return;
    }
    if (this.#latestRound <= this.#usedRound) {
      this.#waitingFor = "a newer price round";
      return;
    }
    const { cadence, load } = this.#options;
    const sinceMs = this.#openedMs === 0 ? Number.POSITIVE_INFINITY : performance.now() - this.#openedMs;
    this.#waitingFor = whyNoEpoch(cadence, load(), this.#openedNumber, sinceMs);
    if (this.#waitingFor !== undefined) return;
    this.#opening = true;
    this.#open().finally(() => {
      this.#opening = false;
    });
  }

  /** The newest round that is not ahead of the chain's clock: the contract refuses a time that has not come. */
  async #usableRound(): Promise<ReportedRound | undefined> {
    const block = await this.#options.provider.getBlock("latest");
    const nowSeconds = block?.timestamp ?? 0;
    const usable = this.#rounds.findLast(({ timeSeconds }) => timeSeconds <= nowSeconds);
    return usable !== undefined && usable.number > this.#usedRound && usable.timeSeconds > this.#openedSeconds
      ? usable
      : undefined;
  }

  async #open(): Promise<void> {
    const { line, exchange, onNotice } = this.#options;
    let round: ReportedRound | undefined;
    try {
      round = await this.#usableRound();
      if (round === undefined) {
        this.#waitingFor = "the chain's clock to reach a round's time";
        return;
      }
      if (this.#paramVersion === 0) this.#paramVersion = Number((await this.#read("latestParameterVersion"))[0]);
      const data = EXCHANGE.encodeFunctionData("openEpoch", [this.#openingFor(round)]);
      const label = `Opening epoch ${this.#openedNumber + 1}`;
      await line.submit({ label, to: exchange, data, onRevert: "reject" }).mined;
      this.#openedNumber++;
      this.#openedSeconds = round.timeSeconds;
      this.#usedRound = round.number;
      this.#openedMs = performance.now();
    } catch (error) {
      if (this.#stopped) return;
      this.#notBeforeMs = performance.now() + RETRY_MS;
      onNotice?.(error instanceof Error ? error.message : String(error));
      // A round that is too old, or parameters that changed meanwhile: the next round brings another try.
      if (error instanceof RevertError && round !== undefined) {
        this.#usedRound = round.number;
        this.#paramVersion = 0;
      }
    }
  }

  #openingFor(round: ReportedRound): Record<string, unknown> {
    const { journalHead, fundingDeltasPicoUsd } = this.#options;
    const { timeSeconds } = round;
    const elapsedSeconds = this.#openedNumber === 0 ? 0 : timeSeconds - this.#openedSeconds;
    return {
      round: { number: round.number, timeSeconds, reports: [...round.reports] },
      timeSeconds,
      journalHead: journalHead(),
      paramVersion: this.#paramVersion,
      fundingDeltasPicoUsd: fundingDeltasPicoUsd(round.pricesTicks, elapsedSeconds),
    };
  }
}
