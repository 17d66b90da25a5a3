import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import { priceTicksFromUsd } from "../../matcher/protocol/market.ts";
import { domainOf } from "../../matcher/protocol/message-hash.ts";
import { genesisSharedState, type SharedState } from "../../matcher/protocol/shared-state.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { MARKETS, TIERS } from "../../matcher/protocol/spec.ts";
import { batchDataOf, sharedStateAfter } from "../../matcher/prover/batch-data.ts";
import { deriveTradingKey, type TradingKey } from "../../matcher/sdk/wallet.ts";
import type { Ledger } from "../../matcher/state/ledger.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { type MarketSource, RandomMarket } from "../fixtures/random-market.ts";
import { type L1Action, perform, type RealExchange, readL1 } from "./real-exchange.ts";

const TRADERS = 4;
/** Time of the first epoch: later than the machine's clock, so that every run has the same times. */
const START_SECONDS = 2_000_000_000;
/** What `RandomMarket.act` takes for one kind of command. */
const ACT = { entry: 5, epoch: 15, cancel: 18, cancelAll: 23, withdraw: 27, fill: 50 } as const;
type Act = keyof typeof ACT;

/** What each batch is made of; accounts, sides, sizes, prices and fees are random. One large proof costs as much as four small ones. */
const PLAN: readonly { tier: string; acts: readonly Act[] }[] = [
  { tier: "small", acts: ["entry", "entry"] },
  {
    tier: "large",
    acts: [
      ...(["entry", "entry", "entry", "entry", "fill", "fill", "fill", "cancel", "fill", "fill"] as const),
      ...(["withdraw", "cancelAll"] as const),
    ],
  },
  { tier: "small", acts: ["epoch", "entry", "withdraw", "fill", "cancel"] },
  { tier: "small", acts: ["epoch", "withdraw", "fill", "entry"] },
];
/** Random commands are refused as often as not; after so many the seed is given up. */
const TRIES = 150;
const SEEDS = 2_000;

type Deposit = readonly [account: number, amountMicroUsd: bigint];
/** In this order; a number registers that account. Account 0, the insurance fund's, is registered by the constructor. */
const QUEUE: readonly (number | Deposit)[] = [
  1,
  [1, 4_000_000_000n],
  2,
  [2, 9_000_000_000n],
  3,
  [3, 1_500_000_000n],
  [0, 50_000_000n],
  4,
  [4, 2_000_000n],
  [1, 1_000_000n],
  [2, 777_777_777n],
];

/** Prices as parts per million of the seed prices: a small move, then a fall. */
const EPOCH_PRICES_PPM = [1_000_000n, 1_004_321n, 958_000n];
const EPOCH_SECONDS = 60;

/** Where the simulated prices of a devnet start; 0 where no market is live. */
export const SEED_PRICES_TICKS = Array.from({ length: MARKETS }, (_, index) => {
  const entry = DEVNET_MARKETS[index];
  return entry === undefined ? 0n : BigInt(priceTicksFromUsd(entry.market, entry.seedPriceUsd));
});

/** Registrations with keys derived from wallets, deposits, and epochs; account k belongs to wallet k − 1. */
export async function historyOf(real: RealExchange): Promise<{ actions: L1Action[]; keys: TradingKey[] }> {
  const { chainId, address, wallets } = real;
  const keys: TradingKey[] = [];
  for (const wallet of wallets.slice(0, TRADERS)) {
    keys.push(await deriveTradingKey(wallet as HardhatEthersSigner, { chainId, exchange: address }));
  }
  const queue = QUEUE.map((item): L1Action => {
    if (typeof item === "number") return { kind: "register", wallet: item - 1, point: keys[item - 1] as TradingKey };
    const [account, amountMicroUsd] = item;
    return { kind: "deposit", wallet: Math.max(0, account - 1), account, amountMicroUsd };
  });
  const epochs = EPOCH_PRICES_PPM.map((ppm, i): L1Action => {
    const prices = SEED_PRICES_TICKS.map((price) => (price * ppm) / 1_000_000n);
    return {
      kind: "epoch",
      timeSeconds: START_SECONDS + i * EPOCH_SECONDS,
      pricesTicks: prices.map(Number),
      // A minute at a tenth of the greatest rate, longs paying in one market and shorts in the next.
      fundingDeltasPicoUsd: prices.map((price, k) => (i === 0 ? 0n : (price * 25n) / (k % 2 === 0 ? 1n : -1n))),
    };
  });
  return { actions: [...queue, ...epochs], keys };
}

/** A batch as the prover takes it, with the shared states around it. */
export interface RandomBatch {
  readonly trace: BatchTrace;
  readonly epoch: OpenedEpoch;
  readonly data: ReturnType<typeof batchDataOf>;
  readonly after: SharedState;
}

export interface RandomHistory {
  readonly seed: number;
  readonly batches: readonly RandomBatch[];
  readonly ledger: Ledger;
  readonly steps: RandomMarket["steps"];
}

/** Random commands over what stands on L1, as planned. Undefined when the seed does not come to that. */
function play(
  seed: number,
  hash: Poseidon,
  domain: bigint,
  l1: Awaited<ReturnType<typeof readL1>>,
  keys: readonly TradingKey[],
  sign: boolean,
): RandomHistory | undefined {
  let entry = 0;
  let epoch = 0;
  const source: MarketSource = {
    takeEntry: () => l1.entries[entry++],
    takeEpoch: () => l1.epochs[epoch++],
    keyOf: (account) => keys[account - 1] as TradingKey,
  };
  const tiers = TIERS.filter(({ name }) => name !== "test");
  const market = new RandomMarket({ seed, hash, domain, tiers, sign, source });
  const traces: BatchTrace[] = [];
  for (const { tier, acts } of PLAN) {
    for (const act of acts) {
      const before = market.steps.length;
      for (let tries = 0; market.steps.length === before; tries++) {
        if (tries === TRIES) return undefined;
        // A batch that is cut by itself was too small for the plan.
        if (market.act(ACT[act]).length > 0) return undefined;
      }
    }
    const [trace, ...others] = market.cut();
    if (trace?.tier.name !== tier || others.length > 0) return undefined;
    traces.push(trace);
  }
  let state = genesisSharedState();
  const batches = traces.map((trace): RandomBatch => {
    const opened = l1.epochs[trace.epoch.number - 1] as OpenedEpoch;
    const data = batchDataOf(trace, opened, state);
    const after = sharedStateAfter(data);
    state = after;
    return { trace, epoch: opened, data, after };
  });
  return { seed, batches, ledger: market.ledger, steps: market.steps };
}

/** Does everything on L1, and finds the first seed whose commands go with the plan. */
export async function randomHistory(real: RealExchange, hash: Poseidon) {
  const { actions, keys } = await historyOf(real);
  await perform(real, actions);
  const l1 = await readL1(real);
  const domain = domainOf(real.chainId, real.address);
  for (let seed = 1; seed <= SEEDS; seed++) {
    const found = play(seed, hash, domain, l1, keys, false);
    if (found === undefined) continue;
    const history = play(seed, hash, domain, l1, keys, true) as RandomHistory;
    return { actions, history };
  }
  throw new Error(`no seed up to ${SEEDS} goes with the plan`);
}
