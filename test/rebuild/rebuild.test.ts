import { expect } from "chai";
import type { L1Event } from "../../matcher/chain/l1-event.ts";
import { domainOf } from "../../matcher/protocol/message-hash.ts";
import { unpack } from "../../matcher/protocol/packing.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { dataLayout, HEADER, ROW_KIND, ROW_WORD, type Tier, tierById, WIDTH } from "../../matcher/protocol/spec.ts";
import { checkpointFrom, checkpointLines } from "../../matcher/rebuild/checkpoint.ts";
import { Rebuild } from "../../matcher/rebuild/rebuild.ts";
import { RebuildRefused } from "../../matcher/rebuild/rebuild-refused.ts";
import type { RebuiltState } from "../../matcher/rebuild/rebuild-state.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { NOWHERE, PublishedEvents } from "../fixtures/published-events.ts";
import { RandomMarket } from "../fixtures/random-market.ts";

const PLACE = { chainId: 31337, exchange: "0x5FbDB2315678afecb367f032d93F642f64180aa3" };
/** Of a row's sequence in its word. */
const SEQUENCE_SHIFT = BigInt(WIDTH.rowKind + WIDTH.accountSlot + WIDTH.slot);
const TIERS = [tierById(1), tierById(2)];

describe("a rebuild", function () {
  this.timeout(60_000);
  let hash: Poseidon;
  before(async () => {
    hash = await buildFastPoseidon();
  });

  const marketOf = (seed: number) =>
    new RandomMarket({ seed, hash, tiers: TIERS, sign: false, domain: domainOf(PLACE.chainId, PLACE.exchange) });

  function tracesOf(market: RandomMarket, acts: number): BatchTrace[] {
    const traces = Array.from({ length: acts }, () => market.act()).flat();
    return [...traces, ...market.cut()];
  }

  const stateOf = ({ place, progress, accounts, touched }: Rebuild): RebuiltState => ({
    ...{ place, progress, accounts, touched, lastBatch: null },
    block: { number: 1, hash: NOWHERE.blockHash },
  });

  /** The same state in another rebuild, by way of its text. */
  const copyOf = (rebuild: Rebuild): Rebuild => {
    const text = [...checkpointLines(stateOf(rebuild))].join("");
    const options = { ...PLACE, hash };
    return new Rebuild(options, checkpointFrom(Buffer.from(text), options));
  };

  it("has every account, order slot and total that the operator had", () => {
    const kinds = new Set<string>();
    for (const seed of [2, 3, 5, 11]) {
      const market = marketOf(seed);
      const published = new PublishedEvents();
      const rebuild = new Rebuild({ ...PLACE, hash });
      let unserved: unknown[] = [];
      for (const trace of tracesOf(market, 300)) {
        if (trace.request !== undefined) unserved = trace.request.outcome === "advanced" ? [trace.request.entry] : [];
        for (const { message } of trace.rows) kinds.add(message.kind);
        for (const { kind } of trace.liquidations) kinds.add(kind);
        if (trace.request !== undefined) kinds.add(`${trace.request.entry.kind} ${trace.request.outcome}`);
        const batches = published.of(trace).map((event) => rebuild.take(event, NOWHERE));
        const batch = batches.at(-1);
        expect(batch?.accounts).to.deep.equal(trace.accounts.map(({ account }) => account));
        expect(batch?.sharedState).to.deep.equal(published.state);
        for (const { account, after } of trace.accounts) expect(rebuild.accounts.leaf(account)).to.deep.equal(after);
      }
      rebuild.end();
      const { ledger } = market;
      const slotsOf = ({ account, slots }: { account: number; slots: Iterable<unknown> }) => [account, [...slots]];
      expect(Array.from(rebuild.accounts.entries(), slotsOf)).to.deep.equal(Array.from(ledger.entries(), slotsOf));
      const { progress } = rebuild;
      const { depositedMicroUsd, withdrawnMicroUsd, feesPicoUsd } = ledger.shared;
      expect(progress.depositedMicroUsd).to.equal(depositedMicroUsd);
      expect(progress.withdrawnMicroUsd).to.equal(withdrawnMicroUsd);
      expect(progress.sharedState.feesPicoUsd).to.equal(feesPicoUsd);
      // A request that was only advanced is still at the head.
      expect(progress.waiting.map(({ entry }) => entry)).to.deep.equal(unserved);
    }
    const every = ["order", "cancel", "cancelAll", "withdrawal", "transfer", "liquidation", "deleveraging", "exitFill"];
    expect([...kinds]).to.include.members(every);
  });

  it("is the same after it was written down and read back between any two batches", () => {
    const published = new PublishedEvents();
    const straight = new Rebuild({ ...PLACE, hash });
    let resumed = new Rebuild({ ...PLACE, hash });
    for (const trace of tracesOf(marketOf(3), 120)) {
      for (const event of published.of(trace)) {
        straight.take(event, NOWHERE);
        resumed.take(event, NOWHERE);
      }
      resumed = copyOf(resumed);
      expect(resumed.accounts.root).to.equal(trace.newRoot);
    }
    expect([...checkpointLines(stateOf(resumed))]).to.deep.equal([...checkpointLines(stateOf(straight))]);
  });

  describe("of events that were tampered with", () => {
    interface Moment {
      readonly before: Rebuild;
      readonly events: readonly L1Event[];
      readonly tier: Tier;
      readonly batchNumber: number;
    }
    /** A batch with withdrawals, rows and liquidations, and one that takes entries of the queue. */
    const moments: Moment[] = [];

    before(() => {
      const wanted = [
        ({ rows, liquidations }: BatchTrace) =>
          liquidations.length > 0 && rows.some(({ message }) => message.kind === "order"),
        ({ rows }: BatchTrace) => rows.some(({ message }) => message.kind === "withdrawal"),
        ({ queue, batchNumber }: BatchTrace) => queue.length > 0 && batchNumber > 3,
      ];
      const published = new PublishedEvents();
      const rebuild = new Rebuild({ ...PLACE, hash });
      for (const trace of tracesOf(marketOf(11), 400)) {
        const events = published.of(trace);
        const found = wanted.findIndex((is) => is(trace));
        if (found >= 0) {
          wanted.splice(found, 1);
          moments.push({ before: copyOf(rebuild), events, tier: trace.tier, batchNumber: trace.batchNumber });
        }
        for (const event of events) rebuild.take(event, NOWHERE);
      }
      expect(wanted).to.have.length(0);
    });

    function refusalOf({ before }: Moment, events: readonly L1Event[]): RebuildRefused | undefined {
      const rebuild = copyOf(before);
      try {
        for (const event of events) rebuild.take(event, NOWHERE);
        rebuild.end();
        return undefined;
      } catch (error) {
        if (error instanceof RebuildRefused) return error;
        throw error;
      }
    }

    /** What no word of the state depends on: it is bound by the proof alone. */
    function isBoundByProofAlone(tier: Tier, words: readonly bigint[], index: number): boolean {
      const { rows, liquidations, accounts } = dataLayout(tier);
      if (index === HEADER.fundingDigest) return true;
      if (index < rows || index >= accounts) return false;
      if (index >= liquidations) return true;
      const row = unpack(ROW_WORD, words[index] as bigint);
      const writes = ({ kind }: typeof row) => kind === BigInt(ROW_KIND.order) || kind === BigInt(ROW_KIND.cancel);
      const later = words.slice(index + 1, liquidations).map((word) => unpack(ROW_WORD, word));
      // What a later row of the batch writes over is as if it had never been.
      const isOver = later.some(
        (other) => writes(other) && other.accountSlot === row.accountSlot && other.slot === row.slot,
      );
      return !writes(row) || isOver;
    }

    function isRow(tier: Tier, index: number): boolean {
      const { rows, liquidations } = dataLayout(tier);
      return index >= rows && index < liquidations;
    }

    it("refuses every word that is not what it was, with the batch's number", () => {
      let checked = 0;
      for (const moment of moments) {
        expect(refusalOf(moment, moment.events)).to.equal(undefined);
        const data = moment.events.at(-1) as Extract<L1Event, { type: "data" }>;
        data.words.forEach((word, index) => {
          if (isBoundByProofAlone(moment.tier, data.words, index)) return;
          // Of a row the sequence: a slot that is cancelled twice is the same after one.
          const words = data.words.with(index, word ^ (isRow(moment.tier, index) ? 1n << SEQUENCE_SHIFT : 1n));
          const refusal = refusalOf(moment, [...moment.events.slice(0, -1), { ...data, words }]);
          expect(refusal?.batchNumber, `word ${index}`).to.equal(moment.batchNumber);
          checked += 1;
        });
      }
      expect(checked).to.be.greaterThan(100);
    });

    it("refuses every event that is missing or comes twice", () => {
      for (const moment of moments) {
        const { events } = moment;
        events.forEach((event, i) => {
          // Without its last two the rest is whole: what is missing at the end only the contract can tell.
          const left = events.toSpliced(i, 1);
          expect(refusalOf(moment, left), `without ${event.type}`).to.be.instanceOf(RebuildRefused);
          expect(refusalOf(moment, events.toSpliced(i, 0, event)), `twice ${event.type}`).to.be.instanceOf(
            RebuildRefused,
          );
        });
      }
    });

    it("says what differs", () => {
      const [moment] = moments as [Moment];
      const { batchNumber, events } = moment;
      const data = events.at(-1) as Extract<L1Event, { type: "data" }>;
      const settled = events.at(-2) as Extract<L1Event, { type: "settled" }>;
      const withWord = (index: number, value: bigint) =>
        refusalOf(moment, [...events.slice(0, -1), { ...data, words: data.words.with(index, value) }])?.message;
      expect(withWord(HEADER.markets + 2, 0n)).to.match(
        new RegExp(
          `^Batch ${batchNumber}: word 13 \\(markets \\+ 2\\) of its data is 0x0, and the rest of L1 says 0x[0-9a-f]+\\.$`,
        ),
      );
      expect(withWord(HEADER.newRoot, 5n)).to.match(
        /its words lead to the account root 0x[0-9a-f]+, and L1 has 0x5\.$/,
      );
      const wrong = { ...settled, feesPicoUsd: settled.feesPicoUsd + 1n };
      expect(refusalOf(moment, [...events.slice(0, -2), wrong, data])?.message).to.match(
        /its sum of fees is 0x[0-9a-f]+, and the event that it is settled says 0x[0-9a-f]+\.$/,
      );
      expect(refusalOf(moment, [...events.slice(0, -2), { ...settled, tier: 9 }, data])?.message).to.equal(
        `Batch ${batchNumber}: there is no tier 9.`,
      );
      expect(refusalOf(moment, [...events.slice(0, -1), { ...data, words: data.words.slice(1) }])?.message).to.match(
        /its data has \d+ words, and tier \w+ has \d+\.$/,
      );
    });
  });
});
