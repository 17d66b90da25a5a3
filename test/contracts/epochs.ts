import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { ContractTransactionResponse } from "ethers";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { epochFromRecord, type OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import { priceTicksFromUsd } from "../../matcher/protocol/market.ts";
import { MARKETS } from "../../matcher/protocol/spec.ts";
import { blockTimeSeconds, mined, setNextBlockTime } from "./chain.ts";
import { as, type World } from "./exchange-world.ts";

export const SEED_PRICES_TICKS: readonly number[] = Array.from({ length: MARKETS }, (_, index) => {
  const entry = DEVNET_MARKETS[index];
  return entry === undefined ? 0 : priceTicksFromUsd(entry.market, entry.seedPriceUsd);
});

export interface RoundTerms {
  number: number;
  timeSeconds: number;
  /** One list of eight a signer. */
  prices: readonly (readonly number[])[];
  signers: readonly HardhatEthersSigner[];
}

const REPORT_TYPES = {
  Report: [
    { name: "round", type: "uint64" },
    { name: "timeSeconds", type: "uint32" },
    { name: "pricesTicks", type: "uint32[8]" },
  ],
};

/** Signs a round as the given signers, sorted by address as the oracle wants it. */
export async function signedRound(world: World, terms: RoundTerms, domainChanges: Record<string, unknown> = {}) {
  const verifyingContract = await world.oracle.getAddress();
  const domain = {
    name: "Clearbook PriceOracle",
    version: "1",
    chainId: world.chainId,
    verifyingContract,
    ...domainChanges,
  };
  const reports = await Promise.all(
    terms.signers.map(async (signer, index) => {
      const pricesTicks = terms.prices[index] ?? [];
      const message = { round: terms.number, timeSeconds: terms.timeSeconds, pricesTicks };
      return { signer, report: { pricesTicks, signature: await signer.signTypedData(domain, REPORT_TYPES, message) } };
    }),
  );
  reports.sort((a, b) => (BigInt(a.signer.address) < BigInt(b.signer.address) ? -1 : 1));
  return { number: terms.number, timeSeconds: terms.timeSeconds, reports: reports.map(({ report }) => report) };
}

export interface OpeningTerms {
  timeSeconds?: number;
  roundNumber?: number;
  roundTimeSeconds?: number;
  prices?: readonly number[];
  /** The last accepted prices stand; the round's number alone is given. */
  withoutRound?: boolean;
  journalHead?: bigint;
  paramVersion?: number;
  fundingDeltas?: readonly bigint[];
}

/** An opening that the contract accepts at the next block, unless the terms say otherwise. */
export async function openingOf(world: World, terms: OpeningTerms = {}) {
  const timeSeconds = terms.timeSeconds ?? (await blockTimeSeconds());
  const round = await signedRound(world, {
    number: terms.roundNumber ?? world.model.nextRound,
    timeSeconds: terms.roundTimeSeconds ?? timeSeconds,
    prices: [terms.prices ?? SEED_PRICES_TICKS],
    signers: [world.reporter],
  });
  return {
    round: terms.withoutRound
      ? { number: terms.roundNumber ?? world.model.nextRound - 1, timeSeconds: 0, reports: [] }
      : round,
    timeSeconds,
    journalHead: terms.journalHead ?? 0xabcn,
    paramVersion: terms.paramVersion ?? Number(await world.registry.latestVersion()),
    fundingDeltasPicoUsd: terms.fundingDeltas ?? new Array(MARKETS).fill(0n),
  };
}

/** Sends an opening; its promise rejects with what the contract reverts with. */
export async function sendOpening(world: World, terms: OpeningTerms = {}): Promise<ContractTransactionResponse> {
  return as(world, world.operator).openEpoch(await openingOf(world, terms));
}

/** Opens an epoch at the latest block's time, or a second after the last epoch, and reads it back from its event. */
export async function openEpoch(world: World, terms: OpeningTerms = {}): Promise<OpenedEpoch> {
  const last = world.model.epochs.at(-1);
  const timeSeconds = terms.timeSeconds ?? Math.max(await blockTimeSeconds(), (last?.timeSeconds ?? 0) + 1);
  const opening = await openingOf(world, { ...terms, timeSeconds });
  // In a block of that time if that can still be: else the wall clock decides, and whoever counts from here may come too late.
  await setNextBlockTime(Math.max(timeSeconds, await blockTimeSeconds()));
  const receipt = await mined(as(world, world.operator).openEpoch(opening));
  for (const log of receipt.logs) {
    const parsed = world.exchange.interface.parseLog(log);
    if (parsed?.name !== "EpochOpened") continue;
    const { number, paramVersion, rebateCapPpm, journalHead, liquidationTerms } = parsed.args;
    const { marketWords, openInterestCapWords, exitHaircutsWord } = parsed.args;
    const epoch = epochFromRecord({
      number,
      timeSeconds: parsed.args.timeSeconds,
      paramVersion,
      rebateCapPpm,
      journalHead,
      liquidationTerms,
      marketWords: [...marketWords],
      openInterestCapWords: [...openInterestCapWords],
      exitHaircutsWord,
    });
    world.model.epochs.push(epoch);
    if (!terms.withoutRound) world.model.nextRound = (terms.roundNumber ?? world.model.nextRound) + 1;
    return epoch;
  }
  throw new Error("no EpochOpened event");
}
