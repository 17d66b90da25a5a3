import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Wallet } from "ethers";
import { Keystore } from "../../matcher/ops/keystore.ts";
import { PriceFeed } from "../../matcher/oracle/price-feed.ts";
import { SimulationSource } from "../../matcher/oracle/simulation-source.ts";
import type { WireOrderRequest } from "../../matcher/protocol/api-wire.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { keyPairOf, registrationPointOf } from "../../matcher/protocol/keys.ts";
import { baseFromLots, priceTicksFromUsd, usdFromPriceTicks } from "../../matcher/protocol/market.ts";
import { type OrderMessage, REVISIONS } from "../../matcher/protocol/message.ts";
import { domainOf } from "../../matcher/protocol/message-hash.ts";
import { OnchainWallet } from "../../matcher/sdk/onchain.ts";
import { OrderSigner } from "../../matcher/sdk/order-signer.ts";
import { devnetKeys, ORACLE_ROLES, writeKeys } from "../../scripts/devnet/wallets.ts";
import { CHAIN_ID, eventually, startTestChain, type TestChain } from "../chain/test-chain.ts";

const PASSWORD = "a password of the test";
const TRADING_KEY = keyPairOf(424_242n);
const DEPOSIT_MICRO_USD = 10_000_000_000n;

/** matcher/main.ts as a process beside a chain, with its keys in a keystore and everything that it prints. */
export class RunningMatcher {
  readonly chain: TestChain;
  readonly folder: string;
  /** Everything that must never be seen. */
  readonly secrets: readonly string[];
  url = "";
  operatorUrl = "";
  #process: ChildProcess | undefined;
  #output = "";
  #ended: Promise<number | null> = Promise.resolve(null);
  readonly #feeds: PriceFeed[] = [];
  #orders = 0;

  private constructor(chain: TestChain) {
    this.chain = chain;
    this.folder = mkdtempSync(join(tmpdir(), "clearbook-ops-"));
    const keys = devnetKeys();
    this.secrets = [keys.operator, keys.receipts].map((key) => key.slice(2));
    writeFileSync(this.at("deployment.json"), JSON.stringify(chain.deployment));
    writeFileSync(this.at("password"), PASSWORD, { mode: 0o600 });
    writeKeys(this.at("keys.json"), keys);
    const keystore = new Keystore({ folder: this.at("keystore"), allowOpen: false, scryptN: 1_024 });
    keystore.create("operator", PASSWORD, keys.operator);
    keystore.create("receipts", PASSWORD, keys.receipts);
  }

  static async prepare(): Promise<RunningMatcher> {
    return new RunningMatcher(await startTestChain());
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  get processId(): number {
    return this.#process?.pid as number;
  }

  get output(): string {
    return this.#output;
  }

  /** Its log, line by line. */
  get log(): Record<string, unknown>[] {
    const lines = this.#output.split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Starts the process and waits until it listens. @param journal name of a new one */
  async start(journal: string): Promise<void> {
    const files = ["--deployment", this.at("deployment.json"), "--journal", this.at(journal)];
    const keys = ["--keystore", this.at("keystore"), "--keystore-password-file", this.at("password")];
    // One epoch and no batch: what is tested here is not proofs.
    const calm = [
      "--log-level=debug",
      "--confirmations=0",
      "--epoch-ms=3600000",
      "--idle-epoch-ms=3600000",
      "--cut-after-ms=3600000",
      "--tiers=large",
    ];
    const child = spawn(process.execPath, ["--no-warnings", "matcher/main.ts", ...files, ...keys, ...calm], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
    });
    this.#process = child;
    this.#output = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (this.#output += chunk));
    this.#ended = new Promise((resolve) => child.on("close", resolve));
    const ready = new Promise<{ url: string; operatorUrl: string }>((resolve, reject) => {
      child.on("message", (message: { type: string; url: string; operatorUrl: string }) => {
        if (message.type === "ready") resolve(message);
      });
      child.on("close", () => reject(new Error(this.#output)));
    });
    const { url, operatorUrl } = await ready;
    this.url = url;
    this.operatorUrl = operatorUrl;
  }

  /** Feeds of all three signers, until an epoch is in force. */
  async openEpoch(): Promise<void> {
    const startSeconds = Math.floor(Date.now() / 1_000);
    const keys = devnetKeys();
    for (const [i, role] of ORACLE_ROLES.entries()) {
      const noiseSeed = BigInt(i + 1);
      const feed = new PriceFeed({
        context: { chainId: CHAIN_ID, oracle: this.chain.deployment.oracle },
        signer: new Wallet(keys[role]),
        source: new SimulationSource({ markets: DEVNET_MARKETS, seed: 1n, startSeconds, noiseSeed, calm: true }),
        matcherUrl: this.operatorUrl,
        periodSeconds: 1,
        maxAgeSeconds: 60,
      });
      this.#feeds.push(feed);
      await feed.start();
    }
    // A simulated chain's clock is as far behind as its process is old; only the newest rounds wait for it.
    const block = await this.chain.provider.getBlock("latest");
    const behindSeconds = startSeconds - (block?.timestamp ?? startSeconds);
    if (behindSeconds > 0) await this.chain.rpc("evm_increaseTime", behindSeconds);
    // It mines a block per transaction only.
    await eventually("the first epoch", async () => {
      await this.chain.rpc("evm_mine");
      return (await this.get("/ready")).status === 200 ? true : undefined;
    });
  }

  /** A trader with money. @returns the account */
  async registerTrader(): Promise<number> {
    const { trader, deployment } = this.chain;
    const cursor = async () => ((await this.get("/v1/status")).body as { queueCursor: number }).queueCursor;
    const before = await cursor();
    const wallet = new OnchainWallet(trader, deployment);
    const { account } = await wallet.register(registrationPointOf(TRADING_KEY.scalar));
    await wallet.mintTestDollars(DEPOSIT_MICRO_USD);
    await wallet.deposit(account, DEPOSIT_MICRO_USD);
    await this.chain.rpc("evm_mine");
    await eventually("the deposit", async () => ((await cursor()) === before + 2 ? true : undefined));
    return account;
  }

  /** The next signed order, which rests. */
  order(account: number): { sequence: number; slot: number; body: string } {
    const [{ market, seedPriceUsd }] = DEVNET_MARKETS as [(typeof DEVNET_MARKETS)[0]];
    const slot = this.#orders % 200;
    const sequence = ++this.#orders * REVISIONS;
    const message: OrderMessage = {
      kind: "order",
      account,
      market: market.index,
      side: "buy",
      keepFilled: false,
      reduceOnly: false,
      postOnly: false,
      timeInForce: "GTT",
      selfTrade: "expire-maker",
      slot,
      sequence,
      expirySeconds: Math.floor(Date.now() / 1_000) + 3_600,
      maxFeePpm: 1_000,
      limitPriceTicks: Math.floor(priceTicksFromUsd(market, seedPriceUsd) * 0.97),
      quantityLots: 100,
    };
    const { chainId, exchange } = this.chain.deployment;
    const { kind: _, market: __, limitPriceTicks, quantityLots, ...fields } = message;
    const body: WireOrderRequest = {
      ...fields,
      market: market.symbol,
      price: usdFromPriceTicks(market, limitPriceTicks),
      size: baseFromLots(market, quantityLots),
      signature: new OrderSigner(TRADING_KEY, domainOf(chainId, exchange)).sign(message),
    };
    return { sequence, slot, body: JSON.stringify(body) };
  }

  async get(path: string, url = this.url): Promise<{ status: number; text: string; body: unknown }> {
    const answer = await fetch(url + path);
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.includes("json") === true;
    return { status: answer.status, text, body: isJson ? JSON.parse(text) : undefined };
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** @returns the exit code */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  async close(): Promise<void> {
    for (const feed of this.#feeds) feed.stop();
    if (this.#process !== undefined && this.#process.exitCode === null) this.signal("SIGKILL");
    await this.#ended;
    await this.chain.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
