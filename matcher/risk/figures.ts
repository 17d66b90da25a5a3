import { PICO_PER_MICRO, PPM } from "../protocol/spec.ts";
import type { EpochTerms, MarketTerms } from "./epoch-terms.ts";
import { liquidationPriceTicksSafeSide } from "./liquidation-price.ts";
import { magnitude } from "./magnitude.ts";
import { type Margin, marginOf, type Position } from "./margin.ts";
import { holdsRestricted } from "./transition.ts";

const PPM_PARTS = BigInt(PPM);

/** What a trader is shown of an account. All at the epoch's (index) prices, as every rule has it. */
export interface AccountFigures extends Margin {
  /** TV − TR_i, or 0: what new positions and payments may use. */
  freePicoUsd: bigint;
  /** What may leave the account now: the free collateral, or nothing while it has a position in a restricted market. */
  withdrawableMicroUsdFloor: bigint;
  /** TR_m / TV; above 1,000,000 the account is liquidatable. null when TV ≤ 0 and there is a position. */
  marginRatioPpmCeil: bigint | null;
  /** Σ |size| · price / TV. null when TV ≤ 0 and there is a position. */
  leveragePpmCeil: bigint | null;
  /** TV < TR_m. */
  liquidatable: boolean;
}

/** What a trader is shown of one position. */
export interface PositionFigures {
  market: number;
  /** Signed. */
  sizeLots: bigint;
  /** size · price, signed. */
  valuePicoUsd: bigint;
  initialPicoUsd: bigint;
  maintenancePicoUsd: bigint;
  /** |size| · price / TV of the account. null when TV ≤ 0. */
  leveragePpmCeil: bigint | null;
  /** null when no price would liquidate. */
  liquidationPriceTicks: bigint | null;
}

/** part / whole, rounded up; 0 of anything is 0. */
function sharePpmCeil(part: bigint, whole: bigint): bigint | null {
  if (part === 0n) return 0n;
  return whole <= 0n ? null : (part * PPM_PARTS + whole - 1n) / whole;
}

/** Σ |size| · price. */
function notionalPicoUsd(terms: EpochTerms, { sizesLots }: Position): bigint {
  return sizesLots.reduce(
    (sum, size, market) => sum + magnitude(size) * (terms.markets[market] as MarketTerms).lotValuePicoUsd,
    0n,
  );
}

/** @param position with funding settled to the epoch of the terms */
export function accountFigures(terms: EpochTerms, position: Position): AccountFigures {
  const margin = marginOf(terms, position);
  const { valuePicoUsd, initialPicoUsd, maintenancePicoUsd } = margin;
  const excess = valuePicoUsd - initialPicoUsd;
  const freePicoUsd = excess > 0n ? excess : 0n;
  const locked = holdsRestricted(terms, position);
  return {
    ...margin,
    freePicoUsd,
    withdrawableMicroUsdFloor: locked ? 0n : freePicoUsd / PICO_PER_MICRO,
    marginRatioPpmCeil: sharePpmCeil(maintenancePicoUsd, valuePicoUsd),
    leveragePpmCeil: sharePpmCeil(notionalPicoUsd(terms, position), valuePicoUsd),
    liquidatable: valuePicoUsd < maintenancePicoUsd,
  };
}

/** Of one market; sizes of zero give zeroes. @param position with funding settled to the epoch of the terms */
export function positionFigures(terms: EpochTerms, position: Position, market: number): PositionFigures {
  const sizeLots = position.sizesLots[market] as bigint;
  const lot = terms.markets[market] as MarketTerms;
  const lots = magnitude(sizeLots);
  const { valuePicoUsd } = marginOf(terms, position);
  return {
    market,
    sizeLots,
    valuePicoUsd: sizeLots * lot.lotValuePicoUsd,
    initialPicoUsd: lots * lot.lotInitialPicoUsd,
    maintenancePicoUsd: lots * lot.lotMaintenancePicoUsd,
    leveragePpmCeil: sharePpmCeil(lots * lot.lotValuePicoUsd, valuePicoUsd),
    liquidationPriceTicks: liquidationPriceTicksSafeSide(terms, position, market) ?? null,
  };
}

/** Of every market with a position, ascending. */
export function allPositionFigures(terms: EpochTerms, position: Position): PositionFigures[] {
  return position.sizesLots.flatMap((size, market) => (size === 0n ? [] : [positionFigures(terms, position, market)]));
}
