import { getAddress } from "ethers";
import type { PriceReport, ReportedRound } from "../protocol/price-report.ts";
import { MARKETS, WIDTH } from "../protocol/spec.ts";
import { OracleBoard } from "./oracle-board.ts";
import { type OracleContext, reportSigner } from "./report-signer.ts";

/** Who may report, as the contract says. */
export interface SignerSet {
  readonly signers: readonly string[];
  /** Reports that a round needs. */
  readonly threshold: number;
}

/** A report that is no report of a known signer. The message says what is wrong with it. */
export class ReportRefused extends Error {
  override readonly name = "ReportRefused";
}

/** Reports of one signer that wait for others; older ones of its own are given up, so that nobody can push out another's. */
const OPEN_REPORTS_MAX = 8;

function isUnsigned(value: unknown, bits: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 2 ** bits;
}

/** Reads a report from what somebody sent. @throws ReportRefused naming the field. */
export function parseReport(body: unknown): PriceReport {
  if (typeof body !== "object" || body === null) throw new ReportRefused("a report is an object");
  const { round, timeSeconds, pricesTicks, signature } = body as Record<string, unknown>;
  if (!isUnsigned(round, 52) || round === 0) throw new ReportRefused("round is not a whole number above zero");
  if (!isUnsigned(timeSeconds, WIDTH.timeSeconds))
    throw new ReportRefused("timeSeconds is not an unsigned 32-bit integer");
  if (!Array.isArray(pricesTicks) || pricesTicks.length !== MARKETS) {
    throw new ReportRefused(`pricesTicks does not have ${MARKETS} prices`);
  }
  if (!pricesTicks.every((price) => isUnsigned(price, WIDTH.priceTicks))) {
    throw new ReportRefused("pricesTicks holds something that is not an unsigned 32-bit integer");
  }
  if (typeof signature !== "string" || !/^0x[0-9a-fA-F]{130}$/.test(signature)) {
    throw new ReportRefused("signature is not 65 bytes in hexadecimal");
  }
  return { round, timeSeconds, pricesTicks, signature };
}

export interface RoundCollectorOptions {
  /**
   * How long a round that has enough reports waits for those of the other signers, so that the median rests on as many as there are;
   * 0 waits for none. Milliseconds.
   */
  readonly graceMs?: number;
  /** Told of rounds whose grace has ended; those that {@link RoundCollector.offer} returns are not told. */
  readonly onRound?: (round: ReportedRound) => void;
  /** Runs something later, and returns what calls it off; the clock of this process when left out. */
  readonly after?: (delayMs: number, run: () => void) => () => void;
}

interface OpenRound {
  readonly reports: Map<string, PriceReport>;
  /** Calls off the end of its grace; undefined while it has too few reports. */
  callOff: (() => void) | undefined;
}

function afterInThisProcess(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}

/** Puts reports together to rounds, as the contract will check them: at least k different known signers, one time, sorted. */
export class RoundCollector {
  readonly board: OracleBoard;
  readonly #context: OracleContext;
  readonly #signers: ReadonlySet<string>;
  readonly #threshold: number;
  readonly #options: RoundCollectorOptions;
  /** By round and time: signers may disagree about a round's time, and must not be mixed then. */
  readonly #open = new Map<string, OpenRound>();
  #latestRound = 0;
  /** The newest complete round: what came in time, and what came late. */
  #latest: { readonly key: string; readonly reports: Map<string, PriceReport> } | undefined;

  constructor(context: OracleContext, { signers, threshold }: SignerSet, options: RoundCollectorOptions = {}) {
    this.#context = context;
    const known = signers.map((signer) => getAddress(signer));
    this.#signers = new Set(known);
    this.#threshold = threshold;
    this.#options = options;
    this.board = new OracleBoard(known, threshold);
  }

  /**
   * @returns the round, once nobody is waited for
   * @throws ReportRefused for a stranger's report, one of a round before the newest complete one, or one that contradicts its signer
   */
  offer(report: PriceReport): ReportedRound | undefined {
    const signer = reportSigner(this.#context, report);
    if (signer === undefined || !this.#signers.has(signer)) {
      throw new ReportRefused(
        `${signer ?? "nobody"} signed it, who is no signer of the PriceOracle ${this.#context.oracle}`,
      );
    }
    if (report.round < this.#latestRound) {
      this.board.refused(signer);
      throw new ReportRefused(`round ${report.round} is older than one that is complete`);
    }
    const key = `${report.round}/${report.timeSeconds}`;
    const open = this.#open.get(key) ?? { reports: new Map<string, PriceReport>(), callOff: undefined };
    const isLate = report.round === this.#latestRound;
    const reports = isLate && this.#latest?.key === key ? this.#latest.reports : open.reports;
    const before = reports.get(signer);
    if (before?.pricesTicks.some((price, market) => price !== report.pricesTicks[market])) {
      this.board.refused(signer);
      throw new ReportRefused(`${signer} reported other prices for round ${report.round} before`);
    }
    this.board.reported(signer, report);
    reports.set(signer, report);
    // Late for a round that did not wait for it: no fault, and no use.
    if (isLate) return undefined;
    this.#open.set(key, open);
    const { graceMs = 0, onRound, after = afterInThisProcess } = this.#options;
    const enough = open.reports.size >= this.#threshold;
    if (enough && (graceMs === 0 || open.reports.size === this.#signers.size)) return this.#complete(open);
    if (enough && open.callOff === undefined) {
      open.callOff = after(graceMs, () => onRound?.(this.#complete(open)));
    }
    this.#giveUpOldest(signer);
    return undefined;
  }

  /** Waits for nothing more. */
  close(): void {
    for (const { callOff } of this.#open.values()) callOff?.();
    this.#open.clear();
  }

  /** Takes back the oldest waiting report of a signer that has too many of them. */
  #giveUpOldest(signer: string): void {
    const waiting = [...this.#open].filter(([, { reports }]) => reports.has(signer));
    const [oldest] = waiting;
    if (oldest === undefined || waiting.length <= OPEN_REPORTS_MAX) return;
    const [key, open] = oldest;
    open.reports.delete(signer);
    if (open.reports.size === 0) this.#open.delete(key);
    if (open.reports.size >= this.#threshold) return;
    open.callOff?.();
    open.callOff = undefined;
  }

  #complete({ reports }: OpenRound): ReportedRound {
    const sorted = [...reports]
      .sort(([left], [right]) => (BigInt(left) < BigInt(right) ? -1 : 1))
      .map(([, given]) => given);
    const [{ round, timeSeconds }] = sorted as [PriceReport];
    // Older rounds and others of this number are of no use any more; newer ones go on.
    for (const [key, open] of this.#open) {
      if (Number(key.split("/")[0]) > round) continue;
      open.callOff?.();
      this.#open.delete(key);
    }
    this.#latestRound = round;
    this.#latest = { key: `${round}/${timeSeconds}`, reports };
    const completed = {
      number: round,
      timeSeconds,
      reports: sorted.map(({ pricesTicks, signature }) => ({ pricesTicks, signature })),
      pricesTicks: mediansTicks(
        sorted.map(({ pricesTicks }) => pricesTicks),
        this.#threshold,
      ),
    };
    this.board.completed(completed);
    return completed;
  }
}

/**
 * As in the contract: a price of 0 is none; a market with fewer prices than the threshold has no median, 0; the lower of the two middle
 * prices when their number is even.
 */
function mediansTicks(reports: readonly (readonly number[])[], threshold: number): number[] {
  return Array.from({ length: MARKETS }, (_, market) => {
    const sorted = reports
      .map((prices) => prices[market] as number)
      .filter((price) => price !== 0)
      .sort((left, right) => left - right);
    return sorted.length < threshold ? 0 : (sorted[(sorted.length - 1) >> 1] as number);
  });
}
