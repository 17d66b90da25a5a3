import { expect } from "chai";
import type { L1Event } from "../../matcher/chain/l1-event.ts";
import { L1Watcher, type WatcherHalt } from "../../matcher/chain/l1-watcher.ts";
import { Point } from "../../matcher/protocol/curve.ts";
import { eventually, startTestChain, type TestChain } from "./test-chain.ts";

const CONFIRMATIONS = 3;

describe("L1Watcher", function () {
  this.timeout(60_000);
  let chain: TestChain;
  let watcher: L1Watcher;
  let events: L1Event[];
  let halts: WatcherHalt[];

  function watch(onEvent: (event: L1Event) => void = (event) => events.push(event)): L1Watcher {
    const { provider, deployment } = chain;
    return new L1Watcher({
      provider,
      exchange: deployment.exchange,
      firstBlock: deployment.firstBlock,
      confirmations: CONFIRMATIONS,
      pollMs: 10,
      onEvent,
      onHalt: (halt) => halts.push(halt),
    });
  }

  async function register(scalar: bigint): Promise<void> {
    const { x, y } = Point.BASE.multiply(scalar).toAffine();
    await (await chain.exchange.getFunction("register")(x, y)).wait();
  }

  const caughtUp = () =>
    eventually("the watcher", async () => {
      const head = await chain.provider.getBlockNumber();
      return watcher.status().cursorBlock === head - CONFIRMATIONS ? true : undefined;
    });

  beforeEach(async () => {
    chain = await startTestChain();
    events = [];
    halts = [];
    watcher = watch();
  });

  afterEach(async () => {
    await watcher.stop();
    await chain.close();
  });

  it("delivers the queue in order, and only what enough blocks stand above", async () => {
    watcher.start();
    await chain.mine(CONFIRMATIONS);
    await register(5n);
    await register(6n);
    await chain.mine(CONFIRMATIONS - 1);
    await caughtUp();
    // The second registration's block has one block too few above it.
    expect(events.map((event) => (event.type === "queue" ? event.cursor : event.type))).to.deep.equal([0, 1]);
    await chain.mine(1);
    await eventually("the second registration", () => events.length === 3 || undefined);
    const last = events[2];
    expect(last?.type === "queue" && last.entry.kind).to.equal("registration");
    expect(last?.type === "queue" && BigInt(last.entry.owner)).to.equal(BigInt(chain.trader.address));
    expect(watcher.status().queueCursor).to.equal(3);
  });

  it("delivers a deposit with its amount and account", async () => {
    await register(5n);
    const { token, exchange, deployment, trader } = chain;
    await (await token.getFunction("mint")(trader.address, 9_000_000n)).wait();
    await (await token.getFunction("approve")(deployment.exchange, 9_000_000n)).wait();
    await (await exchange.getFunction("deposit")(1, 8_765_432n)).wait();
    await chain.mine(CONFIRMATIONS);
    watcher.start();
    const deposit = await eventually("the deposit", () =>
      events.find((event) => event.type === "queue" && event.entry.kind === "deposit"),
    );
    expect(deposit.type === "queue" && deposit.entry).to.deep.equal({
      kind: "deposit",
      account: 1,
      amountMicroUsd: 8_765_432n,
      minSequence: 0,
      owner: 0n,
      ax: 0n,
      ay: 0n,
    });
  });

  it("follows a reorganisation above its cursor without noticing anything but the new chain", async () => {
    await chain.mine(CONFIRMATIONS);
    watcher.start();
    await caughtUp();
    const snapshot = await chain.rpc("evm_snapshot");
    await register(5n);
    await chain.rpc("evm_revert", snapshot);
    await register(6n);
    await chain.mine(CONFIRMATIONS);
    await eventually("the registration", () => events.length === 2 || undefined);
    const { x } = Point.BASE.multiply(48n).toAffine();
    const [, entry] = events;
    expect(entry?.type === "queue" && entry.entry.ax).to.equal(x);
    expect(halts).to.deep.equal([]);
  });

  it("halts with a report when the chain replaces what was delivered", async () => {
    watcher.start();
    await chain.mine(CONFIRMATIONS);
    await caughtUp();
    const snapshot = await chain.rpc("evm_snapshot");
    await register(5n);
    await chain.mine(CONFIRMATIONS);
    await caughtUp();
    const delivered = events.length;
    expect(delivered).to.equal(2);
    await chain.rpc("evm_revert", snapshot);
    await register(6n);
    await chain.mine(2 * CONFIRMATIONS);
    const halt = await eventually("the halt", () => halts[0]);
    expect(halt.reason).to.equal("reorg");
    expect(halt.report).to.match(/replaced block \d+.*raise the confirmations \(now 3\)/s);
    expect(watcher.status().state).to.equal("halted");
    await chain.mine(CONFIRMATIONS);
    await new Promise((wake) => setTimeout(wake, 100));
    expect(events.length, "nothing is delivered after a halt").to.equal(delivered);
    expect(halts).to.have.length(1);
  });

  it("halts when an event is refused, and delivers nothing behind it", async () => {
    watcher = watch((event) => {
      events.push(event);
      throw new Error("the sequencer wants another entry");
    });
    await register(5n);
    await chain.mine(CONFIRMATIONS);
    watcher.start();
    const halt = await eventually("the halt", () => halts[0]);
    expect(halt.reason).to.equal("handler-failed");
    expect(halt.report).to.contain("the sequencer wants another entry");
    expect(events).to.have.length(1);
  });

  it("goes on after the chain did not answer for a while", async () => {
    const { provider } = chain;
    await chain.mine(CONFIRMATIONS);
    const send = provider.send.bind(provider);
    let silent = true;
    provider.send = (method, params) => (silent ? Promise.reject(new Error("no route")) : send(method, params));
    watcher.start();
    await eventually("a failed question", () => watcher.status().lastError);
    silent = false;
    await caughtUp();
    expect(events).to.have.length(1);
    expect(watcher.status().lastError).to.equal(undefined);
  });
});
