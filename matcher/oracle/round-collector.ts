import { getAddress } from "ethers";
import type { PriceReport, ReportedRound } from "../protocol/price-report.ts";
import { MARKETS, WIDTH } from "../protocol/spec.ts";
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

/** Puts reports together to rounds, as the contract will check them: k different known signers, one time, sorted. */
export class RoundCollector {
  readonly #context: OracleContext;
  readonly #signers: ReadonlySet<string>;
  readonly #threshold: number;
  /** By round and time: signers may disagree about a round's time, and must not be mixed then. */
  readonly #open = new Map<string, Map<string, PriceReport>>();
  #latestRound = 0;

  constructor(context: OracleContext, { signers, threshold }: SignerSet) {
    this.#context = context;
    this.#signers = new Set(signers.map((signer) => getAddress(signer)));
    this.#threshold = threshold;
  }

  /** @returns the round, once it has enough reports. @throws ReportRefused */
  offer(report: PriceReport): ReportedRound | undefined {
    if (report.round <= this.#latestRound)
      throw new ReportRefused(`round ${report.round} is complete or older than one that is`);
    const signer = reportSigner(this.#context, report);
    if (signer === undefined || !this.#signers.has(signer)) {
      throw new ReportRefused(
        `${signer ?? "nobody"} signed it, who is no signer of the PriceOracle ${this.#context.oracle}`,
      );
    }
    const key = `${report.round}/${report.timeSeconds}`;
    const reports = this.#open.get(key) ?? new Map<string, PriceReport>();
    this.#open.set(key, reports.set(signer, report));
    if (reports.size < this.#threshold) {
      for (const old of this.#open.keys()) {
        if (this.#open.size <= OPEN_ROUNDS_MAX) break;
        this.#open.delete(old);
      }
      return undefined;
    }
    this.#open.clear();
    this.#latestRound = report.round;
    const sorted = [...reports]
      .sort(([left], [right]) => (BigInt(left) < BigInt(right) ? -1 : 1))
      .map(([, given]) => given);
    return {
      number: report.round,
      timeSeconds: report.timeSeconds,
      reports: sorted.map(({ pricesTicks, signature }) => ({ pricesTicks, signature })),
      pricesTicks: mediansTicks(sorted.map(({ pricesTicks }) => pricesTicks)),
    };
  }
}

/** The lower of the two middle prices when their number is even, as in the contract. */
function mediansTicks(reports: readonly (readonly number[])[]): number[] {
  return Array.from({ length: MARKETS }, (_, market) => {
    const sorted = reports.map((prices) => prices[market] as number).sort((left, right) => left - right);
    return sorted[(sorted.length - 1) >> 1] as number;
  });
}
