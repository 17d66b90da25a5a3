import {
  DEVNET_BOOK_RULES,
  DEVNET_FEE_TIERS,
  DEVNET_FUNDING_MARKETS,
  DEVNET_LIQUIDATION,
  DEVNET_MARKETS,
  DEVNET_REBATE_CAP_PPM,
} from "../../matcher/protocol/devnet-markets.ts";
import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import { MINUTE_FUNDING } from "../../matcher/protocol/funding-schedule.ts";
import { keyPairOf } from "../../matcher/protocol/keys.ts";
import { priceTicksFromUsd } from "../../matcher/protocol/market.ts";
import type { Instruction, OrderMessage, Signature, Signed } from "../../matcher/protocol/message.ts";
import { domainOf, messageHash } from "../../matcher/protocol/message-hash.ts";
import { sign } from "../../matcher/protocol/signature.ts";
import { MARKETS } from "../../matcher/protocol/spec.ts";
import { closedMarket } from "../../matcher/risk/epoch-terms.ts";
import type { Command } from "../../matcher/sequencer/command.ts";
import { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import type { Accepted, Outcome } from "../../matcher/sequencer/outcome.ts";
import { checkSignature } from "../../matcher/sequencer/verify-message.ts";
import type { SignatureVerifier } from "../../matcher/sequencer/verify-pool.ts";

export const CHAIN_ID = 31_337;
export const EXCHANGE = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
export const DOMAIN = domainOf(CHAIN_ID, EXCHANGE);
export const EPOCH_SECONDS = 1_800_000_000;
export const BTC = 0;
export const ETH = 1;
/** At a tick of 0.1 USD: 65,000 USD. */
export const BTC_TICKS = 650_000;

const NO_SIGNATURE: Signature = { r8x: 0n, r8y: 1n, s: 0n };

/** An epoch of the devnet's markets. @param pricesUsd by market index, instead of the seed prices */
export function epochOf(
  number: number,
  pricesUsd: Record<number, string> = {},
  change: Partial<EpochMarket> = {},
): OpenedEpoch {
  const markets = Array.from({ length: MARKETS }, (_, index): EpochMarket => {
    const terms = DEVNET_MARKETS[index];
    if (terms === undefined) return closedMarket();
    const priceTicks = priceTicksFromUsd(terms.market, pricesUsd[index] ?? terms.seedPriceUsd);
    const band = Math.floor((priceTicks * terms.bandPpm) / 1_000_000);
    return {
      priceTicks,
      imfPpm: terms.imfPpm,
      mmfPpm: terms.mmfPpm,
      priceMinTicks: priceTicks - band,
      priceMaxTicks: priceTicks + band,
      fundingIndexPicoUsd: 0n,
      grossOpenInterestCapLots: terms.openInterestCapLots,
      restricted: false,
      retired: false,
      isolatedOnly: false,
      positionCapLots: 2n ** 40n - 1n,
      exitHaircutPpm: terms.exitHaircutPpm,
      ...change,
    };
  });
  const timeSeconds = EPOCH_SECONDS + (number - 1) * 60;
  return {
    number,
    timeSeconds,
    rebateCapPpm: DEVNET_REBATE_CAP_PPM,
    liquidation: DEVNET_LIQUIDATION,
    paramVersion: 1,
    journalHead: 0n,
    markets,
  };
}

/** The trading key of the test account with this index. */
export function keyOf(account: number) {
  return keyPairOf(1_000_003n * BigInt(account) + 7n);
}

/** An interval a minute, on the devnet's terms. */
export const FUNDING = { schedule: MINUTE_FUNDING, markets: DEVNET_FUNDING_MARKETS };

export function newState(): ExchangeState {
  return new ExchangeState({ rules: DEVNET_BOOK_RULES, feeSchedule: DEVNET_FEE_TIERS, funding: FUNDING });
}

/** First epoch, then accounts 1 … n with a deposit each. */
export function openingCommands(accounts: number, depositUsd = 100_000n): Command[] {
  const commands: Command[] = [{ type: "epoch", epoch: epochOf(1) }];
  let cursor = 0;
  for (let account = 1; account <= accounts; account++) {
    const { ax, ay } = keyOf(account);
    const owner = BigInt(account) << 8n;
    const registration = { kind: "registration", minSequence: 0, account, amountMicroUsd: 0n, owner, ax, ay } as const;
    commands.push({ type: "queue", entry: registration, cursor: cursor++ });
    const amountMicroUsd = depositUsd * 1_000_000n;
    const deposit = { kind: "deposit", minSequence: 0, account, amountMicroUsd, owner: 0n, ax: 0n, ay: 0n } as const;
    if (depositUsd > 0n) commands.push({ type: "queue", entry: deposit, cursor: cursor++ });
  }
  return commands;
}

/** A state with accounts 1 … n in epoch 1. */
export function openedState(accounts = 3, depositUsd = 100_000n): ExchangeState {
  const state = newState();
  for (const command of openingCommands(accounts, depositUsd)) accepted(state.execute(command));
  return state;
}

/** A good order of account 1, changed as told. */
export function order(change: Partial<OrderMessage> = {}): OrderMessage {
  return {
    kind: "order",
    account: 1,
    market: BTC,
    side: "buy",
    keepFilled: false,
    reduceOnly: false,
    postOnly: false,
    timeInForce: "GTT",
    selfTrade: "expire-maker",
    slot: 0,
    sequence: 1,
    expirySeconds: EPOCH_SECONDS + 3_600,
    maxFeePpm: 1_000,
    limitPriceTicks: BTC_TICKS,
    quantityLots: 1_000,
    ...change,
  };
}

/** With a placeholder signature: the state machine takes checked messages. */
export function unsigned<M extends Instruction>(message: M): Signed<M> {
  return { ...message, signature: NO_SIGNATURE };
}

/** Signed by the account's test key. */
export function signed<M extends Instruction>(message: M, domain = DOMAIN): Signed<M> {
  return { ...message, signature: sign(keyOf(message.account), messageHash(message, domain)) };
}

export function send(state: ExchangeState, message: Instruction, settle = false): Outcome {
  return state.execute({ type: "message", message: unsigned(message), settle });
}

/** @throws Error when the outcome is a refusal */
export function accepted(outcome: Outcome): Accepted {
  if (!outcome.accepted) throw new Error(`refused: ${outcome.code}`);
  return outcome;
}

/** The code of a refusal, or "accepted". */
export function codeOf(outcome: Outcome): string {
  return outcome.accepted ? "accepted" : outcome.code;
}

/** Checks signatures on this thread, at once. */
export const immediately: SignatureVerifier = {
  verify: async (message, key) => checkSignature(message, key, DOMAIN),
  close: async () => {},
};
