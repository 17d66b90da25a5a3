import type { EpochTerms } from "../risk/epoch-terms.ts";
import { type AccountRecord, collateralInRange, settled } from "./account-record.ts";
import type { LedgerState } from "./ledger-state.ts";

/**
 * Who holds a position in a market that is retired, by increasing index. Who cannot be stored, for collateral out of range, is not among
 * them: nothing that touches such an account can be proven.
 */
export function retiredHolders(state: LedgerState, terms: EpochTerms): number[] {
  const holding = terms.markets.flatMap(({ retired }, market) => (retired ? state.holders(market) : []));
  const storable = (account: number) => collateralInRange(settled(state.record(account) as AccountRecord, terms));
  return [...new Set(holding)].sort((a, b) => a - b).filter(storable);
}
