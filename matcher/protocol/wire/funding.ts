import { type Static, Type } from "typebox";
import { Decimal, nullable, STRICT, Text, Whole } from "./field.ts";

/**
 * Funding over the wire. Rates and premiums are parts per million of the price, rates in eight hours; ticks and lots are whole numbers,
 * as they are hashed; digests are 0x and 64 hexadecimal digits.
 */

const WireSchedule = Type.Object({ intervalSeconds: Whole, slotSeconds: Whole, sampleSeconds: Whole }, STRICT);

/** One interval of one market, sealed. */
export const WireFundingRate = Type.Object(
  {
    interval: Whole,
    startSeconds: Whole,
    endSeconds: Whole,
    samples: Type.Integer({ description: "Samples that were taken; the schedule says how many there could be." }),
    mediansPpm: Type.Array(Whole, { description: "One for each slot." }),
    premiumPpm: Whole,
    interest8hPpm: Whole,
    rateMax8hPpm: Whole,
    rate8hPpm: Type.Integer({ description: "What the samples give: the mean premium and the interest, clamped." }),
    chargedRate8hPpm: Type.Integer({
      description: "What is charged in the next interval: the same within the contract's bound.",
    }),
    digest: Text,
  },
  STRICT,
);
export type WireFundingRate = Static<typeof WireFundingRate>;

/** The interval that takes samples now. */
export const WireOpenFunding = Type.Object(
  {
    interval: Whole,
    startSeconds: Whole,
    endSeconds: Whole,
    samples: Whole,
    premiumPpm: nullable(Whole, "Of the last sample; null without one."),
    rate8hPpm: Type.Integer({ description: "Charged in the next interval if no sample more were taken." }),
  },
  STRICT,
);
export type WireOpenFunding = Static<typeof WireOpenFunding>;

export const WireFunding = Type.Object(
  {
    market: Text,
    schedule: WireSchedule,
    impactNotional: Decimal,
    rateMaxPpmPerHour: nullable(
      Whole,
      "The contract's bound, ppm of the price per hour; null before the first epoch is opened.",
    ),
    open: nullable(WireOpenFunding, "null before the first epoch."),
    oldestInterval: nullable(Whole, "Oldest that is served; null without any."),
    intervals: Type.Array(WireFundingRate, { description: "By increasing number." }),
  },
  STRICT,
);
export type WireFunding = Static<typeof WireFunding>;

const WireFundingSample = Type.Object(
  {
    timeSeconds: Whole,
    epochNumber: Whole,
    markets: Type.Array(
      Type.Object(
        {
          market: Whole,
          indexTicks: Whole,
          premiumMaxPpm: Whole,
          impactBidTicksQ20: Whole,
          impactAskTicksQ20: Whole,
        },
        STRICT,
      ),
    ),
  },
  STRICT,
);

/** What the digest is of. */
export const WireFundingInterval = Type.Object(
  {
    interval: Whole,
    schedule: WireSchedule,
    epochNumber: Type.Integer({ description: "Of the epoch in force when the interval was sealed." }),
    terms: Type.Array(
      Type.Object(
        {
          market: Whole,
          symbol: Text,
          impactNotionalMicroUsd: Whole,
          interest8hPpm: Whole,
          rateMax8hPpm: Whole,
        },
        STRICT,
      ),
    ),
    samples: Type.Array(WireFundingSample),
    funding: Type.Array(
      Type.Object({ market: Whole, mediansPpm: Type.Array(Whole), premiumPpm: Whole, rate8hPpm: Whole }, STRICT),
      { description: "What they lead to." },
    ),
    previousDigest: Type.String({ description: "Head of the hash chain before the interval." }),
    digest: Text,
  },
  STRICT,
);
export type WireFundingInterval = Static<typeof WireFundingInterval>;
