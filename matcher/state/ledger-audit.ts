import { MARKETS, PICO_PER_MICRO } from "../protocol/spec.ts";
import type { Ledger } from "./ledger.ts";

/** An identity that does not hold. */
export interface AuditFault {
  what: "collateral" | "sizes" | "gross open interest";
  market: number | undefined;
  expected: bigint;
  found: bigint;
}

/**
 * The identities of the whole ledger: Σ collateral with funding and retired markets settled, the insurance fund's included, + fees =
 * deposits − withdrawals; per market Σ size = 0 and Σ|size| as stored = gross open interest. Walks every account; an empty list means
 * that all hold.
 */
export function audit(ledger: Ledger): AuditFault[] {
  const sizes = new Array<bigint>(MARKETS).fill(0n);
  const gross = new Array<bigint>(MARKETS).fill(0n);
  const { feesPicoUsd, depositedMicroUsd, withdrawnMicroUsd, grossOpenInterestLots } = ledger.shared;
  let heldPicoUsd = feesPicoUsd;
  for (const { account, record } of ledger.entries()) {
    const { collateralPicoUsd, sizesLots } = ledger.settledRecord(account);
    heldPicoUsd += collateralPicoUsd;
    sizesLots.forEach((size, market) => {
      const stored = record.sizesLots[market] as bigint;
      sizes[market] = (sizes[market] as bigint) + size;
      gross[market] = (gross[market] as bigint) + (stored < 0n ? -stored : stored);
    });
  }
  const faults: AuditFault[] = [];
  const compare = (what: AuditFault["what"], market: number | undefined, expected: bigint, found: bigint) => {
    if (expected !== found) faults.push({ what, market, expected, found });
  };
  compare("collateral", undefined, (depositedMicroUsd - withdrawnMicroUsd) * PICO_PER_MICRO, heldPicoUsd);
  for (let market = 0; market < MARKETS; market++) {
    compare("sizes", market, 0n, sizes[market] as bigint);
    compare("gross open interest", market, grossOpenInterestLots[market] as bigint, gross[market] as bigint);
  }
  return faults;
}
