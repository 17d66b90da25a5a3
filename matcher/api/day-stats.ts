import type { Accepted } from "../sequencer/outcome.ts";

const MINUTE_MS = 60_000;
const MINUTES = 1_440;

interface Minute {
  readonly minute: number;
  readonly openTicks: number;
  highTicks: number;
  lowTicks: number;
  closeTicks: number;
  volumeLots: bigint;
  quoteMicroUsd: bigint;
  trades: number;
}

/** What was traded in the last 24 hours, to the minute. */
export interface DaySummary {
  readonly openTicks: number;
  readonly highTicks: number;
  readonly lowTicks: number;
  readonly closeTicks: number;
  readonly volumeLots: bigint;
  readonly quoteMicroUsd: bigint;
  readonly trades: number;
}

/** A day of each market, by minutes: a read model of the fills. */
export class DayStats {
  private readonly byMarket = new Map<number, Minute[]>();

  /** Takes one command in. */
  record({ events, acceptedAtMs }: Accepted): void {
    const minute = Math.floor(acceptedAtMs / MINUTE_MS);
    for (const { event } of events) {
      if (event.type === "fill") this.trade(event.market, event.priceTicks, event.quantityLots, minute);
    }
  }

  /** null when nothing was traded. */
  summary(market: number, nowMs: number): DaySummary | null {
    const minutes = this.byMarket.get(market);
    if (minutes === undefined) return null;
    forget(minutes, Math.floor(nowMs / MINUTE_MS) - MINUTES);
    const [first, last] = [minutes[0], minutes.at(-1)];
    if (first === undefined || last === undefined) return null;
    const sum = {
      openTicks: first.openTicks,
      highTicks: first.highTicks,
      lowTicks: first.lowTicks,
      closeTicks: last.closeTicks,
      volumeLots: 0n,
      quoteMicroUsd: 0n,
      trades: 0,
    };
    for (const { highTicks, lowTicks, volumeLots, quoteMicroUsd, trades } of minutes) {
      sum.highTicks = Math.max(sum.highTicks, highTicks);
      sum.lowTicks = Math.min(sum.lowTicks, lowTicks);
      sum.volumeLots += volumeLots;
      sum.quoteMicroUsd += quoteMicroUsd;
      sum.trades += trades;
    }
    return sum;
  }

  private trade(market: number, priceTicks: number, quantityLots: number, minute: number): void {
    const minutes = this.byMarket.get(market) ?? [];
    this.byMarket.set(market, minutes);
    const lots = BigInt(quantityLots);
    const quoteMicroUsd = lots * BigInt(priceTicks);
    const last = minutes.at(-1);
    if (last?.minute === minute) {
      last.highTicks = Math.max(last.highTicks, priceTicks);
      last.lowTicks = Math.min(last.lowTicks, priceTicks);
      last.closeTicks = priceTicks;
      last.volumeLots += lots;
      last.quoteMicroUsd += quoteMicroUsd;
      last.trades += 1;
      return;
    }
    const prices = { openTicks: priceTicks, highTicks: priceTicks, lowTicks: priceTicks, closeTicks: priceTicks };
    minutes.push({ minute, ...prices, volumeLots: lots, quoteMicroUsd, trades: 1 });
    forget(minutes, minute - MINUTES);
  }
}

/** Minutes up to this one are more than a day ago. */
function forget(minutes: Minute[], last: number): void {
  const kept = minutes.findIndex(({ minute }) => minute > last);
  if (kept !== 0) minutes.splice(0, kept === -1 ? minutes.length : kept);
}
