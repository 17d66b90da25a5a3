import { impactAskTicksQ20Ceil, impactBidTicksQ20Floor } from "../book/impact.ts";
import type { MatchingEngine } from "../book/matching-engine.ts";
import type { Ledger } from "../state/ledger.ts";
import type { ExchangeEvent } from "./exchange-event.ts";
import type { FundingMeter, SealedInterval } from "./funding-meter.ts";

/** Looks at the books for funding. @throws RangeError before the first epoch, and for a time that cannot follow; nothing has changed then */
export function sampleFunding(
  timeSeconds: number,
  meter: FundingMeter,
  ledger: Ledger,
  { book }: MatchingEngine,
): ExchangeEvent[] {
  const { epoch } = ledger.shared;
  if (epoch === undefined) throw new RangeError("a funding sample before the first epoch");
  const positionLots = (account: number, market: number) => ledger.positionLots(account, market);
  const sample = meter.sampleAt(timeSeconds, epoch, (market, notionalMicroUsd) => ({
    impactBidTicksQ20: impactBidTicksQ20Floor(book, market, notionalMicroUsd, positionLots),
    impactAskTicksQ20: impactAskTicksQ20Ceil(book, market, notionalMicroUsd, positionLots),
  }));
  const sealing = meter.sealing(timeSeconds, epoch);
  meter.seal(timeSeconds, sealing, epoch);
  meter.take(sample);
  return [...sealedEvents(sealing.intervals), { type: "funding-sample", sample }];
}

export function sealedEvents(intervals: readonly SealedInterval[]): ExchangeEvent[] {
  return intervals.map((sealed) => ({ type: "funding-interval", sealed }));
}
