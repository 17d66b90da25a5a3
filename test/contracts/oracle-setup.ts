import type { PriceBounds } from "../../matcher/protocol/devnet-markets.ts";
import { MARKETS } from "../../matcher/protocol/spec.ts";

export const ORACLE_MAX_AGE_SECONDS = 300;
/** The widest that there are: what bounds do is tested with narrower ones. */
export const WIDEST_BOUNDS: PriceBounds = {
  maxAgeSeconds: 86_400,
  deviationBasePpm: 1_000_000,
  deviationGrowthPpmPerSecond: 1_000_000,
};

/** What the PriceOracle's constructor takes. */
export interface OracleSetup {
  authority: string;
  registry: string;
  signers: string[];
  threshold: number;
  maxRoundAgeSeconds: number;
  bounds: PriceBounds[];
}

export function oracleSetup(
  authority: string,
  registry: string,
  signers: string[],
  changes: Partial<OracleSetup> = {},
): OracleSetup {
  const bounds = new Array<PriceBounds>(MARKETS).fill(WIDEST_BOUNDS);
  return { authority, registry, signers, threshold: 1, maxRoundAgeSeconds: ORACLE_MAX_AGE_SECONDS, bounds, ...changes };
}
