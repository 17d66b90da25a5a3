import { marginOf } from "../risk/margin.ts";
import { settled } from "../state/account-record.ts";
import type { ExchangeState } from "./exchange-state.ts";
import type { Finality } from "./finality.ts";

/** Money of an account, by what stands behind it. */
export interface Balance {
  collateralPicoUsd: bigint;
  /** Collateral plus positions, at the prices of the epoch in force. */
  equityPicoUsd: bigint;
}

/**
 * The account as the contract has it, brought to the epoch in force: funding settled to its indices, positions at its prices. So the
 * difference from the matcher's own account is what unproven commands have changed, and nothing else. Zeros before the first batch that
 * touched it.
 */
export function provenBalance({ ledger }: ExchangeState, finality: Finality, account: number): Balance {
  const proven = finality.account(account);
  if (proven === null) return { collateralPicoUsd: 0n, equityPicoUsd: 0n };
  const record = settled(proven.leaf, ledger.terms);
  const { valuePicoUsd } = marginOf(ledger.terms, record);
  return { collateralPicoUsd: record.collateralPicoUsd, equityPicoUsd: valuePicoUsd };
}
