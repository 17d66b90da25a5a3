import { type AccountLeaf, adjustedCollateralPicoUsd } from "../protocol/account.ts";
import { PICO_PER_MICRO } from "../protocol/spec.ts";
import type { EscapeTerms } from "./escape-terms.ts";

type Holdings = Pick<AccountLeaf, "collateralPicoUsd" | "sizesLots" | "fundingIndexPicoUsd">;

/** K − Σ size · index + Σ size · price · 10^6: what an account is worth at the freeze, signed. */
export function equityPicoUsd(leaf: Holdings, { pricesTicks, fundingIndexPicoUsd }: EscapeTerms): bigint {
  return leaf.sizesLots.reduce((sum, size, market) => {
    const price = BigInt(pricesTicks[market] ?? 0) * PICO_PER_MICRO;
    return sum + size * (price - (fundingIndexPicoUsd[market] ?? 0n));
  }, adjustedCollateralPicoUsd(leaf));
}

/** The equity that can be claimed: rounded down, 0 for who owes. */
export function claimMicroUsdFloor(leaf: Holdings, terms: EscapeTerms): bigint {
  const equity = equityPicoUsd(leaf, terms);
  return equity > 0n ? equity / PICO_PER_MICRO : 0n;
}
