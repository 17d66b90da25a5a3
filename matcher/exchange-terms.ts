import type { Deployment } from "./chain/deployment.ts";
import { DEVNET_BOOK_RULES, DEVNET_FEE_TIERS, DEVNET_FUNDING_MARKETS } from "./protocol/devnet-markets.ts";
import type { ExchangeTerms } from "./sequencer/exchange-state.ts";

/**
 * What decides what a command does, beside the epochs of L1. A journal belongs to its terms.
 * @param interest8hPpm the interest part of funding; the devnet's unless told otherwise
 */
export function exchangeTerms(
  { fundingSchedule: schedule }: Pick<Deployment, "fundingSchedule">,
  interest8hPpm?: number,
): ExchangeTerms {
  const markets = DEVNET_FUNDING_MARKETS.map((terms) =>
    terms === null || interest8hPpm === undefined ? terms : { ...terms, interest8hPpm },
  );
  return { rules: DEVNET_BOOK_RULES, feeSchedule: DEVNET_FEE_TIERS, funding: { schedule, markets } };
}
