import type { EpochTerms, MarketTerms } from "./epoch-terms.ts";
import { magnitude } from "./magnitude.ts";
import type { Margin } from "./margin.ts";
import type { ClosingRequest } from "./request-rules.ts";

/**
 * The most lots that one holder of the opposite side takes over for a request; 0 when it holds none. A liquidation request closes at the
 * index price, so that TV stands still and every lot lowers the requirement by its maintenance margin: no more of them than restore the
 * account (rule 5 of docs/protocol.md §5b).
 * @param margin of the account
 * @param sizeLots of the account, signed
 * @param againstLots of the holder, signed
 */
export function largestForcedCloseLots(
  { markets }: EpochTerms,
  request: ClosingRequest,
  market: number,
  { valuePicoUsd, maintenancePicoUsd }: Margin,
  sizeLots: bigint,
  againstLots: bigint,
): bigint {
  if (sizeLots === 0n || againstLots === 0n || sizeLots > 0n === againstLots > 0n) return 0n;
  const bothLots = lesser(magnitude(sizeLots), magnitude(againstLots));
  if (request === "forcedExit") return bothLots;
  const missingPicoUsd = maintenancePicoUsd - valuePicoUsd;
  const { lotMaintenancePicoUsd } = markets[market] as MarketTerms;
  if (missingPicoUsd <= 0n || lotMaintenancePicoUsd === 0n) return 0n;
  return lesser(bothLots, (missingPicoUsd + lotMaintenancePicoUsd - 1n) / lotMaintenancePicoUsd);
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
