import {
  DEVNET_BOOK_RULES,
  DEVNET_FEE_TIERS,
  DEVNET_FUNDING_MARKETS,
  DEVNET_MARKETS,
} from "../../../matcher/protocol/devnet-markets.ts";
import type { EpochMarket } from "../../../matcher/protocol/epoch.ts";
import { MINUTE_FUNDING } from "../../../matcher/protocol/funding-schedule.ts";
import { priceTicksFromUsd } from "../../../matcher/protocol/market.ts";
import { domainOf } from "../../../matcher/protocol/message-hash.ts";
import { closedMarket } from "../../../matcher/risk/epoch-terms.ts";
import type { Command } from "../../../matcher/sequencer/command.ts";
import { ExchangeState } from "../../../matcher/sequencer/exchange-state.ts";
import { firstEpoch, fundedAccount } from "../frame/opening.ts";
import { benchKey } from "./signed-flow.ts";

export const BENCH_CHAIN_ID = 31_337;
export const BENCH_EXCHANGE = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
export const BENCH_DOMAIN: bigint = domainOf(BENCH_CHAIN_ID, BENCH_EXCHANGE);
export const BENCH_EPOCH_SECONDS = 1_800_000_000;

function epochMarket(index: number): EpochMarket {
  const terms = DEVNET_MARKETS[index];
  if (terms === undefined) return closedMarket();
  const priceTicks = priceTicksFromUsd(terms.market, terms.seedPriceUsd);
  const bandTicks = Math.floor((priceTicks * terms.bandPpm) / 1_000_000);
  return {
    priceTicks,
    imfPpm: terms.imfPpm,
    mmfPpm: terms.mmfPpm,
    priceMinTicks: priceTicks - bandTicks,
    priceMaxTicks: priceTicks + bandTicks,
    fundingIndexPicoUsd: 0n,
    grossOpenInterestCapLots: terms.openInterestCapLots,
    restricted: false,
    retired: false,
    isolatedOnly: false,
    positionCapLots: terms.positionCapLots,
    exitHaircutPpm: terms.exitHaircutPpm,
  };
}

/** An exchange of the devnet's markets, and what opens it: the first epoch, then accounts 1 … n with a million USD each. */
export function openedExchange(accounts: number): {
  state: ExchangeState;
  opening: Exclude<Command, { type: "message" }>[];
} {
  const opening: Exclude<Command, { type: "message" }>[] = [firstEpoch(BENCH_EPOCH_SECONDS, epochMarket)];
  for (let account = 1; account <= accounts; account++) {
    opening.push(...fundedAccount(account, BigInt(account) << 8n, benchKey(account)));
  }
  const funding = { schedule: MINUTE_FUNDING, markets: DEVNET_FUNDING_MARKETS };
  return { state: new ExchangeState({ rules: DEVNET_BOOK_RULES, feeSchedule: DEVNET_FEE_TIERS, funding }), opening };
}
