import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JsonRpcProvider, Wallet } from "ethers";
import type { Deployment } from "../../matcher/chain/deployment.ts";
import type { EpochCadence } from "../../matcher/chain/epoch-cadence.ts";
import { connectL1 } from "../../matcher/chain/provider.ts";
import { Matcher } from "../../matcher/matcher.ts";
import { PriceFeed } from "../../matcher/oracle/price-feed.ts";
import { SimulationSource } from "../../matcher/oracle/simulation-source.ts";
import type { WireStatus } from "../../matcher/protocol/api-wire.ts";
import { parseDecimal } from "../../matcher/protocol/decimal.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import type { Epoch } from "../../matcher/protocol/epoch.ts";
import { TIERS, type Tier } from "../../matcher/protocol/spec.ts";
import type { ClearbookClient } from "../../matcher/sdk/client.ts";
import { ClearbookError } from "../../matcher/sdk/http.ts";
import type { CheckList } from "../demo/check-list.ts";
import { DemoTrader } from "../demo/trader.ts";
import { until } from "../demo/waiting.ts";
import { startChain } from "../demo/world.ts";
import { deployContracts } from "../devnet/deploy-contracts.ts";
import { devnetKeys, FIRST_TRADER_WALLET, ORACLE_ROLES } from "../devnet/wallets.ts";
import { freePort } from "../supervisor/ports.ts";
import { Council, councilAddress, holderAddresses } from "./council.ts";
import { REHEARSAL_PRICE_BOUNDS, REHEARSAL_PROFILE } from "./rehearsal-profile.ts";

const CHAIN_ID = 31337;
/** The smallest batches that are deployed. */
export const REHEARSED_TIER = smallTier();
const MINTED_MICRO_USD = 100_000_000_000n;
/** Rich ones that no role has. */
const TRADER_WALLETS = [FIRST_TRADER_WALLET, FIRST_TRADER_WALLET + 1, FIRST_TRADER_WALLET - 1];
const L1_LIMIT_MS = 60_000;
/** Epochs follow what happens, whether or not anything is proven meanwhile. */
export const PROMPT_EPOCHS: EpochCadence = {
  leastMs: 1_000,
  idleMs: 2_000,
  aheadMax: 1_000,
  silentMs: 2_500,
  moveBoundPpm: 5_000,
};
/** Epochs leave the prover time to follow. */
export const PROVEN_EPOCHS: EpochCadence = {
  leastMs: 8_000,
  idleMs: 60_000,
  aheadMax: 2,
  silentMs: 30_000,
  moveBoundPpm: 5_000,
};

/** Somebody with a wallet and a session. */
export interface Participant {
  readonly trader: DemoTrader;
  readonly client: ClearbookClient;
}

export interface RehearsalOptions {
  /** Folder with a folder per tier. */
  readonly circuitsDir: string;
  readonly cadence: EpochCadence;
}

/** An exchange of its own for one emergency: chain in a process, matcher with its prover, three signers of prices, a council. */
export class Rehearsal {
  readonly list: CheckList;
  readonly provider: JsonRpcProvider;
  readonly deployment: Deployment;
  readonly council: Council;
  matcher!: Matcher;
  haltReport: string | undefined;
  readonly #circuitsDir: string;
  readonly #cadence: EpochCadence;
  readonly #operatorPort: number;
  readonly #journal = mkdtempSync(join(tmpdir(), "clearbook-drill-"));
  readonly #closers: (() => Promise<unknown> | unknown)[];
  readonly #sources: readonly SimulationSource[];
  readonly #feeds = new Map<number, PriceFeed>();
  #participants = 0;

  private constructor(
    list: CheckList,
    provider: JsonRpcProvider,
    deployment: Deployment,
    { circuitsDir, cadence }: RehearsalOptions,
    operatorPort: number,
    closers: (() => Promise<unknown> | unknown)[],
  ) {
    this.list = list;
    this.provider = provider;
    this.deployment = deployment;
    this.council = new Council(provider, deployment);
    this.#circuitsDir = circuitsDir;
    this.#cadence = cadence;
    this.#operatorPort = operatorPort;
    this.#closers = closers;
    const startSeconds = Math.floor(Date.now() / 1_000);
    this.#sources = ORACLE_ROLES.map((_, i) => {
      return new SimulationSource({
        markets: DEVNET_MARKETS,
        seed: 1n,
        startSeconds,
        noiseSeed: BigInt(i + 1),
        calm: true,
      });
    });
  }

  static async start(list: CheckList, options: RehearsalOptions): Promise<Rehearsal> {
    const closers: (() => Promise<unknown> | unknown)[] = [];
    const { child, url } = await startChain((line) => list.note(line));
    closers.push(() => child.stop());
    try {
      const provider = await connectL1(url, CHAIN_ID);
      closers.push(() => provider.destroy());
      const deployment = await deployContracts({
        ...{ provider, rpcUrl: url, chainId: CHAIN_ID, keys: devnetKeys(), tiers: [REHEARSED_TIER] },
        priceBounds: REHEARSAL_PRICE_BOUNDS,
        governance: { profile: REHEARSAL_PROFILE, holders: holderAddresses(), council: councilAddress() },
      });
      const rehearsal = new Rehearsal(list, provider, deployment, options, await freePort(), closers);
      await rehearsal.startMatcher();
      for (const signer of ORACLE_ROLES.keys()) await rehearsal.startFeed(signer);
      return rehearsal;
    } catch (error) {
      for (const closer of closers.reverse()) await closer();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const signer of this.#feeds.keys()) this.stopFeed(signer);
    await this.matcher?.stop();
    for (const closer of this.#closers.splice(0).reverse()) await closer();
    rmSync(this.#journal, { recursive: true, force: true });
  }

  // ── Parts that fail and come back ────────────────────────────────────────────────────────────────────────────────

  /** On the journal that an earlier life left, if there was one. */
  async startMatcher(): Promise<void> {
    const keys = devnetKeys();
    this.haltReport = undefined;
    this.matcher = await Matcher.start({
      deployment: this.deployment,
      operatorKey: keys.operator,
      receiptsKey: keys.receipts,
      circuitsDir: this.#circuitsDir,
      tiers: [REHEARSED_TIER],
      port: 0,
      operatorPort: this.#operatorPort,
      confirmations: 1,
      provers: 1,
      // A rehearsal waits for proofs, whatever else the machine does.
      proverNiceness: 0,
      cutAfterMs: 1_500,
      growFromQueued: 3,
      cadence: this.#cadence,
      journalPath: this.#journal,
      pollMs: 200,
      onHalt: (report) => {
        this.haltReport = report;
      },
    });
  }

  /** A signer's feed begins to report. @param key another than the signer's own, once governance has named it */
  async startFeed(signer: number, key?: string): Promise<void> {
    const role = ORACLE_ROLES[signer];
    const source = this.#sources[signer];
    if (role === undefined || source === undefined) throw new RangeError(`no signer ${signer}`);
    const feed = new PriceFeed({
      context: { chainId: CHAIN_ID, oracle: this.deployment.oracle },
      signer: new Wallet(key ?? devnetKeys()[role]),
      source,
      matcherUrl: `http://127.0.0.1:${this.#operatorPort}`,
      periodSeconds: 1,
      maxAgeSeconds: 60,
    });
    this.#feeds.set(signer, feed);
    await feed.start();
  }

  stopFeed(signer: number): void {
    this.#feeds.get(signer)?.stop();
  }

  /** Moves a market's price at every source at once, parts per million. */
  shock(market: number, movePpm: number): void {
    for (const source of this.#sources) source.shock(market, movePpm);
  }

  /** The chain's clock goes ahead, as if nobody had done anything for so long. */
  async passTime(seconds: number): Promise<void> {
    await this.provider.send("evm_increaseTime", [`0x${seconds.toString(16)}`]);
    await this.provider.send("evm_mine", []);
  }

  // ── Those who trade ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Registers, deposits and waits until the matcher has it. */
  async participant(name: string, depositMicroUsd: bigint): Promise<Participant> {
    const wallet = TRADER_WALLETS[this.#participants++];
    if (wallet === undefined) throw new RangeError("too many participants");
    const trader = await DemoTrader.register(name, wallet, this.provider, this.deployment, MINTED_MICRO_USD);
    await trader.wallet.deposit(trader.account, depositMicroUsd);
    const client = await this.until(`${name}'s deposit`, async () => {
      try {
        const connected = await this.connect(trader);
        const { collateral } = await connected.state();
        return parseDecimal(collateral, 6, "collateral") === depositMicroUsd ? connected : undefined;
      } catch (error) {
        if (error instanceof ClearbookError && error.code === "UNKNOWN_ACCOUNT") return undefined;
        throw error;
      }
    });
    return { trader, client };
  }

  /** A session with the matcher that runs now. */
  connect(trader: DemoTrader): Promise<ClearbookClient> {
    return trader.connect(this.matcher.url, this.deployment);
  }

  // ── What can be seen ─────────────────────────────────────────────────────────────────────────────────────────────

  async status(): Promise<WireStatus> {
    return (await (await fetch(`${this.matcher.url}/v1/status`)).json()) as WireStatus;
  }

  until<T>(
    what: string,
    ask: () => Promise<T | undefined> | T | undefined,
    limitMs: number = L1_LIMIT_MS,
    mayHalt = false,
  ): Promise<T> {
    return until(what, limitMs, ask, mayHalt ? undefined : () => this.haltReport);
  }

  /** Waits for an epoch in force that is as wished. */
  epoch(what: string, isWished: (terms: Epoch) => boolean): Promise<Epoch> {
    return this.until(what, () => {
      const terms = this.matcher.sequencer.state.ledger.shared.epoch;
      return terms !== undefined && isWished(terms) ? terms : undefined;
    });
  }
}

function smallTier(): Tier {
  const found = TIERS.find(({ name }) => name === "small");
  if (found === undefined) throw new RangeError("there is no small tier");
  return found;
}

/** Code that an order or another wish is refused with, or "accepted". */
export async function codeOf(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => "accepted",
    (error: unknown) => {
      if (error instanceof ClearbookError) return error.code;
      throw error;
    },
  );
}
