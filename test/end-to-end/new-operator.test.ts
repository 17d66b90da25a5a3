import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Contract, Wallet } from "ethers";
import { Matcher } from "../../matcher/matcher.ts";
import { PriceFeed } from "../../matcher/oracle/price-feed.ts";
import { SimulationSource } from "../../matcher/oracle/simulation-source.ts";
import { EXCHANGE_ABI } from "../../matcher/protocol/abi.ts";
import type { WireOrderRequest, WirePlaced } from "../../matcher/protocol/api-wire.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { baseFromLots, usdFromPriceTicks } from "../../matcher/protocol/market.ts";
import type { OrderMessage } from "../../matcher/protocol/message.ts";
import { domainOf } from "../../matcher/protocol/message-hash.ts";
import { sharedStateHash } from "../../matcher/protocol/shared-state.ts";
import { TIERS } from "../../matcher/protocol/spec.ts";
import { rebuildState } from "../../matcher/rebuild/rebuild-state.ts";
import { OrderSigner } from "../../matcher/sdk/order-signer.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { DemoTrader } from "../../scripts/demo/trader.ts";
import { until } from "../../scripts/demo/waiting.ts";
import { startWorld, type World } from "../../scripts/demo/world.ts";
import { devnetKeys, devnetWallet, FIRST_TRADER_WALLET, ORACLE_ROLES } from "../../scripts/devnet/wallets.ts";
import { stateRoot } from "../sequencer/state-digest.ts";
import { ForgingProver } from "./forging-prover.ts";

const LIMIT_MS = 60_000;
const DEPOSIT_MICRO_USD = 50_000_000_000n;
const BTC_TICKS = 650_000;
/** Lots of a BTC. */
const BTC = 100_000;
const [{ market: MARKET }] = DEVNET_MARKETS as [(typeof DEVNET_MARKETS)[0]];

/** What both operators are started with; one batch a trade, and proofs in milliseconds. */
const OPERATED = {
  circuitsDir: "build/circuits",
  tiers: TIERS.filter(({ name }) => name !== "test"),
  confirmations: 1,
  provers: 1,
  cutAfterMs: 200,
  growFromQueued: 3,
  cadence: { leastMs: 2_000, idleMs: 600_000, aheadMax: 3, silentMs: 600_000, moveBoundPpm: 5_000 },
  startProvers: async () => [new ForgingProver()],
};

interface Answer {
  readonly code: string;
  readonly placed: WirePlaced;
}

describe("A new operator, from L1 alone", function () {
  this.timeout(240_000);
  const folder = mkdtempSync(join(tmpdir(), "clearbook-new-operator-"));
  const at = (name: string): string => join(folder, name);
  const newOperator = devnetWallet(18);
  const feeds: PriceFeed[] = [];
  let world: World;
  let next: Matcher | undefined;
  let halted: string | undefined;
  let alice: DemoTrader;
  let bob: DemoTrader;

  before(async () => {
    world = await startWorld({
      ...{ circuitsDir: OPERATED.circuitsDir, seed: 3n, calm: true, print: () => {} },
      matcher: { ...OPERATED, journalPath: at("old") },
    });
  });

  after(async () => {
    for (const feed of feeds) feed.stop();
    await next?.stop();
    await world?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const wait = <T>(what: string, ask: () => Promise<T | undefined> | T | undefined): Promise<T> =>
    until(what, LIMIT_MS, ask, () => (next === undefined ? world.haltReport() : halted));

  /** A signed order of BTC as it goes over the wire; kept by whoever signed it. */
  function signed(trader: DemoTrader, change: Partial<OrderMessage>): WireOrderRequest {
    const message: OrderMessage = {
      ...{ kind: "order", account: trader.account, market: MARKET.index, side: "sell" },
      ...{ keepFilled: false, reduceOnly: false, postOnly: false, timeInForce: "GTT", selfTrade: "expire-maker" },
      ...{ slot: 0, sequence: 64, expirySeconds: Math.floor(Date.now() / 1_000) + 3_600, maxFeePpm: 1_000 },
      ...{ limitPriceTicks: BTC_TICKS, quantityLots: BTC / 2 },
      ...change,
    };
    const { kind: _, market: __, limitPriceTicks, quantityLots, ...fields } = message;
    const { chainId, exchange } = world.deployment;
    return {
      ...fields,
      market: MARKET.symbol,
      price: usdFromPriceTicks(MARKET, limitPriceTicks),
      size: baseFromLots(MARKET, quantityLots),
      signature: new OrderSigner(trader.key, domainOf(chainId, exchange)).sign(message),
    };
  }

  async function send(url: string, body: WireOrderRequest): Promise<Answer> {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${url}/v1/orders`, { method: "POST", headers, body: JSON.stringify(body) });
    const content = (await answer.json()) as WirePlaced & { code: string };
    return { code: answer.ok ? "accepted" : content.code, placed: content };
  }

  /** Waits until everything that was done so far is final on L1. */
  async function settled({ sequencer, pipeline }: Matcher): Promise<void> {
    const step = sequencer.state.stepCount;
    pipeline.cut();
    await wait("settlement", () => (sequencer.finality.provenThroughStep >= step ? true : undefined));
  }

  async function trader(name: string, wallet: number): Promise<DemoTrader> {
    const { provider, deployment, matcher } = world;
    const found = await DemoTrader.register(name, wallet, provider, deployment, DEPOSIT_MICRO_USD);
    await found.wallet.deposit(found.account, DEPOSIT_MICRO_USD);
    const { ledger } = matcher.sequencer.state;
    await wait("the deposit", () =>
      ledger.has(found.account) && ledger.leafOf(found.account).collateralPicoUsd > 0n ? true : undefined,
    );
    return found;
  }

  function command(script: string, ...args: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const place = ["--disable-warning=ExperimentalWarning", script, ...args];
      execFile(process.execPath, place, (error, out, err) => (error === null ? resolve(out) : reject(new Error(err))));
    });
  }

  it("trades with the old one, and leaves open ends", async () => {
    const { matcher } = world;
    alice = await trader("Alice", FIRST_TRADER_WALLET);
    bob = await trader("Bob", FIRST_TRADER_WALLET + 1);
    expect((await send(matcher.url, signed(alice, {}))).code).to.equal("accepted");
    expect((await send(matcher.url, signed(alice, { slot: 1, limitPriceTicks: BTC_TICKS + 5_000 }))).code).to.equal(
      "accepted",
    );
    const bought = await send(matcher.url, signed(bob, { side: "buy", timeInForce: "IOC", quantityLots: BTC / 5 }));
    expect(bought.placed.fills.map(({ size }) => size)).to.deep.equal(["0.2"]);
    const asAlice = await alice.connect(matcher.url, world.deployment);
    await asAlice.cancel({ slot: 1, sequence: 64 }, true);
    await settled(matcher);
    // From here on nothing is settled any more.
    matcher.pipeline.halt("the operator is gone");
    const unproven = await send(
      matcher.url,
      signed(bob, { side: "buy", slot: 2, timeInForce: "IOC", quantityLots: BTC / 10 }),
    );
    expect(unproven.placed.fills.map(({ size }) => size)).to.deep.equal(["0.1"]);
    await matcher.stop();
    rmSync(at("old"), { recursive: true });
  });

  it("is rebuilt, taken over and named", async () => {
    const { provider, deployment } = world;
    const { rpcUrl, exchange } = deployment;
    writeFileSync(at("deployment.json"), JSON.stringify(deployment));
    const output = at("rebuilt.jsonl");
    const said = await command("scripts/rebuild.ts", "--rpc", rpcUrl, "--exchange", exchange, "--output", output);
    expect(said).to.match(/✓ \d+ batches up to block \d+: every account root is the one on L1\./);
    const again = await command("scripts/rebuild.ts", "--rpc", rpcUrl, "--exchange", exchange, "--output", output);
    expect(again).to.contain(`${output} has everything up to block`);
    const owner = new Wallet(devnetKeys().owner, provider);
    await (await new Contract(exchange, EXCHANGE_ABI, owner).getFunction("setOperator")(newOperator.address)).wait();
    const place = ["--deployment", at("deployment.json"), "--rebuild", output];
    const taken = await command("scripts/take-over.ts", at("new"), ...place);
    expect(taken).to.match(/goes on behind batch \d+, with 3 accounts and no order\./);
  });

  it("starts with the accounts, slots and root of L1, and opens epochs", async () => {
    const { provider, deployment } = world;
    next = await Matcher.start({
      ...OPERATED,
      ...{ deployment, operatorKey: newOperator.privateKey, receiptsKey: devnetKeys().receipts },
      ...{ port: 0, operatorPort: 0, journalPath: at("new") },
      onHalt: (report) => {
        halted = report;
      },
    });
    const { state } = next.sequencer;
    const hash = await buildFastPoseidon();
    const { progress } = await rebuildState({ provider, hash, ...deployment });
    expect(stateRoot(state, hash)).to.equal(progress.sharedState.accountRoot);
    expect(state.ledger.slotOf(alice.account, 0)).to.deep.equal({ sequence: 64, filledLots: BTC / 5 });
    const startSeconds = Math.floor(Date.now() / 1_000);
    for (const [i, role] of ORACLE_ROLES.entries()) {
      const noiseSeed = BigInt(i + 1);
      const feed = new PriceFeed({
        context: { chainId: deployment.chainId, oracle: deployment.oracle },
        signer: new Wallet(devnetKeys()[role]),
        source: new SimulationSource({ markets: DEVNET_MARKETS, seed: 3n, startSeconds, noiseSeed, calm: true }),
        ...{ matcherUrl: next.operatorUrl, periodSeconds: 1, maxAgeSeconds: 60 },
      });
      feeds.push(feed);
      await feed.start();
    }
    const opened = progress.epochs.at(-1)?.number as number;
    await wait("an epoch of its own", () => (state.epochNumber > opened ? true : undefined));
  });

  it("fills what is left of an order that the old one had, refuses the cancelled one, and settles", async () => {
    const { provider, deployment } = world;
    const { url, sequencer } = next as Matcher;
    expect((await send(url, signed(alice, { slot: 1, limitPriceTicks: BTC_TICKS + 5_000 }))).code).to.equal(
      "ALREADY_FILLED",
    );
    const rest = await send(url, signed(alice, {}));
    expect(rest.code).to.equal("accepted");
    const bought = await send(url, signed(bob, { side: "buy", slot: 3, timeInForce: "IOC", quantityLots: BTC }));
    expect(bought.placed.fills.map(({ size }) => size)).to.deep.equal(["0.3"]);
    const asAlice = await alice.connect(url, deployment);
    await asAlice.withdraw("1000");
    await settled(next as Matcher);
    expect(halted).to.equal(undefined);
    const hash = await buildFastPoseidon();
    const { progress, accounts } = await rebuildState({ provider, hash, ...deployment });
    const contract = new Contract(deployment.exchange, EXCHANGE_ABI, provider);
    expect(await contract.getFunction("sharedStateHash").staticCall()).to.equal(sharedStateHash(progress.sharedState));
    expect(accounts.slot(alice.account, 0)).to.deep.equal({ sequence: 64, filledLots: BTC / 2 });
    expect(accounts.record(bob.account)?.sizesLots[MARKET.index]).to.equal(BigInt(BTC / 2));
    expect(await contract.getFunction("claimable").staticCall(alice.address)).to.equal(1_000_000_000n);
    expect(sequencer.finality.batchCount).to.equal(progress.sharedState.batchNumber);
  });
});
