import type { PriceBounds } from "../../matcher/protocol/devnet-markets.ts";
import type { GovernanceProfile } from "../governance/profile.ts";

/** Production's relations between delays, in seconds that can be waited for. `profileFaults` finds nothing in it. */
export const REHEARSAL_PROFILE: GovernanceProfile = {
  requestDeadlineSeconds: 8,
  exitWindowSeconds: 6,
  delaysSeconds: {
    parameters: 5,
    markets: 5,
    oracle: 31,
    operatorNaming: 5,
    verifiers: 31,
    fees: 0,
    guardian: 0,
    veto: 0,
  },
  adminDelaySeconds: 32,
};

/** Prices go stale soon, and may move by one percent at once. */
export const REHEARSAL_PRICE_BOUNDS: PriceBounds = {
  maxAgeSeconds: 6,
  deviationBasePpm: 10_000,
  deviationGrowthPpmPerSecond: 100,
};
