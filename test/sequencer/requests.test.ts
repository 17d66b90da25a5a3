import { expect } from "chai";
import { DEVNET_BOOK_RULES, DEVNET_FEE_TIERS } from "../../matcher/protocol/devnet-markets.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { tierById } from "../../matcher/protocol/spec.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import { commandFromBytes } from "../../matcher/sequencer/command-bytes.ts";
import { imageFrom, imageLines } from "../../matcher/sequencer/exchange-image.ts";
import { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { audit } from "../../matcher/state/ledger-audit.ts";
import { accepted, BTC, codeOf, DOMAIN, ETH, FUNDING, keyOf, order, send } from "./exchange-fixture.ts";
import { COIN, deleveragedOf, eventsOf, LiquidationWorld } from "./liquidation-fixture.ts";
import { checkWorld, endings, requestSteps } from "./request-checks.ts";

const MICRO = 1_000_000n;
const TERMS = { rules: DEVNET_BOOK_RULES, feeSchedule: DEVNET_FEE_TIERS, funding: FUNDING };
const ETH_TICK_USD = 0.01;

const paidOf = (events: ReturnType<typeof eventsOf>) => events.filter((event) => event.type === "exit-paid");
const closedOf = (events: ReturnType<typeof eventsOf>) => events.filter((event) => event.type === "forced-closed");
const waitsOf = (events: ReturnType<typeof eventsOf>) => events.filter((event) => event.type === "request-waits");

/** Makes a market silent. */
const silent =
  (market: number) =>
  (epoch: OpenedEpoch): OpenedEpoch => ({
    ...epoch,
    markets: epoch.markets.map((terms, at) => (at === market ? { ...terms, restricted: true } : terms)),
  });

const imageText = (state: ExchangeState) => JSON.stringify([...imageLines(state)]);

/** The code of an order of an account that the book would have. */
const orderCode = (world: LiquidationWorld, account: number, sequence = 1_000) =>
  codeOf(send(world.state, order({ account, slot: 99, sequence, quantityLots: 100, limitPriceTicks: 600_000 })));

describe("requests from L1", () => {
  let hash: Poseidon;
  before(async () => {
    hash = await buildFastPoseidon();
  });

  describe("a cancel-all", () => {
    it("takes out the orders below its sequence, and lifts the minimum for good", () => {
      const world = new LiquidationWorld([10_000]);
      for (let i = 0; i < 3; i++) world.rest(1, "buy", COIN / 100, 60_000);
      const events = eventsOf(world.ask("cancelAll", 1, { minSequence: 3 }));
      expect(events.map(({ type }) => type)).to.deep.equal(["removed", "removed", "request-served"]);
      expect(world.state.engine.book.openOrderCount(1)).to.equal(1);
      world.ask("cancelAll", 1, { minSequence: 2 });
      expect(world.state.gate.minSequenceOf(1)).to.equal(3);
      expect(endings(world.events)).to.deep.equal(["cancelAll 1 done", "cancelAll 1 done"]);
      // Each is the last of its batch.
      const traces = checkWorld(world, hash);
      expect(traces.filter(({ request }) => request !== undefined)).to.have.length(2);
      expect(orderCode(world, 1, 2)).to.equal("STALE_SEQUENCE");
      expect(orderCode(world, 1, 3)).to.equal("accepted");
    });
  });

  describe("a key rotation", () => {
    it("puts the new key into the leaf and all orders out of the book, also those above its sequence", () => {
      const world = new LiquidationWorld([10_000]);
      for (let i = 0; i < 3; i++) world.rest(1, "buy", COIN / 100, 60_000);
      const { ax, ay } = keyOf(77);
      world.ask("keyRotation", 1, { minSequence: 2, ax, ay });
      expect(world.state.engine.book.openOrderCount(1)).to.equal(0);
      expect(world.state.keyOf(1)).to.deep.equal({ ax, ay });
      expect(world.state.gate.minSequenceOf(1)).to.equal(2);
      const batch = checkWorld(world, hash).at(-1);
      expect(batch?.request).to.deep.include({ outcome: "done", payoutMicroUsd: 0n });
      expect(batch?.accounts[batch.request?.accountSlot ?? -1]?.after).to.deep.include({ ax, ay, minSequence: 2 });
    });

    it("has a batch without a signed row of its account: what the old key signed is in one before", () => {
      const world = new LiquidationWorld([10_000, 10_000]);
      world.trade(1, 2, COIN / 100);
      const { ax, ay } = keyOf(77);
      world.ask("keyRotation", 1, { ax, ay });
      world.ask("keyRotation", 2, { ax: keyOf(78).ax, ay: keyOf(78).ay });
      const traces = checkWorld(world, hash);
      expect(traces.slice(-3).map(({ rows, request }) => [rows.length, request?.entry.account])).to.deep.equal([
        [2, undefined],
        [0, 1],
        [0, 2],
      ]);
    });
  });

  describe("a forced exit", () => {
    it("of an account without positions pays all of it to the micro-USD, and it may come back", () => {
      const world = new LiquidationWorld([10_000, 10_000]);
      world.rest(1, "buy", COIN / 100, 60_000);
      const events = eventsOf(world.ask("forcedExit", 1, { minSequence: 5 }));
      expect(events.map(({ type }) => type)).to.deep.equal(["removed", "exit-paid", "request-served"]);
      expect(events[0]).to.deep.include({ reason: "forced-exit" });
      expect(paidOf(events)).to.deep.equal([{ type: "exit-paid", account: 1, amountMicroUsd: 10_000n * MICRO }]);
      expect(world.value(1)).to.equal(0n);
      expect(requestSteps(world.steps)).to.have.length(1);
      world.ask("deposit", 1, { amountMicroUsd: 5_000n * MICRO });
      checkWorld(world, hash);
      expect(orderCode(world, 1)).to.equal("accepted");
    });

    it("of one that is empty is done, and pays nothing", () => {
      const world = new LiquidationWorld([0, 10_000]);
      const events = eventsOf(world.ask("forcedExit", 1, { minSequence: 5 }));
      expect(events.map(({ type }) => type)).to.deep.equal(["request-served"]);
      expect(endings(world.events)).to.deep.equal(["forcedExit 1 done"]);
      checkWorld(world, hash);
    });

    it("closes against the book first, then against holders of the other side at the haircut, rounded in its favour", () => {
      const world = new LiquidationWorld([10_000, 10_000, 10_000]);
      world.trade(1, 2, COIN / 10 + 1);
      world.rest(3, "buy", COIN / 50, 64_500);
      world.rest(3, "buy", COIN / 50, 64_025);
      // 65,000 less 1.5 % is 64,025: a price below is not taken.
      world.rest(3, "buy", COIN, 64_024.9);
      const before = world.value(1);
      const events = eventsOf(world.ask("forcedExit", 1));
      expect(events.filter(({ type }) => type === "fill")).to.have.length(2);
      const closed = closedOf(events);
      expect(closed.map(({ account, role }) => `${account} ${role}`)).to.deep.equal(["1 requested", "2 counterparty"]);
      const lots = BigInt(COIN / 10 + 1 - COIN / 25);
      expect(closed[0]).to.deep.include({ quantityLots: Number(lots), quoteMicroUsd: lots * 640_250n });
      expect([world.lots(1), world.lots(3)]).to.deep.equal([0, COIN / 25]);
      const lost = (BigInt(COIN / 50) * 5_000n + BigInt(COIN / 50) * 9_750n + lots * 9_750n) * MICRO;
      const [paid] = paidOf(events);
      expect(paid?.amountMicroUsd).to.equal((before - lost) / MICRO);
      expect(world.value(1)).to.equal((before - lost) % MICRO);
      // The book's fills are a batch, the holder another, which also pays.
      const steps = requestSteps(world.steps);
      expect(steps.map(({ outcome, parts }) => [outcome, parts.length])).to.deep.equal([
        ["advanced", 2],
        ["done", 1],
      ]);
      const traces = checkWorld(world, hash);
      expect(traces.flatMap(({ request }) => request?.outcome ?? [])).to.deep.equal(["advanced", "done"]);
    });

    it("of a short buys back at the price and the haircut", () => {
      const world = new LiquidationWorld([10_000, 10_000]);
      world.trade(2, 1, 333);
      const closed = closedOf(eventsOf(world.ask("forcedExit", 1)));
      expect(closed[0]).to.deep.include({ side: "buy", quantityLots: 333, quoteMicroUsd: 333n * 659_750n });
      expect(endings(world.events)).to.deep.equal(["forcedExit 1 done"]);
      checkWorld(world, hash);
    });

    it("closes several markets, long and short, a batch for each row", () => {
      const world = new LiquidationWorld([20_000, 20_000, 20_000]);
      world.trade(1, 2, COIN / 10);
      world.trade(3, 1, 20_000, 3_000, ETH, ETH_TICK_USD);
      expect([world.lots(1, BTC), world.lots(1, ETH)]).to.deep.equal([COIN / 10, -20_000]);
      world.rest(2, "sell", 5_000, 0, { market: ETH, limitPriceTicks: 300_100 });
      world.ask("forcedExit", 1);
      expect([world.lots(1, BTC), world.lots(1, ETH)]).to.deep.equal([0, 0]);
      expect(requestSteps(world.steps).map(({ outcome }) => outcome)).to.deep.equal(["advanced", "advanced", "done"]);
      checkWorld(world, hash);
    });

    it("cuts the book's fills where makers no longer fit a batch of the tier", () => {
      for (const [tier, chunks] of [
        [2, [14, 6]],
        [1, new Array(20).fill(1)],
      ] as const) {
        const world = new LiquidationWorld([50_000, 50_000, ...new Array<number>(20).fill(5_000)]);
        world.trade(1, 2, COIN / 5);
        for (let maker = 3; maker <= 22; maker++) world.rest(maker, "buy", COIN / 100, 65_000);
        world.ask("forcedExit", 1, {}, tier);
        const steps = requestSteps(world.steps);
        expect(steps.map(({ parts }) => parts.length)).to.deep.equal(chunks);
        expect(steps.map(({ outcome }) => outcome).lastIndexOf("advanced")).to.equal(chunks.length - 2);
        checkWorld(world, hash);
      }
    });

    it("closes against the most leveraged holder first, and takes a holder's reduce-only orders with its position", () => {
      const world = new LiquidationWorld([50_000, 50_000, 8_000]);
      world.trade(1, 2, COIN / 10);
      world.trade(1, 3, COIN / 10);
      const slot = world.rest(3, "buy", COIN / 10, 60_000, { reduceOnly: true });
      const events = eventsOf(world.ask("forcedExit", 1));
      expect(closedOf(events).map(({ account }) => account)).to.deep.equal([1, 3, 1, 2]);
      const removed = events.filter((event) => event.type === "removed" && event.account === 3);
      expect(removed).to.have.length(1);
      expect(removed[0]).to.deep.include({ slot, reason: "reduce-only" });
      checkWorld(world, hash);
    });

    it("is inapplicable below maintenance margin and done at it, to the micro-USD; the minimum is lifted either way", () => {
      const worldWith = (depositUsd: number) => {
        const world = new LiquidationWorld([depositUsd, 1_000_000]);
        world.trade(1, 2, COIN / 10);
        world.epoch({ 0: "60000" });
        return world;
      };
      const enough = 1_000 - Number(worldWith(1_000).excess(1) / MICRO) / 1e6;
      for (const [depositUsd, outcome] of [
        [enough, "done"],
        [enough - 1e-6, "inapplicable"],
      ] as const) {
        const world = worldWith(depositUsd);
        expect(world.excess(1) >= 0n, String(depositUsd)).to.equal(outcome === "done");
        world.ask("forcedExit", 1, { minSequence: 4 });
        expect(endings(world.events)).to.deep.equal([`forcedExit 1 ${outcome}`]);
        expect(world.lots(1) === 0).to.equal(outcome === "done");
        expect(world.state.gate.minSequenceOf(1)).to.equal(4);
        expect(world.state.desk.isLeaving(1)).to.equal(false);
        checkWorld(world, hash);
      }
    });

    it("is inapplicable with a position in a silent market, and none of the others is touched", () => {
      const world = new LiquidationWorld([20_000, 20_000]);
      world.trade(1, 2, COIN / 10);
      world.trade(1, 2, 20_000, 3_000, ETH, ETH_TICK_USD);
      world.epoch({}, silent(ETH));
      world.ask("forcedExit", 1);
      expect(endings(world.events)).to.deep.equal(["forcedExit 1 inapplicable"]);
      expect([world.lots(1, BTC), world.lots(1, ETH)]).to.deep.equal([COIN / 10, 20_000]);
      // With the price back it is served.
      world.epoch({});
      world.ask("forcedExit", 1);
      expect([world.lots(1, BTC), world.lots(1, ETH)]).to.deep.equal([0, 0]);
      checkWorld(world, hash);
    });

    it("closes against a holder whom a silent market makes unknown, whatever it is worth", () => {
      const world = new LiquidationWorld([20_000, 4_000, 50_000]);
      world.trade(1, 2, COIN / 10);
      world.trade(3, 2, 10_000, 3_000, ETH, ETH_TICK_USD);
      world.epoch({ 0: "100000" }, silent(ETH));
      world.epoch({ 0: "110000" }, silent(ETH));
      expect(world.value(2) < 0n).to.equal(true);
      const closed = closedOf(eventsOf(world.ask("forcedExit", 1)));
      expect(closed.map(({ account }) => account)).to.deep.equal([1, 2]);
      expect(world.lots(2, ETH)).to.equal(-10_000);
      expect(endings(world.events)).to.deep.equal(["forcedExit 1 done"]);
      checkWorld(world, hash);
    });

    it("is served against 1,000 small accounts on the other side, a batch for each, in one command", () => {
      const holders = 1_000;
      const world = new LiquidationWorld([1_000_000, ...new Array<number>(holders).fill(100)]);
      for (let holder = 2; holder <= holders + 1; holder++) world.trade(1, holder, COIN / 1_000);
      expect(world.lots(1)).to.equal(COIN);
      const outcome = world.ask("forcedExit", 1);
      expect(world.lots(1)).to.equal(0);
      expect(closedOf(eventsOf(outcome))).to.have.length(2 * holders);
      expect(outcome.steps).to.have.length(holders);
      const steps = requestSteps(outcome.steps.map(({ step }) => step));
      expect(steps.map(({ outcome: one }) => one).lastIndexOf("advanced")).to.equal(holders - 2);
      // Each fits the smallest batch. (What few batches are made of is hashed and checked by the other tests.)
      const batcher = new Batcher({ hash, domain: DOMAIN, tiers: [tierById(1)] });
      const closed = world.steps.flatMap((step) => batcher.take(step, 1n) ?? []);
      const served = closed.flatMap(({ head }) => head.request ?? []);
      expect(served).to.have.length(holders - 1);
      expect(new Set(closed.slice(-served.length).map(({ head }) => head.queueCursor)).size).to.equal(1);
      expect(audit(world.state.ledger)).to.deep.equal([]);
    }).timeout(20_000);

    it("of an account that holds as much as the pool may ever hold pays it", () => {
      const world = new LiquidationWorld([0, 10_000], 10_000);
      // The largest deposit that the queue's word has.
      world.ask("deposit", 1, { amountMicroUsd: 2n ** 64n - 1n });
      world.trade(1, 2, COIN / 10);
      world.ask("deposit", 1, { amountMicroUsd: 2n ** 64n - 1n });
      const worth = world.value(1);
      const events = eventsOf(world.ask("forcedExit", 1));
      expect(paidOf(events)[0]?.amountMicroUsd).to.equal((worth - BigInt(COIN / 10) * 9_750n * MICRO) / MICRO);
      checkWorld(world, hash);
    });

    it("takes what the fund pays for the bankrupt on the other side before it closes against the rest", () => {
      const world = new LiquidationWorld([20_000, 20_000, 700]);
      world.trade(1, 2, COIN / 10);
      world.trade(1, 3, COIN / 10);
      const outcome = world.epoch({ 0: "75000" });
      expect(deleveragedOf(outcome).map(({ account }) => account)).to.include(3);
      expect(world.lots(3)).to.equal(0);
      world.ask("forcedExit", 1);
      expect(endings(world.events)).to.deep.equal(["forcedExit 1 done"]);
      checkWorld(world, hash);
    });
  });

  describe("a request that has to wait", () => {
    /** Account 1 has won more than there is: account 2 owes it, and cannot be settled while ETH is silent. */
    const shortWorld = () => {
      const world = new LiquidationWorld([20_000, 4_000, 3_000], 0);
      world.trade(1, 2, COIN / 10);
      world.trade(2, 3, 1_000, 3_000, ETH, ETH_TICK_USD);
      world.epoch({ 0: "130000" }, silent(ETH));
      world.epoch({ 0: "190000" }, silent(ETH));
      return world;
    };

    it("is a forced exit of more than the pool: nothing is closed, nobody else is paid, everything behind it waits", () => {
      const world = shortWorld();
      expect(world.value(1) > world.state.ledger.poolPicoUsd).to.equal(true);
      const cursor = world.state.ledger.shared.queueCursor;
      const outcome = world.ask("forcedExit", 1);
      expect(waitsOf(eventsOf(outcome))).to.deep.equal([
        { type: "request-waits", account: 1, request: "forcedExit", reason: "pool-short" },
      ]);
      expect(outcome.steps).to.have.length(0);
      expect(world.lots(1)).to.equal(COIN / 10);
      expect(orderCode(world, 1)).to.equal("ACCOUNT_LEAVING");
      const withdrawal = { kind: "withdrawal", account: 3, sequence: 0, expirySeconds: 2 ** 32 - 1 } as const;
      expect(codeOf(send(world.state, { ...withdrawal, amountMicroUsd: 1n }))).to.equal("POOL_SHORT");
      expect(world.ask("deposit", 3, { amountMicroUsd: 7n }).steps).to.have.length(0);
      expect(world.ask("cancelAll", 3, { minSequence: 9_000 }).steps).to.have.length(0);
      expect(world.state.ledger.shared.queueCursor).to.equal(cursor);
      expect(world.state.desk.cursor).to.equal(cursor + 3);
      // Told once.
      expect(waitsOf(eventsOf(world.epoch({ 0: "190000" }, silent(ETH))))).to.deep.equal([]);
      checkWorld(world, hash);
    });

    it("goes on once what others owe is settled: the loss is borne by those who gained, and the queue moves", () => {
      const world = shortWorld();
      world.ask("forcedExit", 1);
      world.ask("deposit", 3, { amountMicroUsd: 7n });
      world.ask("registration", 4, { owner: 1_234n, ...pointOf(9) });
      world.ask("forcedExit", 4);
      const outcome = world.epoch({ 0: "190000" });
      expect(deleveragedOf(outcome).map(({ account }) => account)).to.include(2);
      expect(endings(eventsOf(outcome))).to.deep.equal(["forcedExit 1 done", "forcedExit 4 done"]);
      expect(eventsOf(outcome).filter(({ type }) => type === "deposit" || type === "registered")).to.have.length(2);
      expect(world.state.desk.waitingCount).to.equal(0);
      // Each event names the step that proves it.
      for (const { event, step } of outcome.events) {
        if (event.type !== "deposit" && event.type !== "request-served" && event.type !== "exit-paid") continue;
        const proving = outcome.steps.find(({ number }) => number === step)?.step;
        if (proving?.kind !== "request" && proving?.kind !== "deposit") throw new Error(`no step proves ${event.type}`);
        expect(proving.entry.account).to.equal(event.account);
      }
      checkWorld(world, hash);
    });

    it("is in a snapshot with all that waits behind it, and ends the same from there", () => {
      const world = shortWorld();
      world.ask("forcedExit", 1);
      world.ask("deposit", 3, { amountMicroUsd: 7n });
      const lines = JSON.parse(JSON.stringify([...imageLines(world.state)]));
      const again = new ExchangeState(TERMS, imageFrom(lines));
      expect(imageText(again) === imageText(world.state)).to.equal(true);
      expect([again.desk.isLeaving(1), again.desk.wait, again.desk.waitingCount]).to.deep.equal([
        true,
        "pool-short",
        2,
      ]);
      world.epoch({ 0: "190000" });
      accepted(again.execute(commandFromBytes(world.journal.at(-1) as Uint8Array)));
      expect(imageText(again) === imageText(world.state)).to.equal(true);
      expect(again.desk.waitingCount).to.equal(0);
    });

    it("lets who leaves withdraw what there is", () => {
      const world = shortWorld();
      world.ask("forcedExit", 1);
      const amountMicroUsd = 1_000n * MICRO;
      const withdrawal = { kind: "withdrawal", account: 1, sequence: 0, expirySeconds: 2 ** 32 - 1 } as const;
      expect(codeOf(send(world.state, { ...withdrawal, amountMicroUsd }))).to.equal("accepted");
    });
  });

  describe("a liquidation request", () => {
    it("of a healthy account is done, and changes nothing of it", () => {
      const world = new LiquidationWorld([10_000, 10_000]);
      world.trade(1, 2, COIN / 10);
      world.rest(1, "buy", COIN / 100, 60_000);
      const outcome = world.ask("liquidationRequest", 1);
      expect(eventsOf(outcome).map(({ type }) => type)).to.deep.equal(["request-served"]);
      expect(endings(world.events)).to.deep.equal(["liquidationRequest 1 done"]);
      expect(world.state.engine.book.openOrderCount(1)).to.equal(1);
      checkWorld(world, hash);
    });

    it("is inapplicable with a position in a silent market, healthy or not", () => {
      const world = new LiquidationWorld([10_000, 10_000]);
      world.trade(1, 2, COIN / 10);
      world.epoch({}, silent(BTC));
      world.ask("liquidationRequest", 1);
      expect(endings(world.events)).to.deep.equal(["liquidationRequest 1 inapplicable"]);
      checkWorld(world, hash);
    });

    it("is served by the book where it has a price", () => {
      const world = new LiquidationWorld([1_000, 100_000, 100_000]);
      world.trade(1, 2, COIN / 10);
      world.epoch({ 0: "56000" });
      world.rest(3, "buy", COIN, 55_900);
      const events = eventsOf(world.ask("liquidationRequest", 1));
      expect(events.some(({ type }) => type === "liquidated")).to.equal(true);
      expect(closedOf(events)).to.deep.equal([]);
      expect(world.excess(1) >= 0n).to.equal(true);
      checkWorld(world, hash);
    });

    it("without any book closes against holders at the index price, and no more than restores it", () => {
      const world = new LiquidationWorld([1_000, 100_000, 2_000]);
      world.trade(1, 2, COIN / 20);
      world.trade(1, 3, COIN / 20);
      world.epoch({ 0: "56000" });
      const { valuePicoUsd, maintenancePicoUsd } = world.state.ledger.marginOf(1);
      expect(valuePicoUsd > 0n && valuePicoUsd < maintenancePicoUsd).to.equal(true);
      expect(world.sweep().steps).to.have.length(0);
      const events = eventsOf(world.ask("liquidationRequest", 1));
      const lotPicoUsd = 560_000n * 30_000n;
      const least = (maintenancePicoUsd - valuePicoUsd + lotPicoUsd - 1n) / lotPicoUsd;
      const closed = closedOf(events).filter(({ role }) => role === "requested");
      expect(closed.reduce((sum, { quantityLots }) => sum + BigInt(quantityLots), 0n)).to.equal(least);
      expect(
        closed.every(({ quantityLots, quoteMicroUsd }) => quoteMicroUsd === BigInt(quantityLots) * 560_000n),
      ).to.equal(true);
      expect(world.value(1)).to.equal(valuePicoUsd);
      expect(world.excess(1) >= 0n && world.excess(1) < lotPicoUsd).to.equal(true);
      expect(endings(world.events)).to.deep.equal(["liquidationRequest 1 done"]);
      checkWorld(world, hash);
    });

    it("goes from holder to holder, each in a batch of its own", () => {
      const world = new LiquidationWorld([1_000, 400, 400, 400, 400, 400]);
      for (let holder = 2; holder <= 6; holder++) world.trade(1, holder, COIN / 50);
      world.epoch({ 0: "55200" });
      const closed = closedOf(eventsOf(world.ask("liquidationRequest", 1))).filter(({ role }) => role === "requested");
      expect(closed.length).to.be.above(1);
      expect(requestSteps(world.steps)).to.have.length(closed.length);
      checkWorld(world, hash);
    });
  });

  describe("the queue", () => {
    it("drains 256 requests of as many accounts, whatever they are, in their order", () => {
      const accounts = 64;
      const world = new LiquidationWorld(new Array<number>(accounts).fill(2_000));
      for (let account = 2; account <= accounts; account++) world.trade(1 + (account % 7), account, COIN / 500);
      const kinds = ["liquidationRequest", "cancelAll", "keyRotation", "forcedExit"] as const;
      for (let i = 0; i < 4 * accounts; i++) {
        const kind = kinds[Math.floor(i / accounts)] as (typeof kinds)[number];
        const account = 1 + (i % accounts);
        const key = kind === "keyRotation" ? pointOf(500 + i) : {};
        world.ask(kind, account, { minSequence: kind === "liquidationRequest" ? 0 : i, ...key });
      }
      expect(endings(world.events)).to.have.length(256);
      expect(new Set(endings(world.events).map((ending) => ending.split(" ")[2]))).to.deep.equal(new Set(["done"]));
      expect(world.state.ledger.shared.grossOpenInterestLots[BTC]).to.equal(0n);
      expect(world.state.desk.waitingCount).to.equal(0);
      checkWorld(world, hash);
    }).timeout(30_000);

    it("refuses, and does not count, what cannot follow", () => {
      const world = new LiquidationWorld([10]);
      const { cursor } = world.state.desk;
      const entry = { kind: "forcedExit", account: 1, amountMicroUsd: 0n, minSequence: 0, owner: 0n, ax: 0n, ay: 0n };
      const command = { type: "queue", entry, cursor, tier: 2 } as Parameters<typeof world.run>[0];
      const refused = (change: object, text: string) => {
        const before = world.state.commandCount;
        expect(() => world.state.execute({ ...command, ...change } as typeof command)).to.throw(RangeError, text);
        expect(world.state.commandCount).to.equal(before);
        expect(world.state.desk.cursor).to.equal(cursor);
      };
      refused({ cursor: cursor + 1 }, "is next");
      refused({ entry: { ...entry, account: 9 } }, "of account 9");
      refused({ entry: { ...entry, account: 0 } }, "of account 0");
      refused({ tier: undefined }, "without a tier");
      refused({ tier: 7 }, "without a tier");
    });
  });
});

function pointOf(account: number): { ax: bigint; ay: bigint } {
  const { ax, ay } = keyOf(account);
  return { ax, ay };
}
