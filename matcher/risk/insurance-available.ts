import type { Insurance } from "./liquidation-rules.ts";

/** What the insurance fund may pay now: what is left of the epoch's cap, and no more than it holds. */
export function insuranceAvailablePicoUsd({ capPicoUsd, spentPicoUsd, fundPicoUsd }: Insurance): bigint {
  const leftPicoUsd = capPicoUsd - spentPicoUsd;
  return leftPicoUsd < fundPicoUsd ? leftPicoUsd : fundPicoUsd;
}
