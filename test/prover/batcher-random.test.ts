import { expect } from "chai";
import fc from "fast-check";
import { messageHash } from "../../matcher/protocol/message-hash.ts";
import { consumedEntries } from "../../matcher/protocol/queue-chain.ts";
import { verify } from "../../matcher/protocol/signature.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { type Tier, tierById } from "../../matcher/protocol/spec.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import type { ClosedBatch } from "../../matcher/prover/closed-batches.ts";
import { AccountStore } from "../../matcher/state/account-store.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { audit } from "../../matcher/state/ledger-audit.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { checkSuccession, checkTrace } from "../fixtures/check-trace.ts";
import { PublishedLeaves } from "../fixtures/published-leaves.ts";
import { RandomMarket, randomTraces, TEST_DOMAIN } from "../fixtures/random-market.ts";
import { traceFeatures } from "../fixtures/trace-features.ts";
import { Xorshift } from "../fixtures/xorshift.ts";

const TEST = [tierById(0)];
const REAL = [tierById(1), tierById(2)];
/** Random markets per property; more when a longer search is wanted. */
const RUNS = Number(process.env.CLEARBOOK_RANDOM_RUNS ?? 6);

describe("batcher: random markets", () => {
  let hash: Poseidon;
  before(async () => {
    hash = await buildFastPoseidon();
  });

  const choices = fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 60, maxLength: 120, size: "max" });

  /** Runs commands on a seeded market, checking every batch, and compares the batcher with the ledger in the end. */
  function runChecked(seed: number, commands: readonly number[], tiers: readonly Tier[]): BatchTrace[] {
    const market = new RandomMarket({ seed, hash, tiers, sign: false });
    const traces = [...commands.flatMap((choice) => market.act(choice)), ...market.cut()];
    let previous: BatchTrace | undefined;
    const published = new PublishedLeaves();
    for (const trace of traces) {
      checkTrace(trace, hash);
      checkSuccession(previous, trace);
      published.take(trace);
      previous = trace;
    }
    expect(audit(market.ledger)).to.deep.equal([]);
    const rebuilt = new AccountStore(hash);
    rebuilt.load(market.ledger.entries());
    expect(market.batcher.root).to.equal(rebuilt.root);
    if (previous !== undefined) {
      expect(previous.newRoot).to.equal(rebuilt.root);
      expect(previous.grossOpenInterestAfterLots).to.deep.equal(market.ledger.shared.grossOpenInterestLots);
      const consumed = consumedEntries(previous.queue, previous.request).length;
      expect(previous.queueCursor + consumed).to.equal(market.ledger.shared.queueCursor);
    }
    if (previous?.epoch.number === market.ledger.shared.epoch?.number) {
      expect(previous?.insuranceSpentAfterPicoUsd).to.equal(market.ledger.shared.insuranceSpentPicoUsd);
    }
    const fees = traces.flatMap(({ rows }) => rows).reduce((sum, { feePicoUsd }) => sum + feePicoUsd, 0n);
    expect(fees).to.equal(market.ledger.shared.feesPicoUsd);
    return traces;
  }

  for (const [name, tiers] of [
    ["the test tier", TEST],
    ["the real tiers", REAL],
  ] as const) {
    it(`make only batches that the protocol's rules accept, on ${name}`, () => {
      fc.assert(
        fc.property(fc.nat(), choices, (seed, commands) => {
          runChecked(seed, commands, tiers);
        }),
        { numRuns: RUNS, seed: 20_260_101 },
      );
    });
  }

  it("give the same batches from the same commands, and another root from others", () => {
    const root = (seed: number) => {
      const market = new RandomMarket({ seed, hash, tiers: REAL, sign: false });
      for (let i = 0; i < 80; i++) market.act();
      market.cut();
      const replay = new Batcher({ hash, domain: TEST_DOMAIN, tiers: TEST });
      for (const step of market.steps) replay.push(step);
      replay.cut();
      // However the steps are cut into batches, they lead to the same state.
      expect(replay.root).to.equal(market.batcher.root);
      return market.batcher.root;
    };
    const first = root(4);
    expect(root(4)).to.equal(first);
    expect(root(5)).not.to.equal(first);
  });

  it("give the same batches whenever they are hashed", () => {
    fc.assert(
      fc.property(fc.nat(), choices, fc.nat(), (seed, commands, delaySeed) => {
        const market = new RandomMarket({ seed, hash, tiers: REAL, sign: false });
        const cutAfter = new Set<number>();
        const cut = market.cut.bind(market);
        market.cut = () => {
          cutAfter.add(market.steps.length);
          return cut();
        };
        const expected = [...commands.flatMap((choice) => market.act(choice)), ...market.cut()];
        const batcher = new Batcher({ hash, domain: TEST_DOMAIN, tiers: REAL });
        const cuts: ClosedBatch[] = [];
        const random = new Xorshift(delaySeed);
        // Some batches are hashed in part or in whole while others are filled above them.
        const hashing: Generator<void, void>[] = [];
        const take = (closed: ClosedBatch | undefined) => {
          if (closed === undefined) return;
          cuts.push(closed);
          hashing.push(closed.hash());
        };
        for (const [i, step] of market.steps.entries()) {
          take(batcher.take(step, BigInt(i + 1)));
          if (cutAfter.has(i + 1)) take(batcher.close());
          for (let n = random.below(6); n > 0; n--) hashing[random.below(hashing.length + 1)]?.next();
        }
        const order = random.below(2) === 0 ? cuts : cuts.toReversed();
        for (const closed of order) expect(closed.trace.batchNumber).to.equal(closed.head.batchNumber);
        expect(cuts.map(({ trace }) => trace)).to.deep.equal(expected);
        expect(batcher.root).to.equal(market.batcher.root);
      }),
      { numRuns: RUNS, seed: 20_260_102 },
    );
  });

  it("carry real signatures", () => {
    const keys = new Map<number, { ax: bigint; ay: bigint }>();
    let signed = 0;
    for (const trace of randomTraces({ seed: 2, hash, tiers: TEST })) {
      for (const { account, after } of trace.accounts) keys.set(account, after);
      for (const { message } of trace.rows) {
        const { ax, ay } = keys.get(message.account) as { ax: bigint; ay: bigint };
        expect(verify({ ax, ay }, messageHash(message, TEST_DOMAIN), message.signature)).to.equal(true);
        signed++;
      }
      if (signed >= 25) break;
    }
  });

  it("meet every corner that a circuit can be wrong about", () => {
    const seen = new Map<string, number>();
    for (const [seed, tiers] of [
      [0, TEST],
      [1, TEST],
      [2, REAL],
      [3, TEST],
      [6, REAL],
      [11, TEST],
      [22, REAL],
      [20, REAL],
      [31, REAL],
      [54, REAL],
    ] as const) {
      const market = new RandomMarket({ seed, hash, tiers, sign: false });
      for (let i = 0; i < 500; i++) {
        for (const trace of market.act()) {
          for (const feature of traceFeatures(trace)) seen.set(feature, (seen.get(feature) ?? 0) + 1);
        }
      }
    }
    const wanted = [
      "empty batch",
      "new account",
      "new account trades",
      "deposit",
      "insurance deposit",
      "deposit and rows of one account",
      "withdrawal",
      "all free collateral withdrawn",
      "cancel",
      "cancel of a filling order",
      "cancelAll",
      "order",
      "row of several fills",
      "slot taken over",
      "filled kept",
      "order completely filled",
      "rebate",
      "zero fee",
      "largest fee maximum",
      "two rows on one slot",
      "short position",
      "position closed",
      "position flipped",
      "negative collateral",
      "negative value",
      "less safe but not below S₀",
      "funding settled",
      "open interest above its cap",
      "last leaf",
      "last slot",
      "expiry at the epoch's time",
      "touch",
      "retired position",
      "reduction in a restricted market",
      "position above its cap",
      "liquidation",
      "liquidation beside other rows",
      "liquidation of several fills",
      "liquidation at the fee's cap",
      "liquidation at the bankruptcy quote",
      "liquidation with a payout",
      "deposit and liquidation of one account",
      "insurance cap reached",
      "deleveraging",
      "deleveraging that the fund covers",
      "deleveraging that the fund covers in part",
      "deleveraging at the counterparty's cost",
      "exitFill",
      "forcedClose",
      "exit that pays",
      "forcedExit done",
      "forcedExit inapplicable",
      "forcedExit advanced",
      "liquidationRequest done",
      "liquidationRequest inapplicable",
      "liquidationRequest advanced",
      "keyRotation done",
      "cancelAll done",
    ];
    expect(wanted.filter((feature) => !seen.has(feature))).to.deep.equal([]);
  });
});
