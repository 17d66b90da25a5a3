import { expect } from "chai";
import type { L1Event } from "../../matcher/chain/l1-event.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { dataLayout, HEADER, QUEUE_ENTRY_WORDS, WIDTH } from "../../matcher/protocol/spec.ts";
import { publishedLiquidations } from "../../matcher/rebuild/published-words.ts";
import { Rebuild, type RebuiltBatch } from "../../matcher/rebuild/rebuild.ts";
import { RebuildRefused } from "../../matcher/rebuild/rebuild-refused.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { NOWHERE, PublishedEvents } from "../fixtures/published-events.ts";
import { BTC, CHAIN_ID, ETH, EXCHANGE, keyOf } from "../sequencer/exchange-fixture.ts";
import { COIN, LiquidationWorld } from "../sequencer/liquidation-fixture.ts";
import { checkedBatches } from "../sequencer/request-checks.ts";

const ETH_TICK_USD = 0.01;

const silent = (epoch: OpenedEpoch): OpenedEpoch => ({
  ...epoch,
  markets: epoch.markets.map((terms, market) => (market === BTC ? { ...terms, restricted: true } : terms)),
});

describe("a rebuild of batches that serve requests", () => {
  let hash: Poseidon;
  before(async () => {
    hash = await buildFastPoseidon();
  });

  interface Told {
    readonly traces: readonly BatchTrace[];
    /** Events of each batch. */
    readonly events: readonly (readonly L1Event[])[];
  }

  function toldOf(world: LiquidationWorld): Told {
    const traces = checkedBatches(world, hash);
    const published = new PublishedEvents();
    return { traces, events: traces.map((trace) => published.of(trace)) };
  }

  /** @throws RebuildRefused */
  function rebuilt(events: readonly (readonly L1Event[])[]): { rebuild: Rebuild; batches: RebuiltBatch[] } {
    const rebuild = new Rebuild({ chainId: CHAIN_ID, exchange: EXCHANGE, hash });
    const batches = events.flat().flatMap((event) => rebuild.take(event, NOWHERE) ?? []);
    return { rebuild, batches };
  }

  /** Compares every leaf with the ledger's, and what was paid. */
  function checkSame(world: LiquidationWorld, { traces, events }: Told): Rebuild {
    const { rebuild, batches } = rebuilt(events);
    expect(batches.map(({ accounts }) => accounts)).to.deep.equal(
      traces.map(({ accounts }) => accounts.map(({ account }) => account)),
    );
    const last = new Map(traces.flatMap(({ accounts }) => accounts.map(({ account, after }) => [account, after])));
    for (const [account, leaf] of last) expect(rebuild.accounts.leaf(account)).to.deep.equal(leaf);
    const { depositedMicroUsd, withdrawnMicroUsd } = world.state.ledger.shared;
    expect(rebuild.progress.depositedMicroUsd).to.equal(depositedMicroUsd);
    expect(rebuild.progress.withdrawnMicroUsd).to.equal(withdrawnMicroUsd);
    for (const [i, { tier, liquidations }] of traces.entries()) {
      const { words } = batches[i] as RebuiltBatch;
      expect(
        publishedLiquidations(tier, words).map(({ kind, account, counterparty }) => [kind, account, counterparty]),
      ).to.deep.equal(liquidations.map(({ kind, account, counterparty }) => [kind, account, counterparty]));
    }
    return rebuild;
  }

  const outcomesOf = ({ traces }: Told): string[] =>
    traces.flatMap(({ request }) => (request === undefined ? [] : [`${request.entry.kind} ${request.outcome}`]));

  /** Leaves in two markets over three batches; the first two leave the entry at the head. */
  function exit(): { world: LiquidationWorld; told: Told } {
    const world = new LiquidationWorld([20_000, 20_000, 20_000]);
    world.trade(1, 2, COIN / 10);
    world.trade(3, 1, 20_000, 3_000, ETH, ETH_TICK_USD);
    world.rest(2, "sell", 5_000, 0, { market: ETH, limitPriceTicks: 300_100 });
    world.ask("forcedExit", 1, { minSequence: 9 });
    return { world, told: toldOf(world) };
  }

  it("follows a forced exit over several batches to its payment, and consumes it once", () => {
    const { world, told } = exit();
    expect(outcomesOf(told)).to.deep.equal(["forcedExit advanced", "forcedExit advanced", "forcedExit done"]);
    const rebuild = checkSame(world, told);
    expect(rebuild.accounts.record(1)?.minSequence).to.equal(9);
    expect(rebuild.progress.waiting).to.deep.equal([]);
    // After the first of the three the entry still waits.
    const first = told.traces.findIndex(({ request }) => request !== undefined);
    const half = rebuilt(told.events.slice(0, first + 1)).rebuild.progress;
    expect(half.waiting.map(({ entry }) => entry.kind)).to.deep.equal(["forcedExit"]);
    expect(half.queueLength).to.equal(half.sharedState.queueCursor + 1);
  });

  it("has the new key of a rotation, and the new minimum of a cancel-all", () => {
    const world = new LiquidationWorld([10_000, 10_000]);
    world.trade(1, 2, COIN / 100);
    const { ax, ay } = keyOf(77);
    world.ask("keyRotation", 1, { minSequence: 2, ax, ay });
    world.ask("cancelAll", 2, { minSequence: 3 });
    world.trade(2, 1, COIN / 200);
    const told = toldOf(world);
    const { accounts } = checkSame(world, told);
    expect(accounts.record(1)).to.include({ ax, ay, minSequence: 2 });
    expect(accounts.record(2)).to.include({ ...world.state.keyOf(2), minSequence: 3 });
  });

  it("changes nothing but the minimum where a request is inapplicable or has nothing to do", () => {
    const world = new LiquidationWorld([10_000, 10_000]);
    world.trade(1, 2, COIN / 100);
    world.ask("liquidationRequest", 2);
    world.epoch({}, silent);
    world.ask("forcedExit", 1, { minSequence: 5 });
    const told = toldOf(world);
    expect(outcomesOf(told)).to.deep.equal(["liquidationRequest done", "forcedExit inapplicable"]);
    const { accounts } = checkSame(world, told);
    expect(accounts.record(1)?.minSequence).to.equal(5);
    expect(accounts.record(1)?.sizesLots[BTC]).not.to.equal(0n);
  });

  it("refuses another outcome, another key, a payment that is not there, and a request that nobody made", () => {
    const { told } = exit();
    const refusalOf = (batch: number, change: (words: bigint[]) => void): string => {
      const events = told.events.slice(0, batch + 1).map((list) => [...list]);
      const list = events[batch] as L1Event[];
      const data = list.pop() as Extract<L1Event, { type: "data" }>;
      const words = [...data.words];
      change(words);
      try {
        rebuilt([...events, [{ ...data, words }]]);
        return "nothing";
      } catch (error) {
        if (error instanceof RebuildRefused) return error.message;
        throw error;
      }
    };
    const served = told.traces.flatMap(({ request }, i) => (request === undefined ? [] : [i]));
    const [advanced, , done] = served as [number, number, number];
    const outcomeBit = 1n << BigInt(WIDTH.queueCursor + WIDTH.queueCount);
    const { tier } = told.traces[done] as BatchTrace;
    const layout = dataLayout(tier);
    // done = 1, inapplicable = 2, advanced = 3: each consumes the entry, or not, and the state behind it is another.
    expect(refusalOf(advanced, (words) => (words[HEADER.queueCursor]! -= 2n * outcomeBit))).to.match(
      /queue cursor|hash of the state/,
    );
    expect(refusalOf(done, (words) => (words[HEADER.queueCursor]! += 2n * outcomeBit))).to.match(
      /queue cursor|hash of the state/,
    );
    expect(refusalOf(done, (words) => (words[HEADER.queueCursor]! -= outcomeBit))).to.match(/word \d+ \(request\)/);
    expect(refusalOf(advanced - 1, (words) => (words[HEADER.queueCursor]! += outcomeBit))).to.match(
      /of the L1 queue, and/,
    );
    for (let i = 0; i < QUEUE_ENTRY_WORDS; i++) {
      expect(refusalOf(done, (words) => (words[layout.request + i]! ^= 1n))).to.match(/\(request/);
    }
    expect(refusalOf(done, (words) => (words[layout.exitPayout]! ^= 1n))).to.contain(
      "payments, and the contract credited others",
    );
    expect(refusalOf(done, (words) => (words[layout.exitPayout] = 0n))).to.contain(
      "payments, and the contract credited others",
    );
  });
});
