import { Contract, ContractFactory, NonceManager, Wallet } from "ethers";
import type { FastifyInstance } from "fastify";
import { createApi } from "../../matcher/api/server.ts";
import { EpochOpener } from "../../matcher/chain/epoch-opener.ts";
import { type L1Event, readLog } from "../../matcher/chain/l1-event.ts";
import { SettlementLine } from "../../matcher/chain/settlement-line.ts";
import { TransactionLine } from "../../matcher/chain/transaction-line.ts";
import { EXCHANGE_ABI, MARKET_REGISTRY_ABI } from "../../matcher/protocol/abi.ts";
import {
  DEVNET_BOOK_RULES,
  DEVNET_FEE_TIERS,
  DEVNET_FUNDING_MARKETS,
  DEVNET_MARKETS,
} from "../../matcher/protocol/devnet-markets.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import { keyPairOf, registrationPointOf } from "../../matcher/protocol/keys.ts";
import type { OrderMessage } from "../../matcher/protocol/message.ts";
import { domainOf, messageHash } from "../../matcher/protocol/message-hash.ts";
import { genesisSharedState, type SharedState } from "../../matcher/protocol/shared-state.ts";
import { sign } from "../../matcher/protocol/signature.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { TIERS } from "../../matcher/protocol/spec.ts";
import { batchDataOf, publicInputsOf, sharedStateAfter } from "../../matcher/prover/batch-data.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import type { Command } from "../../matcher/sequencer/command.ts";
import { ExchangeState, type ExchangeTerms } from "../../matcher/sequencer/exchange-state.ts";
import type { Accepted } from "../../matcher/sequencer/outcome.ts";
import { ReceiptBook } from "../../matcher/sequencer/receipt-book.ts";
import { ReceiptSigner } from "../../matcher/sequencer/receipt-signer.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { checkSignature } from "../../matcher/sequencer/verify-message.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { readArtifact } from "../../scripts/devnet/artifact.ts";
import { devnetParameters, MARKET_STATUS } from "../../scripts/devnet/risk-parameters.ts";
import { devnetKeys } from "../../scripts/devnet/wallets.ts";
import {
  CHAIN_ID,
  eventually,
  PRICES_TICKS,
  signedRound,
  startTestChain,
  type TestChain,
} from "../chain/test-chain.ts";
import { order } from "../sequencer/exchange-fixture.ts";

const TIER = TIERS[1]!;
/** Trading keys of the traders. */
export const TRADER_KEYS = [12_345_678_901n, 98_765_432_109n] as const;
const DEPOSIT_MICRO_USD = 50_000_000_000n;
/** Stands where a proof would: the verifier knows which batch comes. */
const NO_PROOF = {
  a: [1n, 2n],
  b: [
    [3n, 4n],
    [5n, 6n],
  ],
  c: [7n, 8n],
} as const;

/** How an operator may cheat: what it settles is the history without these commands, under the heads of the one that it acknowledged. */
export type Ignored = (command: Command) => boolean;

/**
 * A real exchange on a real chain whose time we make ourselves, second by second. Everything but the proofs is real: contracts, epochs
 * opened with the meter's funding, the queue, orders of one trader or two, receipts, batches that the Exchange checks and settles.
 */
export class SettledRun {
  readonly chain: TestChain;
  readonly sequencer: Sequencer;
  readonly opener: EpochOpener;
  readonly apiUrl: string;
  /** The first simulated second: the beginning of an interval. */
  readonly startSeconds: number;
  /** Accounts of the traders, in order of their keys. */
  readonly traders: readonly number[];
  readonly #receiptSigner: ReceiptSigner;
  /** The history that is settled, when it is not the one that was acknowledged. */
  readonly #settled: ExchangeState;
  #ignored: Ignored = () => false;
  readonly #accepted: [Accepted, Command][] = [];
  readonly #api: FastifyInstance;
  readonly #line: TransactionLine;
  readonly #settlement: SettlementLine;
  readonly #verifier: Contract;
  readonly #batcher: Batcher;
  readonly #hash: Poseidon;
  readonly #domain: bigint;
  readonly #epochs = new Map<number, OpenedEpoch>();
  #sharedState: SharedState = genesisSharedState();
  #readThrough: number;
  #early: Extract<L1Event, { type: "queue" }>[] = [];
  /** The matcher's clock, from the first simulated second. */
  second = 0;
  /** Added to what the meter says, for a dishonest operator. */
  extraDeltaPicoUsd = 0n;

  private constructor(parts: {
    chain: TestChain;
    sequencer: Sequencer;
    api: FastifyInstance;
    apiUrl: string;
    verifier: Contract;
    hash: Poseidon;
    domain: bigint;
    startSeconds: number;
    traders: readonly number[];
    receiptSigner: ReceiptSigner;
    settled: ExchangeState;
  }) {
    const { chain, sequencer } = parts;
    this.chain = chain;
    this.sequencer = sequencer;
    this.apiUrl = parts.apiUrl;
    this.startSeconds = parts.startSeconds;
    this.traders = parts.traders;
    this.#receiptSigner = parts.receiptSigner;
    this.#settled = parts.settled;
    sequencer.onAccepted((accepted, command) => this.#accepted.push([accepted, command]));
    this.#api = parts.api;
    this.#verifier = parts.verifier;
    this.#hash = parts.hash;
    this.#domain = parts.domain;
    this.#readThrough = chain.deployment.firstBlock - 1;
    this.#batcher = new Batcher({ hash: parts.hash, domain: parts.domain, tiers: [TIER] });
    const { provider, deployment } = chain;
    const halt = (report: string) => {
      throw new Error(report);
    };
    const wallet = new Wallet(devnetKeys().operator);
    this.#line = new TransactionLine({
      provider,
      wallet,
      chainId: CHAIN_ID,
      confirmations: 0,
      pollMs: 5,
      onHalt: halt,
    });
    this.#line.start();
    this.#settlement = new SettlementLine(this.#line, deployment.exchange);
    this.opener = new EpochOpener({
      provider,
      line: this.#line,
      exchange: deployment.exchange,
      oracle: deployment.oracle,
      registry: deployment.registry,
      cadence: { leastMs: 1, idleMs: 1, aheadMax: 1_000, silentMs: 3_600_000, moveBoundPpm: 5_000 },
      journalHead: () => sequencer.state.journalHead,
      load: () => ({ proofMs: 0, provers: 1, settledEpoch: 0, busy: true }),
      fundingDeltasPicoUsd: ({ pricesTicks, fromSeconds, toSeconds, rateMaxPpmPerHour }) => {
        const { funding } = sequencer.state;
        const deltas = funding.deltasPicoUsdTowardZero(pricesTicks, fromSeconds, toSeconds, rateMaxPpmPerHour);
        return deltas?.map((delta, market) => (market === 0 ? delta + this.extraDeltaPicoUsd : delta)) ?? null;
      },
      onNotice: halt,
    });
  }

  static async start(hash: Poseidon, traderCount: 1 | 2 = 1): Promise<SettledRun> {
    const chain = await startTestChain();
    const { provider, deployment, token, exchange } = chain;
    // 1. A verifier that accepts the batch it is told, in place of proofs.
    const owner = new NonceManager(new Wallet(devnetKeys().owner, provider));
    const { abi, bytecode } = readArtifact("test/ExpectedInputsVerifier.sol/ExpectedInputsVerifier");
    const deployed = await new ContractFactory(abi, bytecode, owner).deploy(true);
    const verifier = new Contract(await deployed.getAddress(), abi, owner);
    const administered = new Contract(deployment.exchange, EXCHANGE_ABI, owner);
    await (await administered.getFunction("addVerifier")(TIER.id, await deployed.getAddress())).wait();
    // 2. Traders with money.
    const sender = new NonceManager(chain.trader);
    const asTrader = (contract: Contract, method: string) => (contract.connect(sender) as Contract).getFunction(method);
    const traders: number[] = [];
    for (const key of TRADER_KEYS.slice(0, traderCount)) {
      const { qx, qy } = registrationPointOf(key);
      const trader = Number(await exchange.getFunction("accountCount").staticCall());
      await (await asTrader(exchange, "register")(qx, qy)).wait();
      await (await asTrader(token, "mint")(chain.trader.address, DEPOSIT_MICRO_USD)).wait();
      await (await asTrader(token, "approve")(deployment.exchange, DEPOSIT_MICRO_USD)).wait();
      await (await asTrader(exchange, "deposit")(trader, DEPOSIT_MICRO_USD)).wait();
      traders.push(trader);
    }
    // 3. The exchange, and the door to what it serves.
    const domain = domainOf(CHAIN_ID, deployment.exchange);
    const terms: ExchangeTerms = {
      rules: DEVNET_BOOK_RULES,
      feeSchedule: DEVNET_FEE_TIERS,
      funding: { schedule: deployment.fundingSchedule, markets: DEVNET_FUNDING_MARKETS },
    };
    const block = await provider.getBlock("latest");
    const startSeconds = (Math.floor((block?.timestamp ?? 0) / 60) + 2) * 60;
    const sequencer = new Sequencer({
      state: new ExchangeState(terms),
      nowMs: () => 1_000 * (startSeconds + run.second),
      verifier: {
        verify: async (message, key) => checkSignature(message, key, domain),
        close: async () => {},
      },
    });
    const place = { chainId: CHAIN_ID, exchange: deployment.exchange };
    const receiptSigner = new ReceiptSigner(place, devnetKeys().receipts);
    const receipts = new ReceiptBook({ signer: receiptSigner });
    sequencer.onDurable((accepted) => receipts.record(accepted));
    const api = createApi({
      sequencer,
      receipts,
      chainId: CHAIN_ID,
      exchange: deployment.exchange,
      domain,
      markets: DEVNET_MARKETS.map(({ market }) => market),
      fundingRateMaxPpmPerHour: () => run.opener.rateMaxPpmPerHour,
    });
    const apiUrl = await api.listen({ host: "127.0.0.1", port: 0 });
    const settled = new ExchangeState(terms);
    const parts = { chain, sequencer, api, apiUrl, verifier, hash, domain, startSeconds, traders };
    const run = new SettledRun({ ...parts, receiptSigner, settled });
    await run.opener.start();
    return run;
  }

  async close(): Promise<void> {
    this.opener.stop();
    await this.#line.stop();
    await this.#api.close();
    await this.#receiptSigner.close();
    await this.chain.close();
  }

  /** Appends parameters that retire a market. */
  async retire(market: number): Promise<void> {
    // One signer for all that the owner sends, as it counts the nonces.
    const registry = new Contract(this.chain.deployment.registry, MARKET_REGISTRY_ABI, this.#verifier.runner);
    const parameters = devnetParameters();
    Object.assign(parameters.markets[market] as object, { status: MARKET_STATUS.retired });
    await (await registry.getFunction("appendMarkets")(parameters)).wait();
  }

  /** From now on what is settled is another history than what is acknowledged. */
  cheat(ignored: Ignored): void {
    this.#ignored = ignored;
  }

  sample(second: number): void {
    this.second = second;
    this.sequencer.apply({ type: "fundingSample", timeSeconds: this.startSeconds + second });
  }

  /** Opens an epoch with the time of this second, takes it into force, and settles what it ends. */
  async epoch(second: number, prices: readonly number[] = PRICES_TICKS): Promise<void> {
    const { provider, rpc, mine, deployment } = this.chain;
    this.second = second;
    const timeSeconds = this.startSeconds + second;
    const head = await provider.getBlock("latest");
    if ((head?.timestamp ?? 0) < timeSeconds) {
      await rpc("evm_setNextBlockTimestamp", timeSeconds);
      await mine(1);
    }
    const next = this.opener.status().openedNumber + 1;
    this.opener.offer(await signedRound(deployment, timeSeconds, prices));
    await eventually(`epoch ${next}`, () => this.opener.status().openedNumber === next || undefined);
    await this.#follow();
  }

  /** A signed order of the trader's. @throws Error when it is refused */
  async place(change: Partial<OrderMessage>): Promise<void> {
    const message = order({ account: this.traders[0]!, expirySeconds: this.startSeconds + 3_600, ...change });
    const signature = sign(keyPairOf(TRADER_KEYS[0]), messageHash(message, this.#domain));
    const { outcome } = await this.sequencer.submit({ ...message, signature });
    if (!outcome.accepted) throw new Error(`the order is refused: ${outcome.code}`);
  }

  /** Takes what is new on L1 into force, in its order; the queue waits for the first epoch. */
  async #follow(): Promise<void> {
    const { provider, deployment } = this.chain;
    const fromBlock = this.#readThrough + 1;
    this.#readThrough = await provider.getBlockNumber();
    const logs = await provider.getLogs({ address: deployment.exchange, fromBlock, toBlock: this.#readThrough });
    for (const event of logs.map(readLog)) {
      if (event?.type === "queue") this.#early.push(event);
      if (event?.type !== "epoch") continue;
      this.#epochs.set(event.epoch.number, event.epoch);
      this.#apply({ type: "epoch", epoch: event.epoch });
      for (const { entry, cursor } of this.#early.splice(0)) this.#apply({ type: "queue", entry, cursor });
    }
    await this.settleSteps();
  }

  #apply(command: Parameters<Sequencer["apply"]>[0]): void {
    const outcome = this.sequencer.apply(command);
    if (!outcome.accepted) throw new Error(outcome.code);
  }

  /** Settles the batches that everything accepted so far ends. */
  async settleSteps(): Promise<void> {
    for (const [{ journalHead, acceptedAtMs }, command] of this.#accepted.splice(0)) {
      if (this.#ignored(command)) continue;
      const outcome = this.#settled.execute(command, acceptedAtMs);
      if (!outcome.accepted) throw new Error(outcome.code);
      for (const { step } of outcome.steps) {
        const trace = this.#batcher.push(step, journalHead);
        if (trace !== undefined) await this.#settle(trace);
      }
    }
  }

  async #settle(trace: BatchTrace): Promise<void> {
    const epoch = this.#epochs.get(trace.epoch.number) as OpenedEpoch;
    const data = batchDataOf(trace, epoch, this.#sharedState);
    const { commitment, z, y } = publicInputsOf(data, CHAIN_ID, this.chain.deployment.exchange, this.#hash);
    await (await this.#verifier.getFunction("expectInputs")([commitment, z, y])).wait();
    await this.#settlement.settle({ batchNumber: trace.batchNumber, data, commitment, proof: NO_PROOF }).mined;
    this.#sharedState = sharedStateAfter(data);
  }
}
