import { expect } from "chai";
import { Result } from "ethers";
import { EXCHANGE } from "../../matcher/chain/contract-interfaces.ts";
import { isRevert, revertError } from "../../matcher/chain/revert-reason.ts";
import { usdFromMicroUsd } from "../../matcher/protocol/decimal.ts";
import { TIERS } from "../../matcher/protocol/spec.ts";
import type { BatchProgress } from "../../matcher/prover/batch-progress.ts";
import type { ClearbookClient } from "../../matcher/sdk/client.ts";
import { DemoTrader } from "../../scripts/demo/trader.ts";
import { until } from "../../scripts/demo/waiting.ts";
import { startWorld, type World } from "../../scripts/demo/world.ts";
import { FIRST_TRADER_WALLET } from "../../scripts/devnet/wallets.ts";
import { eventually } from "../chain/test-chain.ts";

const PROOF_LIMIT_MS = 300_000;

/** ethers' frozen results as plain values that can be changed: structs become objects, lists arrays. */
function plain(value: unknown): unknown {
  if (!(value instanceof Result)) return value;
  let fields: Record<string, unknown> = {};
  try {
    fields = value.toObject();
  } catch {
    // Its values have no names: a list.
  }
  const entries = Object.entries(fields);
  if (entries.length === 0 || "_" in fields) return value.toArray().map(plain);
  return Object.fromEntries(entries.map(([name, field]) => [name, plain(field)]));
}

interface Input {
  tier: bigint;
  commitment: bigint;
  bodyWords: bigint[];
  header: { newRoot: bigint; feeDeltaPicoUsd: bigint; journalHead: bigint };
  sharedState: { batchNumber: bigint };
  epoch: { timeSeconds: bigint };
  queueEntries: { head: bigint }[];
  proof: { a: bigint[]; b: bigint[][]; c: bigint[] };
}

describe("A batch with a real proof", function () {
  this.timeout(PROOF_LIMIT_MS + 120_000);
  let world: World;
  const progress: BatchProgress[] = [];
  const stateOf = (state: BatchProgress["state"]) => progress.find((told) => told.state === state);
  let settleCalls: { data: string; blockNumber: number };

  before(async () => {
    world = await startWorld({
      circuitsDir: "build/circuits",
      seed: 3n,
      print: () => {},
      matcher: {
        tiers: TIERS.filter(({ name }) => name === "small"),
        confirmations: 3,
        cadence: { leastMs: 3_600_000, idleMs: 3_600_000, aheadMax: 3, silentMs: 3_600_000, moveBoundPpm: 5_000 },
        onProgress: (told) => progress.push({ ...told }),
      },
    });
  });

  after(() => world?.close());

  it("is settled again when a reorganisation drops its transaction", async () => {
    const { provider, matcher, haltReport } = world;
    const orHalt =
      <T>(ask: () => T | undefined) =>
      () => {
        const report = haltReport();
        if (report !== undefined) throw new Error(report);
        return ask();
      };
    await eventually(
      "a batch being proven",
      orHalt(() => stateOf("proving")),
      60_000,
    );
    // No block may come between: one that the watcher has acted on must not be replaced.
    await provider.send("evm_setIntervalMining", [0]);
    const snapshot = await provider.send("evm_snapshot", []);
    const settled = await eventually(
      "the settlement",
      orHalt(() => stateOf("settled")),
      PROOF_LIMIT_MS,
    );
    const sent = await provider.getTransaction(settled.txHash!);
    settleCalls = { data: sent!.data, blockNumber: settled.blockNumber! };
    await provider.send("evm_revert", [snapshot]);
    await eventually(
      "the resubmission",
      async () => (await provider.getTransactionReceipt(settled.txHash!)) ?? undefined,
    );
    await provider.send("evm_setIntervalMining", [500]);
    const final = await eventually(
      "finality",
      orHalt(() => stateOf("final")),
      30_000,
    );
    expect(final.txHash).to.equal(settled.txHash);
    expect(final.gasUsed).to.be.lessThan(1_000_000);
    const { sequencer } = matcher;
    expect(sequencer.finality.provenThroughStep).to.equal(final.steps.last);
    expect(haltReport()).to.equal(undefined);
  });

  /** Name of the error with which the contract refuses the changed batch, in the state before it was settled; "" for none. */
  async function refusalOf(change: (input: Input) => void, blockTag: number | "latest"): Promise<string> {
    const { provider, deployment } = world;
    const input = plain(EXCHANGE.decodeFunctionData("settleBatches", settleCalls.data)[0][0]) as Input;
    change(input);
    const data = EXCHANGE.encodeFunctionData("settleBatches", [[input]]);
    try {
      await provider.call({ from: deployment.operator, to: deployment.exchange, data, blockTag });
      return "";
    } catch (error) {
      if (!isRevert(error)) throw error;
      return revertError("Settling", error).errorName ?? String(error);
    }
  }

  it("is accepted as it is, and refused with anything else in it", async () => {
    const before = settleCalls.blockNumber - 1;
    expect(await refusalOf(() => {}, before)).to.equal("");
    const changes: [string, (input: Input) => void, string][] = [
      ["new root", (input) => (input.header.newRoot += 1n), "ProofRejected"],
      ["fees", (input) => (input.header.feeDeltaPicoUsd += 1n), "ProofRejected"],
      ["journal head", (input) => (input.header.journalHead += 1n), "ProofRejected"],
      ["a body word", (input) => (input.bodyWords[input.bodyWords.length - 1]! += 1n), "ProofRejected"],
      ["the commitment", (input) => (input.commitment += 1n), "ProofRejected"],
      ["the proof", (input) => input.proof.a.splice(0, 2, 1n, 2n), "ProofRejected"],
      [
        "two points of the proof",
        (input) => ([input.proof.a, input.proof.c] = [input.proof.c, input.proof.a]),
        "ProofRejected",
      ],
      ["no entry of the queue", (input) => (input.queueEntries = []), "ProofRejected"],
      ["another entry", (input) => (input.queueEntries[0]!.head += 1n), "QueueMismatch"],
      ["another time", (input) => (input.epoch.timeSeconds += 1n), "EpochMismatch"],
      ["another number", (input) => (input.sharedState.batchNumber += 1n), "StaleSharedState"],
      ["another tier", (input) => (input.tier = 2n), "WrongBodyLength"],
    ];
    for (const [what, change, expected] of changes) expect(await refusalOf(change, before), what).to.equal(expected);
  });

  it("is refused a second time", async () => {
    expect(await refusalOf(() => {}, "latest")).to.equal("StaleSharedState");
  });

  it("serves a forced exit of an account with a position: all of it is paid to its wallet, and the other side is out as well", async () => {
    const { provider, deployment, matcher, haltReport } = world;
    const soon = <T>(what: string, ask: () => Promise<T | undefined>) => until(what, PROOF_LIMIT_MS, ask, haltReport);
    const mintedMicroUsd = 50_000_000_000n;
    const join = (name: string, wallet: number) =>
      DemoTrader.register(name, FIRST_TRADER_WALLET + wallet, provider, deployment, mintedMicroUsd);
    const [leaver, holder] = [await join("Lena", 0), await join("Hal", 1)];
    for (const { wallet, account } of [leaver, holder]) await wallet.depositWithPermit(account, 40_000_000_000n);
    const clients: ClearbookClient[] = [];
    for (const trader of [leaver, holder]) {
      clients.push(
        await soon("the deposit", async () => {
          const client = await trader.connect(matcher.url, deployment).catch(() => undefined);
          return (await client?.state())?.collateral.startsWith("40000") === true ? client : undefined;
        }),
      );
    }
    const [asLeaver, asHolder] = clients as [ClearbookClient, ClearbookClient];
    const { indexPrice: price } = await asHolder.ticker("BTC-USD");
    if (price === null) throw new Error("no price");
    await asHolder.place({ market: "BTC-USD", side: "sell", price, size: "0.5" });
    await asLeaver.place({ market: "BTC-USD", side: "buy", price, size: "0.5", timeInForce: "IOC" });
    expect((await asLeaver.state()).positions.map(({ size }) => size)).to.deep.equal(["0.5"]);

    const { queueIndex } = await leaver.wallet.requestForcedExit(leaver.account);
    await soon("the exit", async () => ((await leaver.wallet.isServed(queueIndex)) ? true : undefined));
    const [paid] = await asLeaver.withdrawals();
    expect(paid?.nonce).to.equal(null);
    expect((await asHolder.state()).positions).to.deep.equal([]);
    const { collateral, leaving, positions } = await asLeaver.state();
    expect([Number(collateral) < 1e-6, leaving, positions]).to.deep.equal([true, false, []]);
    const forced = (await asLeaver.forcedTrades()).map(({ kind, account }) => `${kind} ${account}`);
    expect(forced).to.deep.equal([`forced-closed ${leaver.account}`]);

    // Never more than the haircut and the fees are lost, and all of it is money.
    const { amountMicroUsd } = await leaver.wallet.claim();
    expect(usdFromMicroUsd(amountMicroUsd)).to.equal(paid?.amount);
    expect(amountMicroUsd > 39_000_000_000n && amountMicroUsd < 40_000_000_000n).to.equal(true);
    expect(await leaver.wallet.balanceMicroUsd()).to.equal(10_000_000_000n + amountMicroUsd);
    expect(haltReport()).to.equal(undefined);
  });
});
