/**
 * Time to find the accounts below maintenance margin at a new epoch: 100,000 accounts with a position in each of 8 markets.
 * Run: `node scripts/bench/risk.ts [accounts]`. Reports milliseconds of the best round, and what a plain loop over big integers
 * takes in the same run. One thread; on a shared machine the best round is the one that was disturbed least.
 */

import { DEVNET_LIQUIDATION } from "../../matcher/protocol/devnet-markets.ts";
import { MARKETS } from "../../matcher/protocol/spec.ts";
import { AtRiskSearch, type WrittenAccount } from "../../matcher/risk/at-risk.ts";
import { compileEpoch, type EpochTerms } from "../../matcher/risk/epoch-terms.ts";
import { fundingOwedPicoUsd } from "../../matcher/risk/funding.ts";
import { marginOf } from "../../matcher/risk/margin.ts";
import { reportRows } from "./frame/bench-row.ts";
import { Sequence32 } from "./sequence-32.ts";

const FEW_DIRTY = 1_000;
const ROUNDS = 9;

const random = new Sequence32();

/** An epoch whose prices have moved a little and whose funding has gone on. */
function epochTerms(number: number): EpochTerms {
  return compileEpoch({
    number,
    timeSeconds: 1_800_000_000 + number,
    rebateCapPpm: 100,
    liquidation: DEVNET_LIQUIDATION,
    markets: Array.from({ length: MARKETS }, (_, market) => {
      const priceTicks = (market + 1) * 100_000 + random.next(2_000);
      return {
        priceTicks,
        imfPpm: 50_000,
        mmfPpm: 30_000,
        priceMinTicks: Math.ceil(priceTicks * 0.95),
        priceMaxTicks: Math.floor(priceTicks * 1.05),
        fundingIndexPicoUsd: BigInt(number) * 1_000_000_007n + BigInt(random.next(1_000_000)),
        grossOpenInterestCapLots: 2n ** 48n - 1n,
        restricted: false,
        retired: false,
        isolatedOnly: false,
        positionCapLots: 2n ** 40n - 1n,
        exitHaircutPpm: 15_000,
      };
    }),
  });
}

/** Cushions of up to ten times maintenance margin, so that few accounts end up below it, as on an exchange that works. */
function account(terms: EpochTerms): WrittenAccount {
  const sizesLots = Array.from({ length: MARKETS }, () => BigInt(1 + random.next(1_000_000) - 500_000) * 2n + 1n);
  const { valuePicoUsd, maintenancePicoUsd } = marginOf(terms, { collateralPicoUsd: 0n, sizesLots });
  const cushionPpm = BigInt(30_000 + random.next(10_000_000));
  const collateralPicoUsd = maintenancePicoUsd - valuePicoUsd + (maintenancePicoUsd * cushionPpm) / 1_000_000n;
  return { collateralPicoUsd, sizesLots, fundingIndexPicoUsd: terms.fundingIndexPicoUsd };
}

function plainLoop(accounts: readonly WrittenAccount[], terms: EpochTerms): number {
  let found = 0;
  for (const { collateralPicoUsd, sizesLots, fundingIndexPicoUsd } of accounts) {
    const owed = fundingOwedPicoUsd(sizesLots, fundingIndexPicoUsd, terms.fundingIndexPicoUsd);
    const margin = marginOf(terms, { collateralPicoUsd: collateralPicoUsd - owed, sizesLots });
    if (margin.valuePicoUsd < margin.maintenancePicoUsd) found += 1;
  }
  return found;
}

function timedMs(run: () => number): { ms: number; found: number } {
  const start = process.hrtime.bigint();
  const found = run();
  return { ms: Number(process.hrtime.bigint() - start) / 1e6, found };
}

const accountCount = Number(process.argv[2] ?? 100_000);
const first = epochTerms(1);
const accounts = Array.from({ length: accountCount }, () => account(first));
const search = new AtRiskSearch((index) => accounts[index]);
const best = { all: Infinity, few: Infinity, plain: Infinity };
for (let round = 0; round < ROUNDS; round++) {
  const terms = epochTerms(2 + round);
  for (let index = 0; index < accountCount; index++) search.noteWritten(index);
  const all = timedMs(() => search.find(terms).length);
  for (let index = 0; index < FEW_DIRTY; index++) search.noteWritten(random.next(accountCount));
  const few = timedMs(() => search.find(terms).length);
  const plain = timedMs(() => plainLoop(accounts, terms));
  if (all.found !== plain.found || few.found !== plain.found) throw new Error("the search and the plain loop differ");
  best.all = Math.min(best.all, all.ms);
  best.few = Math.min(best.few, few.ms);
  best.plain = Math.min(best.plain, plain.ms);
  console.log(`round ${round + 1}: ${plain.found} below maintenance, ${search.recheckedCount} looked at twice`);
}
const peer = { name: "plain loop over big integers", value: best.plain };
const what = `accounts at risk found, ${accountCount.toLocaleString("en")} with ${MARKETS} markets`;
reportRows([
  { figure: `${what}, all written since`, value: best.all, unit: "ms", better: "lower", peer },
  { figure: `${what}, ${FEW_DIRTY} written since`, value: best.few, unit: "ms", better: "lower", peer },
]);
