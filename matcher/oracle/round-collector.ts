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

/** Rounds that wait for more reports; older ones are given up. */
const OPEN_ROUNDS_MAX = 8;

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
}

interface OpenRound {
  readonly reports: Map<string, PriceReport>;
  timer: NodeJS.Timeout | undefined;
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

  constructor(context: OracleContext, { signers, threshold }: SignerSet, options: RoundCollectorOptions = {}) {
    this.#context = context;
    const known = signers.map((signer) => getAddress(signer));
    this.#signers = new Set(known);
    this.#threshold = threshold;
    this.#options = options;
    this.board = new OracleBoard(known);
  }

  /**
   * @returns the round, once nobody is waited for
   * @throws ReportRefused for a stranger's report, or one of a round before the newest complete one
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
    this.board.reported(signer, report);
    // Late for a round that did not wait for it: no fault, and no use.
    if (report.round === this.#latestRound) return undefined;
    const key = `${report.round}/${report.timeSeconds}`;
    const open = this.#open.get(key) ?? { reports: new Map<string, PriceReport>(), timer: undefined };
    open.reports.set(signer, report);
    this.#open.set(key, open);
    const { graceMs = 0, onRound } = this.#options;
    const enough = open.reports.size >= this.#threshold;
    if (enough && (graceMs === 0 || open.reports.size === this.#signers.size)) return this.#complete(open);
    if (enough && open.timer === undefined) {
      open.timer = setTimeout(() => onRound?.(this.#complete(open)), graceMs);
    }
    for (const [old, { timer }] of this.#open) {
      if (this.#open.size <= OPEN_ROUNDS_MAX) break;
      clearTimeout(timer);
      this.#open.delete(old);
    }
    return undefined;
  }

  /** Waits for nothing more. */
  close(): void {
    for (const { timer } of this.#open.values()) clearTimeout(timer);
    this.#open.clear();
  }

  #complete({ reports }: OpenRound): ReportedRound {
    const sorted = [...reports]
      .sort(([left], [right]) => (BigInt(left) < BigInt(right) ? -1 : 1))
      .map(([, given]) => given);
    const [{ round, timeSeconds }] = sorted as [PriceReport];
    // Older rounds and others of this number are of no use any more; newer ones go on.
    for (const [key, open] of this.#open) {
      if (Number(key.split("/")[0]) > round) continue;
      clearTimeout(open.timer);
      this.#open.delete(key);
    }
    this.#latestRound = round;
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
