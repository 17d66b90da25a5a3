import { type JsonRpcProvider, Wallet } from "ethers";
import type { Deployment } from "../../matcher/chain/deployment.ts";
import { connectL1 } from "../../matcher/chain/provider.ts";
import { Matcher, type MatcherOptions } from "../../matcher/matcher.ts";
import { PriceFeed } from "../../matcher/oracle/price-feed.ts";
import { SimulationSource } from "../../matcher/oracle/simulation-source.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { DEPLOYED_TIERS } from "../building/tier-circuits.ts";
import { deployContracts } from "../devnet/deploy-contracts.ts";
import { type DevnetKeys, devnetKeys, ORACLE_ROLES } from "../devnet/wallets.ts";
import { Child } from "../supervisor/child.ts";

const CHAIN_ID = 31337;

/** A whole devnet for one story: chain in a process of its own, matcher in ours, price feed beside it. */
export interface World {
  readonly provider: JsonRpcProvider;
  readonly deployment: Deployment;
  readonly keys: DevnetKeys;
  readonly matcher: Matcher;
  /** Why settlement stopped, if it did. */
  readonly haltReport: () => string | undefined;
  /** Moves a market's simulated price at once, parts per million. */
  readonly shock: (market: number, movePpm: number) => void;
  readonly close: () => Promise<void>;
}

export interface WorldOptions {
  readonly circuitsDir: string;
  readonly seed: bigint;
  /** Prices move by shocks only. */
  readonly calm?: boolean;
  readonly print: (line: string) => void;
  readonly matcher?: Partial<MatcherOptions>;
}

/** A chain on a free port. Whoever starts it stops it. */
export async function startChain(print: (line: string) => void): Promise<{ child: Child; url: string }> {
  const child = new Child({
    name: "chain",
    script: "scripts/chain.ts",
    args: ["--rpc-port", "0"],
    onLine: (line, stream) => {
      if (stream === "stderr") print(line);
    },
  });
  try {
    const { url } = await child.message("ready");
    return { child, url: String(url) };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

export async function startWorld(options: WorldOptions): Promise<World> {
  const closers: (() => Promise<unknown> | unknown)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const { child, url } = await startChain(options.print);
    closers.push(() => child.stop());
    const provider = await connectL1(url, CHAIN_ID);
    closers.push(() => provider.destroy());
    const keys = devnetKeys();
    const tiers = options.matcher?.tiers ?? DEPLOYED_TIERS;
    const deployment = await deployContracts({ provider, rpcUrl: url, chainId: CHAIN_ID, keys, tiers });
    let haltReport: string | undefined;
    const matcher = await Matcher.start({
      deployment,
      operatorKey: keys.operator,
      receiptsKey: keys.receipts,
      circuitsDir: options.circuitsDir,
      tiers,
      port: 0,
      operatorPort: 0,
      confirmations: 1,
      provers: 1,
      // The story waits for proofs, whatever else the machine does.
      proverNiceness: 0,
      cutAfterMs: 1_500,
      growFromQueued: 3,
      cadence: { leastMs: 10_000, idleMs: 60_000, aheadMax: 3, silentMs: 30_000, moveBoundPpm: 5_000 },
      onNotice: options.print,
      onHalt: (report) => {
        haltReport = report;
      },
      ...options.matcher,
    });
    closers.push(() => matcher.stop());
    const startSeconds = Math.floor(Date.now() / 1_000);
    const sources = ORACLE_ROLES.map((role, i) => {
      const noiseSeed = BigInt(i + 1);
      const { seed, calm = false } = options;
      const source = new SimulationSource({ markets: DEVNET_MARKETS, seed, startSeconds, noiseSeed, calm });
      return { source, signer: new Wallet(keys[role]) };
    });
    for (const { source, signer } of sources) {
      const feed = new PriceFeed({
        context: { chainId: CHAIN_ID, oracle: deployment.oracle },
        signer,
        source,
        matcherUrl: matcher.operatorUrl,
        periodSeconds: 1,
        maxAgeSeconds: 60,
        onTrouble: options.print,
      });
      closers.push(() => feed.stop());
      await feed.start();
    }
    const shock = (market: number, movePpm: number) => {
      for (const { source } of sources) source.shock(market, movePpm);
    };
    return { provider, deployment, keys, matcher, haltReport: () => haltReport, shock, close };
  } catch (error) {
    await close();
    throw error;
  }
}
