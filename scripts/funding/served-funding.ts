import type { WireMarkets } from "../../matcher/protocol/api-wire.ts";
import type { FundingInterval } from "../../matcher/protocol/funding-interval.ts";
import type { FundingSchedule } from "../../matcher/protocol/funding-schedule.ts";
import {
  fundingIntervalFromWire,
  type WireFunding,
  type WireFundingInterval,
  type WireFundingRate,
} from "../../matcher/protocol/funding-wire.ts";
import { Refusal } from "../supervisor/refusal.ts";

/** An interval as the exchange serves it: the samples, and what it says that they lead to. */
export interface ServedInterval {
  readonly content: FundingInterval;
  readonly funding: WireFundingInterval["funding"];
  readonly previousDigest: bigint;
  readonly digest: bigint;
  /** Its line in the list of each market, by market index. */
  readonly rates: ReadonlyMap<number, WireFundingRate>;
}

/** Everything about funding that the exchange serves. */
export interface ServedFunding {
  readonly schedule: FundingSchedule;
  /** Symbols by market index. */
  readonly symbols: ReadonlyMap<number, string>;
  /** Ascending. */
  readonly intervals: readonly ServedInterval[];
}

const ANSWER_LIMIT_MS = 20_000;
const PAGE = 500;

/** @returns undefined for something that is not there */
async function find<T>(api: string, path: string): Promise<T | undefined> {
  let response: Response;
  try {
    response = await fetch(new URL(path, api), { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  } catch {
    throw new Refusal(`The exchange at ${api} does not answer.`);
  }
  const text = await response.text();
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Refusal(`The exchange at ${api} answers ${path} with ${response.status}: ${text}`);
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new Refusal(`The exchange at ${api} answers ${path} with something that is not JSON.`);
  }
}

async function get<T>(api: string, path: string): Promise<T> {
  const found = await find<T>(api, path);
  if (found === undefined) throw new Refusal(`The exchange at ${api} does not have ${path}.`);
  return found;
}

/** All lines of one market, page by page. */
async function ratesOf(api: string, symbol: string): Promise<WireFunding> {
  const path = `/v1/funding?market=${encodeURIComponent(symbol)}&limit=${PAGE}`;
  const intervals: WireFundingRate[] = [];
  for (let from = 0; ; ) {
    const page = await get<WireFunding>(api, `${path}&from=${from}`);
    intervals.push(...page.intervals);
    const last = page.intervals.at(-1);
    if (last === undefined || page.intervals.length < PAGE) return { ...page, intervals };
    from = last.endSeconds;
  }
}

/** What is served of one interval. @throws Refusal when it is in no known shape */
function servedInterval(wire: WireFundingInterval, rates: ReadonlyMap<number, WireFundingRate>): ServedInterval {
  try {
    return {
      content: fundingIntervalFromWire(wire),
      funding: [...wire.funding],
      previousDigest: BigInt(wire.previousDigest),
      digest: BigInt(wire.digest),
      rates,
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Refusal(`Funding interval ${wire.interval} is served in no known shape: ${reason}.`);
  }
}

/** Reads all that is served. @throws Refusal in one sentence when something is missing, or is not in its shape */
export async function readServedFunding(api: string): Promise<ServedFunding> {
  const { markets } = await get<WireMarkets>(api, "/v1/markets");
  const symbols = new Map(markets.map(({ index, symbol }) => [index, symbol]));
  const lines = new Map<number, Map<number, WireFundingRate>>();
  let schedule: FundingSchedule | undefined;
  let newest = Number.POSITIVE_INFINITY;
  for (const [market, symbol] of symbols) {
    const served = await ratesOf(api, symbol);
    schedule ??= served.schedule;
    // What is sealed while we read is for the next time.
    newest = Math.min(newest, served.intervals.at(-1)?.interval ?? newest);
    for (const rate of served.intervals) {
      const line = lines.get(rate.interval) ?? new Map<number, WireFundingRate>();
      lines.set(rate.interval, line.set(market, rate));
    }
  }
  if (schedule === undefined) throw new Refusal(`The exchange at ${api} has no markets.`);
  const intervals: ServedInterval[] = [];
  for (const [interval, rates] of [...lines].sort(([a], [b]) => a - b)) {
    if (interval > newest) break;
    const wire = await find<WireFundingInterval>(api, `/v1/funding/samples?interval=${interval}`);
    if (wire !== undefined) intervals.push(servedInterval(wire, rates));
    // The oldest may have been forgotten meanwhile; a gap after that is no accident.
    else if (intervals.length > 0)
      throw new Refusal(`The exchange at ${api} serves no samples of interval ${interval}.`);
  }
  return { schedule, symbols, intervals };
}
