import { expect } from "chai";
import { NIL } from "../../matcher/book/order-pool.ts";
import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import type { Side } from "../../matcher/protocol/message.ts";
import { INSURANCE_ACCOUNT, TIERS } from "../../matcher/protocol/spec.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import { commandFromBytes } from "../../matcher/sequencer/command-bytes.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { audit } from "../../matcher/state/ledger-audit.ts";
import { BTC, codeOf, DOMAIN, ETH, newState, order, send } from "./exchange-fixture.ts";
import { COIN, deleveragedOf, eventsOf, LiquidationWorld, liquidatedOf, USD } from "./liquidation-fixture.ts";
import { stateRoot, stateText } from "./state-digest.ts";

/** Account 1 is long one bitcoin of 65,000 USD against account 2; account 3 looks on. */
function longOfOne(depositUsd: number, fundUsd: number | null = 10_000): LiquidationWorld {
  const world = new LiquidationWorld([depositUsd, 100_000, 100_000], fundUsd);
  world.trade(1, 2, COIN);
  return world;
}

const PRICE_62_800 = { [BTC]: "62800.0" };

describe("liquidation against the book", () => {
  it("takes the least lots that restore maintenance margin, and leaves the rest", () => {
    const world = longOfOne(4_000);
    world.rest(3, "buy", COIN, 62_790);
    const outcome = world.epoch(PRICE_62_800);
    const [event, ...others] = liquidatedOf(outcome);
    if (event === undefined) throw new Error("nothing was liquidated");
    expect(others).to.deep.equal([]);
    expect(event).to.include({ account: 1, market: BTC, side: "sell", payoutPicoUsd: 0n });
    expect(event.quantityLots).to.be.within(1, COIN - 1);
    expect(world.lots(1)).to.equal(COIN - event.quantityLots);
    expect(world.lots(3)).to.equal(event.quantityLots);
    expect(world.excess(1) >= 0n).to.equal(true);
    // What one lot adds: its maintenance, less the fee and the ten dollars below the index price.
    const lot = 628_000n * 30_000n - 100n * 1_000_000n - 5_000n * 627_900n;
    expect(world.excess(1) - lot < 0n).to.equal(true);
    expect(world.state.liquidator.atRisk()).to.deep.equal([]);
    expect(liquidatedOf(world.sweep())).to.deep.equal([]);
    expect(audit(world.state.ledger)).to.deep.equal([]);
  });

  it("does nothing to an account that meets maintenance margin exactly, and takes a lot of one that is a pico-USD a lot below", () => {
    for (const below of [false, true]) {
      const world = longOfOne(4_000);
      world.rest(3, "buy", COIN, 63_000);
      // TV falls by a lot's value with each tick: the funding index makes up the rest, a lot's worth a pico-USD.
      const { collateralPicoUsd } = world.state.ledger.settledRecord(1);
      const gap = collateralPicoUsd + BigInt(COIN) * 630_000n * (1_000_000n - 30_000n);
      expect(gap > 0n && gap % BigInt(COIN) === 0n).to.equal(true);
      const fundingIndexPicoUsd = gap / BigInt(COIN) + (below ? 1n : 0n);
      const outcome = world.epoch({ [BTC]: "63000.0" }, (epoch) => ({
        ...epoch,
        markets: epoch.markets.map((market, at) => (at === BTC ? { ...market, fundingIndexPicoUsd } : market)),
      }));
      if (!below) expect(world.excess(1)).to.equal(0n);
      expect(liquidatedOf(outcome).map(({ quantityLots }) => quantityLots)).to.deep.equal(below ? [1] : []);
    }
  });

  it("gives the fund its fee, at most the cap's share of the quote", () => {
    const world = longOfOne(4_000);
    world.rest(3, "buy", COIN, 62_790);
    const before = world.fund;
    const [event] = liquidatedOf(world.epoch(PRICE_62_800));
    expect(event?.feePicoUsd).to.equal(5_000n * (event?.quoteMicroUsd ?? 0n));
    expect(world.fund - before).to.equal(event?.feePicoUsd);
    expect(world.state.ledger.shared.insuranceSpentPicoUsd).to.equal(0n);
  });

  it("closes the whole position where no part of it is enough; the fund has what was above the bankruptcy quote", () => {
    // TV = 4,000 − 32.5 − 3,900 = 67.50 of 1,833: of each lot hardly 68 cents a hundred lots lie above the bankruptcy quote.
    const world = longOfOne(4_000);
    world.rest(3, "buy", COIN, 61_100);
    const before = world.fund;
    const outcome = world.epoch({ [BTC]: "61100.0" });
    const [event] = liquidatedOf(outcome);
    expect(event).to.include({ quantityLots: COIN, payoutPicoUsd: 0n });
    expect(event?.feePicoUsd).to.equal((675n * USD) / 10n);
    expect(world.fund - before).to.equal((675n * USD) / 10n);
    expect(world.lots(1)).to.equal(0);
    expect(world.value(1)).to.equal(0n);
  });

  it("lets the fund pay what the price is below the bankruptcy quote, so that the account owes nothing", () => {
    const world = longOfOne(4_000);
    // A price of 60,900 leaves the account 132.50 USD short.
    world.rest(3, "buy", COIN, 60_900);
    const before = world.fund;
    const [event] = liquidatedOf(world.epoch({ [BTC]: "61100.0" }));
    expect(event).to.include({ quantityLots: COIN, feePicoUsd: 0n });
    expect(event?.payoutPicoUsd).to.equal((1_325n * USD) / 10n);
    expect(before - world.fund).to.equal((1_325n * USD) / 10n);
    expect(world.state.ledger.shared.insuranceSpentPicoUsd).to.equal((1_325n * USD) / 10n);
    expect(world.value(1)).to.equal(0n);
    expect(audit(world.state.ledger)).to.deep.equal([]);
  });

  it("closes shorts by buying from the asks, as far as the fillable price allows", () => {
    const world = new LiquidationWorld([100_000, 4_000, 100_000]);
    world.trade(1, 2, COIN);
    // TV / TR_m = 0.62: the short may pay up to 38 % of 1.5 · 3 % above the index price, 68,850 USD.
    world.rest(3, "sell", 10, 67_900);
    world.rest(3, "sell", COIN, 69_500);
    const outcome = world.epoch({ [BTC]: "67700.0" });
    const [event] = liquidatedOf(outcome);
    expect(event).to.include({ account: 2, side: "buy", quantityLots: 10 });
    expect(world.lots(2)).to.equal(-COIN + 10);
    expect(world.state.liquidator.atRisk()).to.deep.equal([2]);
  });

  it("takes out the account's orders first, under their own reason, and meets none of them", () => {
    const world = longOfOne(4_000);
    const bid = world.rest(1, "buy", 100, 62_795);
    const ask = world.rest(1, "sell", 100, 65_900, { reduceOnly: true });
    world.rest(3, "buy", COIN, 62_790);
    const events = eventsOf(world.epoch(PRICE_62_800));
    const removed = events.filter((event) => event.type === "removed" && event.account === 1);
    expect(removed.map((event) => event.type === "removed" && [event.slot, event.reason])).to.deep.equal([
      [bid, "liquidation"],
      [ask, "liquidation"],
    ]);
    const fills = events.filter((event) => event.type === "fill");
    expect(fills.map((event) => event.type === "fill" && event.makerAccount)).to.deep.equal([3]);
    expect(events.indexOf(removed[1] as (typeof events)[0])).to.be.lessThan(
      events.indexOf(fills[0] as (typeof events)[0]),
    );
    expect(world.state.engine.book.openOrderCount(1)).to.equal(0);
    expect(world.state.gate.signedOrder(1, bid)).to.equal(undefined);
  });

  it("begins with the lowest TV / TR_m, which gets the best bids; equal ones by index", () => {
    const world = new LiquidationWorld([4_050, 4_000, 4_000, 500_000, 500_000]);
    for (const long of [1, 2, 3]) world.trade(long, 4, COIN);
    world.rest(5, "buy", 3 * COIN, 62_790);
    const order = liquidatedOf(world.epoch(PRICE_62_800)).map(({ account }) => account);
    expect(order).to.deep.equal([2, 3, 1]);
  });

  it("begins with the market that asks for the most maintenance margin", () => {
    const world = new LiquidationWorld([4_600, 500_000, 500_000]);
    world.trade(1, 2, COIN / 2);
    world.trade(1, 2, 150_000, 3_000, ETH, 0.01);
    world.rest(3, "buy", COIN, 62_790);
    world.rest(3, "buy", COIN, 0, { market: ETH, limitPriceTicks: 289_900 });
    const outcome = world.epoch({ [BTC]: "62800.0", [ETH]: "2900.00" });
    const markets = liquidatedOf(outcome).map(({ market }) => market);
    expect(markets[0]).to.equal(ETH);
    expect(world.excess(1) >= 0n).to.equal(true);
  });

  it("goes on in the next market when the first has too few bids", () => {
    const world = new LiquidationWorld([4_600, 500_000, 500_000]);
    world.trade(1, 2, COIN / 2);
    world.trade(1, 2, 150_000, 3_000, ETH, 0.01);
    world.rest(3, "buy", COIN, 62_790);
    world.rest(3, "buy", 4, 0, { market: ETH, limitPriceTicks: 289_900 });
    const outcome = world.epoch({ [BTC]: "62800.0", [ETH]: "2900.00" });
    expect(liquidatedOf(outcome).map(({ market }) => market)).to.deep.equal([ETH, BTC]);
    expect(liquidatedOf(outcome)[0]?.quantityLots).to.equal(4);
    expect(world.excess(1) >= 0n).to.equal(true);
  });

  it("works out the quantity anew at every price", () => {
    const world = longOfOne(4_000);
    world.rest(3, "buy", 100, 62_795);
    world.rest(3, "buy", 100, 62_700);
    world.rest(3, "buy", COIN, 62_650);
    const outcome = world.epoch(PRICE_62_800);
    const fills = eventsOf(outcome).filter((event) => event.type === "fill");
    expect(fills.map((fill) => fill.type === "fill" && fill.priceTicks)).to.deep.equal([627_950, 627_000, 626_500]);
    expect(fills.every((fill) => fill.type === "fill" && fill.liquidation && fill.takerSlot === -1)).to.equal(true);
    expect(world.excess(1) >= 0n).to.equal(true);
    const lot = 628_000n * 30_000n - 1_500n * 1_000_000n - 5_000n * 626_500n;
    expect(world.excess(1) - lot < 0n).to.equal(true);
  });

  it("passes over a maker that a fill would leave below initial margin, which loses its order", () => {
    const world = new LiquidationWorld([4_000, 100_000, 100_000, 5_000]);
    world.trade(1, 2, COIN);
    world.trade(4, 2, COIN);
    // At 62,800 the account has 2,767 of 3,140: enough for maintenance, and nothing to grow on.
    world.rest(4, "buy", 10_000, 62_795);
    world.rest(3, "buy", COIN, 62_700);
    const outcome = world.epoch(PRICE_62_800);
    const removed = eventsOf(outcome).find((event) => event.type === "removed" && event.account === 4);
    expect(removed).to.include({ reason: "maker-margin" });
    expect(world.lots(3)).to.be.greaterThan(0);
    expect(world.excess(1) >= 0n).to.equal(true);
  });

  it("does not touch an account whose fill as another one's maker has restored it", () => {
    const world = new LiquidationWorld([4_000, 500_000, 3_705, 100_000]);
    world.trade(1, 2, COIN);
    world.trade(2, 3, COIN / 5);
    world.trade(2, 3, 200_000, 3_000, ETH, 0.01);
    // The other account below maintenance, for its short in ETH, bids to reduce its short in BTC.
    const slot = world.rest(3, "buy", COIN / 5, 62_790, { reduceOnly: true });
    const outcome = world.epoch({ [BTC]: "62800.0", [ETH]: "3100.00" });
    expect(liquidatedOf(outcome).map(({ account }) => account)).to.deep.equal([1]);
    expect(world.lots(3)).to.be.greaterThan(-COIN / 5);
    expect(world.excess(3) >= 0n).to.equal(true);
    expect(world.state.engine.book.live(3, slot)).to.not.equal(NIL);
    expect(world.state.liquidator.atRisk()).to.deep.equal([]);
  });

  it("does touch it if the fill was not enough", () => {
    const world = new LiquidationWorld([4_000, 500_000, 3_705, 100_000]);
    world.trade(1, 2, COIN);
    world.trade(2, 3, COIN / 5);
    world.trade(2, 3, 200_000, 3_000, ETH, 0.01);
    world.rest(3, "buy", 1_000, 62_790, { reduceOnly: true });
    const slot = world.rest(3, "buy", 1_000, 60_000, { reduceOnly: true });
    const outcome = world.epoch({ [BTC]: "62800.0", [ETH]: "3100.00" });
    expect(liquidatedOf(outcome).map(({ account }) => account)).to.deep.equal([1]);
    expect(world.excess(3) < 0n).to.equal(true);
    const removed = eventsOf(outcome).find((event) => event.type === "removed" && event.slot === slot);
    expect(removed).to.include({ account: 3, reason: "liquidation" });
    expect(world.state.liquidator.atRisk()).to.have.members([1, 3]);
  });

  it("waits while the book is empty, and a sweep within the epoch takes the bid that has come", () => {
    const world = longOfOne(4_000);
    expect(liquidatedOf(world.epoch(PRICE_62_800))).to.deep.equal([]);
    expect(world.state.liquidator.atRisk()).to.deep.equal([1]);
    expect(world.sweep().steps).to.deep.equal([]);
    world.rest(3, "buy", COIN, 62_790);
    const outcome = world.sweep();
    expect(liquidatedOf(outcome)).to.have.length(1);
    expect(world.state.liquidator.atRisk()).to.deep.equal([]);
    expect(outcome.steps.every(({ step }) => step.kind === "liquidation")).to.equal(true);
  });

  it("takes no bid below the fillable price", () => {
    const world = longOfOne(4_000);
    // TV / TR_m = 0.938: off the index price by 6.2 % of 1.5 · 3 % at most, 175 USD.
    world.rest(3, "buy", COIN, 62_600);
    world.epoch(PRICE_62_800);
    expect(world.lots(1)).to.equal(COIN);
    world.rest(3, "buy", 5, 62_650);
    world.sweep();
    expect(world.lots(1)).to.equal(COIN - 5);
  });

  it("leaves alone whoever holds a position in a restricted market, and their orders", () => {
    const world = longOfOne(4_000);
    world.rest(3, "buy", COIN, 62_790);
    const own = world.rest(1, "sell", 10, 65_900, { reduceOnly: true });
    const restricted = world.epoch(PRICE_62_800, (epoch) => ({
      ...epoch,
      markets: epoch.markets.map((market, at) =>
        at === BTC ? { ...market, restricted: true, grossOpenInterestCapLots: 0n } : market,
      ),
    }));
    expect(liquidatedOf(restricted)).to.deep.equal([]);
    expect(world.excess(1) < 0n).to.equal(true);
    expect(world.state.liquidator.atRisk()).to.deep.equal([]);
    expect(world.sweep().events).to.deep.equal([]);
    expect(world.state.engine.book.live(1, own)).to.not.equal(NIL);
    // With the price fresh again there is no reason to wait.
    expect(liquidatedOf(world.epoch(PRICE_62_800))).to.have.length(1);
  });

  it("does nothing before the insurance fund's account is registered", () => {
    const world = longOfOne(4_000, null);
    world.rest(3, "buy", COIN, 62_790);
    expect(liquidatedOf(world.epoch(PRICE_62_800))).to.deep.equal([]);
    expect(world.state.liquidator.atRisk()).to.deep.equal([]);
    expect(world.lots(1)).to.equal(COIN);
  });

  it("refuses growth to an account below maintenance margin, at whatever price; reducing goes on", () => {
    const world = longOfOne(4_000);
    world.epoch(PRICE_62_800);
    // So far below the index price that the fill itself would bring more than its margin.
    const growing = { account: 1, slot: 4_000, sequence: 10 ** 6, quantityLots: COIN, limitPriceTicks: 600_000 };
    expect(codeOf(send(world.state, order(growing)))).to.equal("LIQUIDATABLE");
    const flipping = { ...growing, side: "sell" as const, quantityLots: COIN + 1, limitPriceTicks: 628_000 };
    expect(codeOf(send(world.state, order(flipping)))).to.equal("LIQUIDATABLE");
    expect(codeOf(send(world.state, order({ ...flipping, quantityLots: COIN })))).to.equal("accepted");
  });

  it("that breaks off is no command that cannot follow: what was done before cannot be undone", () => {
    const world = longOfOne(4_000);
    world.state.liquidator.sweep = () => {
      throw new RangeError("broken on purpose");
    };
    expect(() => world.epoch(PRICE_62_800))
      .to.throw(Error, "a liquidation sweep broke off")
      .and.not.be.instanceOf(RangeError);
  });

  it("cannot come before the first epoch", () => {
    expect(() => newState().execute({ type: "liquidationSweep" })).to.throw(RangeError, "before the first epoch");
  });
});

describe("deleveraging", () => {
  /** 1 is long two bitcoins against 2 and 3, the latter with the greater leverage. */
  function bankrupt(fundUsd: number): LiquidationWorld {
    const world = new LiquidationWorld([7_000, 100_000, 8_000], fundUsd);
    world.trade(1, 2, COIN);
    world.trade(1, 3, COIN);
    return world;
  }

  it("closes a bankrupt position without bids at the index price while the fund lasts; nobody else pays", () => {
    const world = bankrupt(10_000);
    const [two, three] = [world.value(2), world.value(3)];
    // TV = 7,000 − 65 − 8,000 = −1,065.
    const outcome = world.epoch({ [BTC]: "61000.0" });
    const gain = 4_000n * USD;
    expect([world.lots(1), world.lots(2), world.lots(3)]).to.deep.equal([0, 0, 0]);
    expect([world.value(2) - two, world.value(3) - three]).to.deep.equal([gain, gain]);
    expect(world.value(1)).to.equal(0n);
    expect(world.fund).to.equal((10_000n - 1_065n) * USD);
    const events = deleveragedOf(outcome);
    expect(events.map(({ account, other, role }) => [account, other, role])).to.deep.equal([
      [1, 3, "liquidated"],
      [3, 1, "counterparty"],
      [1, 2, "liquidated"],
      [2, 1, "counterparty"],
    ]);
    expect(events[0]).to.deep.include({
      market: BTC,
      side: "sell",
      quantityLots: COIN,
      priceTicks: 610_000,
      reason: "book-empty",
      rank: { position: 1, holders: 2, quintile: 5 },
      receivedPicoUsd: (1_065n * USD) / 2n,
      coveredPicoUsd: (1_065n * USD) / 2n,
    });
    expect(events[1]).to.include({ side: "buy", receivedPicoUsd: 0n });
    expect(audit(world.state.ledger)).to.deep.equal([]);
  });

  it("lets counterparties pay at the bankruptcy price what the fund's cap leaves, the most leveraged first", () => {
    const world = bankrupt(10_000);
    world.liquidation = { insuranceCapMicroUsd: 100_000_000n };
    const [two, three] = [world.value(2), world.value(3)];
    const outcome = world.epoch({ [BTC]: "61000.0" });
    const gain = 4_000n * USD;
    const half = (1_065n * USD) / 2n;
    // The hundred of the cap go to the first one; the rest is shared by what each takes over.
    expect(world.value(3) - three).to.equal(gain - (half - 100n * USD));
    expect(world.value(2) - two).to.equal(gain - half);
    expect(world.fund).to.equal(9_900n * USD);
    expect(world.value(1)).to.equal(0n);
    const received = deleveragedOf(outcome).map(({ role, receivedPicoUsd }) => [role, receivedPicoUsd]);
    expect(received).to.deep.equal([
      ["liquidated", half],
      ["counterparty", 100n * USD - half],
      ["liquidated", half],
      ["counterparty", -half],
    ]);
    expect(audit(world.state.ledger)).to.deep.equal([]);
  });

  it("lets them pay all of it when the fund is empty", () => {
    const world = bankrupt(0);
    const before = world.value(2) + world.value(3);
    world.epoch({ [BTC]: "61000.0" });
    expect(world.value(2) + world.value(3) - before).to.equal((8_000n - 1_065n) * USD);
    expect(world.fund).to.equal(0n);
    expect(world.value(1)).to.equal(0n);
  });

  it("comes after the book, and names the fund where the book's price could not be paid for", () => {
    const world = bankrupt(200);
    const looker = 2;
    world.rest(looker, "buy", COIN / 2, 60_900, { reduceOnly: true });
    world.rest(looker, "buy", COIN, 60_000, { reduceOnly: true });
    const outcome = world.epoch({ [BTC]: "61000.0" });
    const [sold] = liquidatedOf(outcome);
    // A lot needs 532.50 a bitcoin, and 100 more at that bid: the fund's 200 pay for 31,620 lots.
    expect(sold?.quantityLots).to.equal(Math.floor((200 / 632.5) * COIN));
    expect(world.fund < USD / 100n).to.equal(true);
    const events = deleveragedOf(outcome);
    expect(events.length).to.be.greaterThan(0);
    expect(events.every(({ reason }) => reason === "insurance-exhausted")).to.equal(true);
    expect(world.lots(1)).to.equal(0);
    expect(audit(world.state.ledger)).to.deep.equal([]);
  });

  it("does not touch a counterparty in a restricted market, but the next one", () => {
    const world = new LiquidationWorld([3_500, 100_000, 8_000, 500_000]);
    world.trade(1, 3, COIN / 2);
    world.trade(1, 2, COIN / 2);
    world.trade(3, 4, 10, 3_000, ETH, 0.01);
    const outcome = world.epoch({ [BTC]: "61000.0" }, (epoch) => ({
      ...epoch,
      markets: epoch.markets.map((market, at) => (at === ETH ? { ...market, restricted: true } : market)),
    }));
    expect(deleveragedOf(outcome).map(({ account }) => account)).to.deep.equal([1, 2]);
    expect(world.lots(1)).to.equal(COIN / 2);
    expect(world.lots(3)).to.equal(-COIN / 2);
    expect(world.state.liquidator.atRisk()).to.deep.equal([1]);
  });

  it("leaves a counterparty at maintenance margin and goes on to the next", () => {
    // Nothing in the fund; the first in rank can pay for a part only.
    const world = new LiquidationWorld([4_000, 3_400, 100_000], 0);
    world.trade(1, 3, COIN / 2);
    world.trade(1, 2, COIN / 2);
    world.epoch({ [BTC]: "61000.0" });
    expect(world.lots(1)).to.equal(0);
    expect(world.excess(2) >= 0n).to.equal(true);
    expect(world.excess(3) >= 0n).to.equal(true);
    expect(audit(world.state.ledger)).to.deep.equal([]);
  });

  it("takes a counterparty's reduce-only orders with its position", () => {
    const world = bankrupt(10_000);
    const slot = world.rest(3, "buy", 10, 58_000, { reduceOnly: true });
    const outcome = world.epoch({ [BTC]: "61000.0" });
    const removed = eventsOf(outcome).find((event) => event.type === "removed" && event.slot === slot);
    expect(removed).to.include({ account: 3, reason: "reduce-only" });
  });

  it("closes all open interest when everybody on one side is bankrupt at once", () => {
    const longs = Array.from({ length: 12 }, (_, i) => 4_000 + i);
    const world = new LiquidationWorld([...longs, ...Array.from({ length: 6 }, () => 50_000)], 5_000);
    longs.forEach((_, i) => {
      world.trade(i + 1, 13 + (i % 6), COIN);
    });
    const outcome = world.epoch({ [BTC]: "55000.0" });
    expect(world.state.ledger.shared.grossOpenInterestLots[BTC]).to.equal(0n);
    expect(deleveragedOf(outcome)).to.have.length(24);
    expect(world.fund).to.equal(0n);
    for (let account = 1; account <= 18; account++) {
      expect(world.lots(account)).to.equal(0);
      expect(world.value(account) >= 0n).to.equal(true);
    }
    expect(world.state.liquidator.atRisk()).to.deep.equal([]);
    expect(audit(world.state.ledger)).to.deep.equal([]);
  });
});

describe("events of liquidations", () => {
  function eventful(): LiquidationWorld {
    const world = new LiquidationWorld([4_000, 100_000, 100_000, 4_000]);
    world.trade(1, 2, COIN);
    world.trade(4, 2, COIN);
    world.rest(3, "buy", 5_000, 61_100);
    world.rest(3, "buy", 5_000, 61_090);
    world.epoch({ [BTC]: "61000.0" });
    world.rest(3, "buy", COIN, 60_500);
    world.epoch({ [BTC]: "60500.0" });
    world.epoch({ [BTC]: "58000.0" });
    return world;
  }

  it("carry the steps that prove them: each fill its own, sums the last, both sides of a deleveraging the same", () => {
    const world = new LiquidationWorld([7_000, 100_000, 100_000]);
    world.trade(1, 2, 2 * COIN);
    world.rest(3, "buy", 5_000, 61_000);
    world.rest(3, "buy", 5_000, 60_990);
    const { events, steps } = world.epoch({ [BTC]: "61000.0" });
    const step = (number: number | null) => steps.find((candidate) => candidate.number === number)?.step;
    const fills = events.filter(({ event }) => event.type === "fill");
    expect(fills).to.have.length(2);
    for (const { event, step: number } of fills) {
      const proving = step(number);
      if (event.type !== "fill" || proving?.kind !== "liquidation") throw new Error("a fill without a liquidation");
      expect(proving).to.include({ priceTicks: event.priceTicks, quantityLots: event.quantityLots });
    }
    const summary = events.find(({ event }) => event.type === "liquidated");
    expect(summary?.step).to.equal(fills[1]?.step);
    const sides = events.filter(({ event }) => event.type === "deleveraged");
    expect(sides).to.have.length(2);
    expect(sides[0]?.step).to.equal(sides[1]?.step);
    expect(step(sides[0]?.step ?? null)?.kind).to.equal("deleveraging");
  });

  it("are the same, with steps, state and root, when the journal is replayed", async () => {
    const world = eventful();
    const hash = await buildFastPoseidon();
    const again = newState();
    const events = [];
    const steps = [];
    for (const bytes of world.journal) {
      const outcome = again.execute(commandFromBytes(bytes));
      if (!outcome.accepted) throw new Error(outcome.code);
      events.push(...outcome.events.map(({ event }) => event));
      steps.push(...outcome.steps.map(({ step }) => step));
    }
    expect(events).to.deep.equal(world.events);
    expect(steps).to.deep.equal(world.steps);
    expect(stateText(again)).to.equal(stateText(world.state));
    expect(stateRoot(again, hash)).to.equal(stateRoot(world.state, hash));
    const kinds = new Set(steps.map(({ kind }) => kind));
    expect([...kinds]).to.include.members(["liquidation", "deleveraging"]);
  });

  it("have steps that fit into batches, whose last root is the state's", async () => {
    const world = eventful();
    const hash = await buildFastPoseidon();
    const batcher = new Batcher({ hash, domain: DOMAIN, tiers: TIERS });
    for (const step of world.steps) batcher.push(step, 1n);
    batcher.cut();
    expect(batcher.root).to.equal(stateRoot(world.state, hash));
  });
});

describe("a market that retires", () => {
  const changed = (change: Partial<EpochMarket>) => (epoch: OpenedEpoch) => ({
    ...epoch,
    markets: epoch.markets.map((market, at) => (at === BTC ? { ...market, ...change } : market)),
  });
  const closing = changed({ positionCapLots: 0n, grossOpenInterestCapLots: 0n });
  const retired = changed({ retired: true, priceMinTicks: 1, priceMaxTicks: 0, grossOpenInterestCapLots: 0n });
  const valuesOf = (world: LiquidationWorld, accounts: number) =>
    Array.from({ length: accounts }, (_, i) => world.value(i + 1));

  /** 1 is long a bitcoin against 2, and 1,032.50 USD short at 60,000. */
  const AT_60_000 = { [BTC]: "60000.0" };
  const SHORTFALL = (10_325n * USD) / 10n;

  it("closes at its price first: the fund pays for whom that makes bankrupt, who ends with nothing and owes nothing", () => {
    const world = longOfOne(4_000);
    const two = world.value(2);
    const outcome = world.epoch(AT_60_000, closing);
    expect(deleveragedOf(outcome).map(({ account, other }) => [account, other])).to.deep.equal([
      [1, 2],
      [2, 1],
    ]);
    expect(world.fund).to.equal(10_000n * USD - SHORTFALL);
    expect(world.epoch(AT_60_000, retired).steps).to.have.length(1);
    expect(world.state.ledger.settledRecord(1).collateralPicoUsd).to.equal(0n);
    expect(world.value(2) - two).to.equal(5_000n * USD);
    expect(audit(world.state.ledger)).to.deep.equal([]);
  });

  it("lets counterparties pay in it what the fund cannot", () => {
    const world = longOfOne(4_000, 0);
    const two = world.value(2);
    world.epoch(AT_60_000, closing);
    world.epoch(AT_60_000, retired);
    expect(world.state.ledger.settledRecord(1).collateralPicoUsd).to.equal(0n);
    expect(world.value(2) - two).to.equal(5_000n * USD - SHORTFALL);
    expect(audit(world.state.ledger)).to.deep.equal([]);
  });

  it("settled without such an epoch would leave the loss with nobody", () => {
    const world = longOfOne(4_000);
    world.epoch(AT_60_000, retired);
    expect(world.state.ledger.settledRecord(1).collateralPicoUsd).to.equal(-SHORTFALL);
    expect(world.fund).to.equal(10_000n * USD);
  });

  it("has the book first in it: a bid that only reduces is met, one that would grow loses its place", () => {
    const world = longOfOne(4_000);
    const growing = world.rest(3, "buy", COIN, 60_000);
    const reducing = world.rest(2, "buy", COIN / 2, 59_990, { reduceOnly: true });
    const outcome = world.epoch(AT_60_000, closing);
    const removed = eventsOf(outcome).find((event) => event.type === "removed" && event.account === 3);
    expect(removed).to.include({ slot: growing, reason: "maker-unprovable" });
    const fills = eventsOf(outcome).filter((event) => event.type === "fill");
    expect(fills).to.have.length(1);
    expect(fills[0]).to.include({ makerAccount: 2, makerSlot: reducing, quantityLots: COIN / 2, priceTicks: 599_900 });
    expect(deleveragedOf(outcome)).to.have.length(2);
    world.epoch(AT_60_000, retired);
    expect(valuesOf(world, 3).every((value) => value >= 0n)).to.equal(true);
    expect(world.lots(3)).to.equal(0);
    expect(audit(world.state.ledger)).to.deep.equal([]);
  });

  it("lets nobody grow in it, new orders or old, and everybody close or come out no larger on the other side", () => {
    const world = new LiquidationWorld([100_000, 100_000, 100_000]);
    world.trade(1, 2, 1_000);
    const resting = world.rest(3, "sell", 500, 65_000);
    expect(eventsOf(world.epoch({}, closing)).some((event) => event.type === "removed")).to.equal(false);
    const gross = () => world.state.ledger.shared.grossOpenInterestLots[BTC];
    const asked = (account: number, side: Side, quantityLots: number) =>
      codeOf(send(world.state, order({ account, side, quantityLots, slot: 4_000, sequence: 10 ** 6 + account })));
    expect(asked(3, "buy", 10)).to.equal("OPEN_INTEREST_CAP");
    expect(asked(1, "buy", 10)).to.equal("OPEN_INTEREST_CAP");
    expect(asked(2, "buy", 1_010)).to.equal("OPEN_INTEREST_CAP");
    // The old offer would open a short: whoever takes it takes it out of the book instead.
    expect(asked(2, "buy", 1_000)).to.equal("accepted");
    expect(world.state.engine.book.live(3, resting)).to.equal(NIL);
    expect([world.lots(1), world.lots(2), world.lots(3)]).to.deep.equal([1_000, -1_000, 0]);
    expect(asked(1, "sell", 1_000)).to.equal("accepted");
    expect([world.lots(1), world.lots(2), gross()]).to.deep.equal([0, 0, 0n]);
    expect(audit(world.state.ledger)).to.deep.equal([]);
  });

  it("lets an order from before flip a position to one as large, not a lot larger, and settles that", () => {
    for (const lots of [2_000, 2_010]) {
      const world = new LiquidationWorld([100_000, 100_000, 100_000]);
      world.trade(1, 2, 1_000);
      world.trade(3, 2, 1_010);
      const resting = world.rest(1, "sell", lots, 65_000);
      world.epoch({}, closing);
      const closes = { account: 2, quantityLots: lots, reduceOnly: true, timeInForce: "IOC" } as const;
      expect(codeOf(send(world.state, order({ ...closes, slot: 4_000, sequence: 10 ** 6 })))).to.equal("accepted");
      const flips = lots === 2_000;
      expect(world.lots(1)).to.equal(flips ? -1_000 : 1_000);
      expect(world.lots(2)).to.equal(flips ? -10 : -2_010);
      expect(world.state.engine.book.live(1, resting)).to.equal(NIL);
      expect(world.state.ledger.shared.grossOpenInterestLots[BTC]).to.equal(flips ? 2_020n : 4_020n);
      world.epoch({}, retired);
      expect(world.state.ledger.shared.grossOpenInterestLots[BTC]).to.equal(0n);
      expect(audit(world.state.ledger)).to.deep.equal([]);
    }
  });

  it("loses its orders, and turns its positions into money at its price, both told", () => {
    const world = longOfOne(8_000);
    const slot = world.rest(3, "buy", 10, 64_000);
    const before = world.value(1) + world.value(2);
    const outcome = world.epoch({ [BTC]: "64000.0" }, retired);
    const settled = outcome.events.filter(({ event }) => event.type === "position-settled");
    expect(settled.map(({ event }) => event)).to.deep.equal([
      { type: "position-settled", account: 1, market: BTC, sizeLots: COIN, priceTicks: 640_000 },
      { type: "position-settled", account: 2, market: BTC, sizeLots: -COIN, priceTicks: 640_000 },
    ]);
    for (const { event, step: number } of settled) {
      const proving = outcome.steps.find((candidate) => candidate.number === number)?.step;
      expect(proving).to.deep.equal({ kind: "touch", account: event.type === "position-settled" && event.account });
    }
    expect(eventsOf(outcome).find((event) => event.type === "removed")).to.include({ slot, reason: "market-retired" });
    expect(world.value(1) + world.value(2)).to.equal(before);
    expect([world.lots(1), world.lots(2)]).to.deep.equal([0, 0]);
    expect(world.state.ledger.has(INSURANCE_ACCOUNT)).to.equal(true);
    expect(audit(world.state.ledger)).to.deep.equal([]);
  });
});
