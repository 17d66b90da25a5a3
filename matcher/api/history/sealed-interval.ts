import { fundingIntervalFromWords } from "../../protocol/funding-interval.ts";
import { fundingOf } from "../../risk/funding-rate.ts";
import type { SealedInterval } from "../../sequencer/funding-meter.ts";
import type { IntervalRecord } from "./records.ts";

/** An interval with what follows from its words. */
export function sealedFrom({ interval, words, previousDigest, digest }: IntervalRecord): SealedInterval {
  const content = fundingIntervalFromWords(words);
  const { terms, samples } = content;
  return { interval, words, previousDigest, digest, terms, sampleCount: samples.length, funding: fundingOf(content) };
}
