/** What one signer reports for a round of prices. */
export interface PriceReport {
  /** Rounds count up; their time does, too. */
  round: number;
  /** Time of the prices. */
  timeSeconds: number;
  /** One per market, 0 where there is none. */
  pricesTicks: readonly number[];
  /** EIP-712 signature of the three fields above, 65 bytes in hexadecimal. */
  signature: string;
}

/** A round that enough signers reported: what the PriceOracle is given. */
export interface ReportedRound {
  number: number;
  timeSeconds: number;
  /** Sorted by signer. */
  reports: readonly Pick<PriceReport, "pricesTicks" | "signature">[];
  /** The median of each market, as the contract computes it. */
  pricesTicks: readonly number[];
}

/** EIP-712 domain of reports. @param oracle address of the PriceOracle */
export function priceReportDomain(chainId: number, oracle: string) {
  return { name: "Clearbook PriceOracle", version: "1", chainId, verifyingContract: oracle };
}

/** EIP-712 types of reports. */
export const PRICE_REPORT_TYPES = {
  Report: [
    { name: "round", type: "uint64" },
    { name: "timeSeconds", type: "uint32" },
    { name: "pricesTicks", type: "uint32[8]" },
  ],
};
