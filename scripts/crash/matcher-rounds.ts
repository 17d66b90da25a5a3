import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type JsonRpcProvider, Wallet } from "ethers";
import type { Deployment } from "../../matcher/chain/deployment.ts";
import { connectL1 } from "../../matcher/chain/provider.ts";
import { PriceFeed } from "../../matcher/oracle/price-feed.ts";
import { SimulationSource } from "../../matcher/oracle/simulation-source.ts";
import type { WireStatus } from "../../matcher/protocol/api-wire.ts";
import {
  DEVNET_BOOK_RULES,
  DEVNET_FEE_TIERS,
  DEVNET_FUNDING_MARKETS,
  DEVNET_MARKETS,
} from "../../matcher/protocol/devnet-markets.ts";
import type { Market } from "../../matcher/protocol/market.ts";
import { domainOf } from "../../matcher/protocol/message-hash.ts";
import { TIERS } from "../../matcher/protocol/spec.ts";
import { rebuildState } from "../../matcher/rebuild/rebuild-state.ts";
import { journalRecordFromBytes } from "../../matcher/sequencer/command-bytes.ts";
import { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import { AccountStore } from "../../matcher/state/account-store.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { dice } from "../../test/sequencer/random-commands.ts";
import { DemoTrader } from "../demo/trader.ts";
import { startChain } from "../demo/world.ts";
import { deployContracts } from "../devnet/deploy-contracts.ts";
import { devnetKeys, FIRST_TRADER_WALLET, ORACLE_ROLES } from "../devnet/wallets.ts";
import { Child } from "../supervisor/child.ts";
import { freePort } from "../supervisor/ports.ts";
import { Acknowledgements, recordsLeft } from "./acknowledgements.ts";
import { CrashClient } from "./crash-client.ts";
import { type RoundsSummary, roundsSummary } from "./rounds-summary.ts";
import { signingWith } from "./signed-order.ts";

const CHAIN_ID = 31_337;
const DEPOSIT_MICRO_USD = 100_000_000_000n;
const TRADERS = 2;
/** On a busy machine a proof takes its time. */
const SETTLE_LIMIT_MS = 420_000;
const START_LIMIT_MS = 60_000;
/** Longer than a batch stays open. */
const REST_MS = 3_000;

export interface MatcherRoundsOptions {
  /** An empty folder. */
  readonly folder: string;
  readonly seed: number;
  readonly print?: (line: string) => void;
}

export interface MatcherSummary extends RoundsSummary {
  /** Settled on L1 in the end. */
  readonly batches: number;
}

/** The whole exchange on a chain of its own, its matcher killed again and again while traders trade and batches settle. */
export class MatcherRounds {
  readonly #folder: string;
  readonly #journal: string;
  readonly #roll: (n: number) => number;
  readonly #print: (line: string) => void;
  readonly #told = new Acknowledgements();
  readonly #faults: string[] = [];
  readonly #closers: (() => Promise<unknown> | unknown)[] = [];
  readonly #provers = new Set<number>();
  #clients: CrashClient[] = [];
  #provider!: JsonRpcProvider;
  #deployment!: Deployment;
  #ports = { api: 0, operator: 0 };
  #child: Child | undefined;
  #kills = 0;

  private constructor({ folder, seed, print = () => {} }: MatcherRoundsOptions) {
    this.#folder = folder;
    this.#journal = join(folder, "journal");
    this.#roll = dice(seed);
    this.#print = print;
  }

  /** Chain, contracts, price feeds, a first life of the matcher, funded traders. */
  static async start(options: MatcherRoundsOptions): Promise<MatcherRounds> {
    const rounds = new MatcherRounds(options);
    try {
      await rounds.#begin();
      return rounds;
    } catch (error) {
      await rounds.close();
      throw error;
    }
  }

  get summary(): RoundsSummary {
    return roundsSummary(this.#kills, this.#told, this.#clients, this.#faults);
  }

  /** Trades, kills after a while, looks, starts again. @param killMsMax the kill comes up to so long after trading began */
  async round(killMsMax: number): Promise<void> {
    const child = this.#child as Child;
    await this.#tradeUntil(child, async () => {
      await new Promise((wake) => setTimeout(wake, this.#roll(killMsMax)));
      this.#kill(child);
      await child.ended;
    });
    this.#kills += 1;
    this.#faults.push(...this.#told.faults(this.#journal));
    await this.#startMatcher();
  }

  /** Waits until everything is proven, stops in order, and compares L1 with what the journal leads to. */
  async finish(): Promise<MatcherSummary> {
    const child = this.#child as Child;
    await this.#tradeUntil(child, () => new Promise((wake) => setTimeout(wake, 1_000)), { stay: true });
    let restingSinceMs = Number.POSITIVE_INFINITY;
    await this.#until("every step to be proven", SETTLE_LIMIT_MS, async () => {
      const { steps, chain } = await this.#status();
      const { queued, proving, settling } = chain.prover as { queued: number; proving: number; settling: number };
      // The step of the epoch in force is in no batch before something happens in it, or it ends.
      const isResting = queued + proving + settling === 0 && steps.emitted - steps.proven <= 1;
      restingSinceMs = isResting ? Math.min(restingSinceMs, performance.now()) : Number.POSITIVE_INFINITY;
      return performance.now() - restingSinceMs > REST_MS;
    });
    await child.stop();
    const hash = await buildFastPoseidon();
    const { exchange, firstBlock } = this.#deployment;
    const rebuilt = await rebuildState({ provider: this.#provider, chainId: CHAIN_ID, exchange, firstBlock, hash });
    const { sharedState } = rebuilt.progress;
    this.#faults.push(...this.#told.faults(this.#journal));
    const state = this.#replayed();
    const store = new AccountStore(hash);
    store.load(state.ledger.entries());
    if (sharedState.accountRoot !== store.root) this.#faults.push("L1's settled state is not that of the journal");
    if (sharedState.feesPicoUsd !== state.ledger.shared.feesPicoUsd)
      this.#faults.push("L1 has other fees than the journal");
    return { ...this.summary, batches: sharedState.batchNumber };
  }

  async close(): Promise<void> {
    if (this.#child !== undefined) this.#kill(this.#child);
    await this.#child?.ended;
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  async #begin(): Promise<void> {
    mkdirSync(this.#folder, { recursive: true });
    const { child, url } = await startChain(this.#print);
    this.#closers.push(() => child.stop());
    this.#provider = await connectL1(url, CHAIN_ID);
    this.#closers.push(() => this.#provider.destroy());
    const keys = devnetKeys();
    const tiers = TIERS.filter(({ name }) => name === "small");
    const options = { provider: this.#provider, rpcUrl: url, chainId: CHAIN_ID, keys, tiers };
    this.#deployment = await deployContracts(options);
    writeFileSync(join(this.#folder, "deployment.json"), JSON.stringify(this.#deployment));
    this.#ports = { api: await freePort(), operator: await freePort() };
    await this.#startFeeds();
    await this.#startMatcher();
    const market = DEVNET_MARKETS[0]?.market as Market;
    for (let i = 0; i < TRADERS; i++) {
      const index = FIRST_TRADER_WALLET + i;
      const trader = await DemoTrader.register(
        `Trader ${i}`,
        index,
        this.#provider,
        this.#deployment,
        DEPOSIT_MICRO_USD,
      );
      await trader.wallet.deposit(trader.account, DEPOSIT_MICRO_USD);
      const { account, key } = trader;
      const signing = signingWith(key, domainOf(CHAIN_ID, this.#deployment.exchange));
      this.#clients.push(new CrashClient({ account, signing, market, told: this.#told, roll: this.#roll }));
      await this.#until(`the deposit of account ${account}`, START_LIMIT_MS, async () => {
        const response = await fetch(`${this.#apiUrl}/v1/account/${account}`);
        return response.ok && Number(((await response.json()) as { collateral: string }).collateral) > 0;
      });
    }
  }

  async #startFeeds(): Promise<void> {
    const startSeconds = Math.floor(Date.now() / 1_000);
    for (const [i, role] of ORACLE_ROLES.entries()) {
      const source = new SimulationSource({
        ...{ markets: DEVNET_MARKETS, seed: 5n, startSeconds, noiseSeed: BigInt(i + 1), calm: true },
      });
      const feed = new PriceFeed({
        context: { chainId: CHAIN_ID, oracle: this.#deployment.oracle },
        signer: new Wallet(devnetKeys()[role]),
        source,
        matcherUrl: `http://127.0.0.1:${this.#ports.operator}`,
        periodSeconds: 1,
        maxAgeSeconds: 60,
        onTrouble: () => {},
      });
      this.#closers.push(() => feed.stop());
      await feed.start();
    }
  }

  get #apiUrl(): string {
    return `http://127.0.0.1:${this.#ports.api}`;
  }

  async #status(): Promise<WireStatus> {
    return (await (await fetch(`${this.#apiUrl}/v1/status`)).json()) as WireStatus;
  }

  async #startMatcher(): Promise<void> {
    const child = new Child({
      name: "matcher",
      script: "scripts/crash/matcher-process.ts",
      args: [join(this.#folder, "deployment.json"), this.#journal, `${this.#ports.api}`, `${this.#ports.operator}`],
      env: { NODE_COMPILE_CACHE: join(this.#folder, "compiled") },
      graceMs: 30_000,
      onLine: (line) => this.#print(line),
      onMessage: (message) => {
        if (Array.isArray(message.provers)) for (const id of message.provers) this.#provers.add(Number(id));
        if (message.type === "notice") this.#print(String(message.sentence));
        if (message.type === "batch") this.#print(`batch ${message.batchNumber} ${message.state}`);
        if (message.type === "halted") this.#faults.push(`settlement has stopped: ${message.report}`);
      },
    });
    this.#child = child;
    await child.message("ready");
  }

  #kill(child: Child): void {
    child.kill();
    for (const id of this.#provers) {
      try {
        process.kill(-id, "SIGKILL");
      } catch {
        // It is gone with its parent.
      }
    }
    this.#provers.clear();
  }

  async #tradeUntil(child: Child, end: () => Promise<unknown>, { stay = false } = {}): Promise<void> {
    await this.#until("an epoch to be in force", START_LIMIT_MS, async () => (await this.#status()).epoch.number > 0);
    const response = await fetch(`${this.#apiUrl}/v1/time`);
    const { epochTimeSeconds } = (await response.json()) as { epochTimeSeconds: number };
    const priceTicks = Number(DEVNET_MARKETS[0]?.seedPriceUsd) * 10;
    const surroundings = { apiUrl: this.#apiUrl, priceTicks, expirySeconds: epochTimeSeconds + 3_600 };
    let isEnded = false;
    const isOver = () => isEnded || !child.alive || child.stopping;
    const trading = Promise.all(this.#clients.map((client) => client.trade(surroundings, isOver)));
    await end();
    isEnded = true;
    await trading;
    if (!stay) await child.ended;
  }

  /** The state that the journal leads to, by a replay of our own. */
  #replayed(): ExchangeState {
    const funding = { schedule: this.#deployment.fundingSchedule, markets: DEVNET_FUNDING_MARKETS };
    const state = new ExchangeState({ rules: DEVNET_BOOK_RULES, feeSchedule: DEVNET_FEE_TIERS, funding });
    for (const record of recordsLeft(this.#journal)) {
      const { command, acceptedAtMs } = journalRecordFromBytes(record);
      if (!state.execute(command, acceptedAtMs).accepted)
        this.#faults.push(`command ${state.commandCount + 1} is refused`);
    }
    return state;
  }

  async #until(what: string, limitMs: number, ask: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + limitMs;
    while (!(await ask().catch(() => false))) {
      if (performance.now() > deadline) throw new Error(`Waited too long for ${what}. ${this.#faults.join(" ")}`);
      await new Promise((wake) => setTimeout(wake, 100));
    }
  }
}
