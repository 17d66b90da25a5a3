import { abiHash } from "./abi-hash.ts";
import type { FundingSchedule } from "./funding-schedule.ts";
import { pack, unpack } from "./packing.ts";
import {
  FUNDING_HEADER_WORD,
  FUNDING_RATE_OFFSET_PPM,
  FUNDING_SAMPLE_WORD,
  FUNDING_TERMS_WORD,
  TAG_FUNDING,
} from "./spec.ts";

/** What the book of one market looked like in a sample. */
export interface MarketSample {
  market: number;
  /** Price of the epoch in force. */
  indexTicks: number;
  /** Bound of |premium|. */
  premiumMaxPpm: number;
  /** Mean price at which the impact notional could be sold, in 2^−20 ticks, rounded down; 0 when the bids are not that deep. */
  impactBidTicksQ20: number;
  /** Mean price at which it could be bought, rounded up; 0 when the asks are not that deep. */
  impactAskTicksQ20: number;
}

/** All live markets at one moment. */
export interface FundingSample {
  timeSeconds: number;
  epochNumber: number;
  /** Ascending by market, at least one. */
  markets: readonly MarketSample[];
}

/** On what terms a market's samples become a rate. Rates are parts per million of the price in eight hours. */
export interface FundingMarketTerms {
  market: number;
  /** Below 2^53. */
  impactNotionalMicroUsd: bigint;
  /** Signed; added to the mean premium. */
  interest8hPpm: number;
  /** Bound of |rate|. */
  rateMax8hPpm: number;
}

/** Everything from which anybody computes the funding of an interval. */
export interface FundingInterval {
  interval: number;
  schedule: FundingSchedule;
  /** Epoch in force when the interval was sealed. */
  epochNumber: number;
  /** Markets live in that epoch, ascending. */
  terms: readonly FundingMarketTerms[];
  /** By increasing time. */
  samples: readonly FundingSample[];
}

/** Digest before the first interval. */
export const GENESIS_FUNDING_DIGEST = 0n;

/** The canonical encoding (docs/protocol.md §10). @throws RangeError naming a field that does not fit its width. */
export function fundingIntervalWords({ interval, schedule, epochNumber, terms, samples }: FundingInterval): bigint[] {
  const sampleWords = samples.flatMap((sample) =>
    sample.markets.map((market) =>
      pack(FUNDING_SAMPLE_WORD, {
        timeSeconds: BigInt(sample.timeSeconds),
        epochNumber: BigInt(sample.epochNumber),
        market: BigInt(market.market),
        indexTicks: BigInt(market.indexTicks),
        premiumMaxPpm: BigInt(market.premiumMaxPpm),
        impactBidTicksQ20: BigInt(market.impactBidTicksQ20),
        impactAskTicksQ20: BigInt(market.impactAskTicksQ20),
      }),
    ),
  );
  const header = pack(FUNDING_HEADER_WORD, {
    interval: BigInt(interval),
    intervalSeconds: BigInt(schedule.intervalSeconds),
    slotSeconds: BigInt(schedule.slotSeconds),
    sampleSeconds: BigInt(schedule.sampleSeconds),
    epochNumber: BigInt(epochNumber),
    terms: BigInt(terms.length),
    samples: BigInt(sampleWords.length),
  });
  const termsWords = terms.map((market) =>
    pack(FUNDING_TERMS_WORD, {
      market: BigInt(market.market),
      impactNotionalMicroUsd: market.impactNotionalMicroUsd,
      interestOffsetPpm: BigInt(market.interest8hPpm + FUNDING_RATE_OFFSET_PPM),
      rateMaxPpm: BigInt(market.rateMax8hPpm),
    }),
  );
  return [header, ...termsWords, ...sampleWords];
}

/** Inverse of {@link fundingIntervalWords}. @throws RangeError for words that it does not give. */
export function fundingIntervalFromWords(words: readonly bigint[]): FundingInterval {
  const header = unpack(FUNDING_HEADER_WORD, words[0] ?? 0n);
  const termsEnd = 1 + Number(header.terms);
  if (words.length !== termsEnd + Number(header.samples))
    throw new RangeError("the words are not those of an interval");
  const terms = words.slice(1, termsEnd).map((word): FundingMarketTerms => {
    const fields = unpack(FUNDING_TERMS_WORD, word);
    return {
      market: Number(fields.market),
      impactNotionalMicroUsd: fields.impactNotionalMicroUsd,
      interest8hPpm: Number(fields.interestOffsetPpm) - FUNDING_RATE_OFFSET_PPM,
      rateMax8hPpm: Number(fields.rateMaxPpm),
    };
  });
  const samples: (FundingSample & { markets: MarketSample[] })[] = [];
  for (const word of words.slice(termsEnd)) {
    const fields = unpack(FUNDING_SAMPLE_WORD, word);
    const timeSeconds = Number(fields.timeSeconds);
    let sample = samples.at(-1);
    if (sample?.timeSeconds !== timeSeconds) {
      sample = { timeSeconds, epochNumber: Number(fields.epochNumber), markets: [] };
      samples.push(sample);
    }
    sample.markets.push({
      market: Number(fields.market),
      indexTicks: Number(fields.indexTicks),
      premiumMaxPpm: Number(fields.premiumMaxPpm),
      impactBidTicksQ20: Number(fields.impactBidTicksQ20),
      impactAskTicksQ20: Number(fields.impactAskTicksQ20),
    });
  }
  return {
    interval: Number(header.interval),
    schedule: {
      intervalSeconds: Number(header.intervalSeconds),
      slotSeconds: Number(header.slotSeconds),
      sampleSeconds: Number(header.sampleSeconds),
    },
    epochNumber: Number(header.epochNumber),
    terms,
    samples,
  };
}

/**
 * Head of the hash chain over all intervals so far: keccak256(abi.encode(tag, previous head, words)) >> 8, 248 bits, so that it is a
 * word of the public data.
 */
export function nextFundingDigest(previous: bigint, words: readonly bigint[]): bigint {
  return BigInt(abiHash([TAG_FUNDING, previous, ...words])) >> 8n;
}
