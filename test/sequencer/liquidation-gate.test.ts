import { expect } from "chai";
import type { ProposedFill } from "../../matcher/book/fill-gate.ts";
import { Backlog } from "../../matcher/sequencer/backlog.ts";
import { BTC } from "./exchange-fixture.ts";
import { COIN, LiquidationWorld } from "./liquidation-fixture.ts";

const INDEX_TICKS = 628_000;

/** Account 1 is long a bitcoin and below maintenance margin; 3 and 4 have bids that nothing has met. */
function atRisk() {
  const world = new LiquidationWorld([4_000, 100_000, 100_000, 5_000]);
  world.trade(1, 2, COIN);
  world.trade(4, 2, COIN);
  const slot = world.rest(3, "buy", COIN, 62_000);
  const poor = world.rest(4, "buy", COIN / 2, 61_000);
  world.epoch({ [BTC]: "62800.0" });
  return { world, gate: world.state.gate, slot, poor };
}

function lotsAt({ gate }: ReturnType<typeof atRisk>, priceTicks: number): number {
  return gate.liquidationLots(1, BTC, "sell", priceTicks);
}

function fill({ world }: ReturnType<typeof atRisk>, maker: number, slot: number, quantityLots: number): ProposedFill {
  const order = world.state.gate.signedOrder(maker, slot);
  if (order === undefined) throw new Error(`no order of ${maker} on slot ${slot}`);
  return {
    market: BTC,
    priceTicks: INDEX_TICKS,
    quantityLots,
    takerSide: "sell",
    makerAccount: maker,
    makerSlot: slot,
    makerSequence: order.sequence,
    makerKeepFilled: false,
    takerAccount: 1,
    takerSlot: -1,
    takerSequence: 0,
    takerKeepFilled: false,
    liquidation: true,
    exit: false,
  };
}

describe("the gate of a liquidation", () => {
  it("allows the least lots at a price, none below the fillable price and none once the account is restored", () => {
    const at = atRisk();
    // D = −116.50; a lot adds 3 % of 0.628 less 0.5 % of the price.
    expect(lotsAt(at, INDEX_TICKS)).to.equal(Math.ceil(116.5 / (0.628 * 0.025)));
    expect(lotsAt(at, INDEX_TICKS - 500)).to.be.greaterThan(lotsAt(at, INDEX_TICKS));
    // 116.50 of 1,884 missing: 1.5 · 3 % · 6.18 % of the price, 174.75 USD and no tick further.
    const limitTicks = INDEX_TICKS - 1_747;
    expect(lotsAt(at, limitTicks)).to.be.greaterThan(0);
    expect(lotsAt(at, limitTicks - 1)).to.equal(0);
    at.world.run({
      type: "queue",
      entry: { kind: "deposit", minSequence: 0, account: 1, amountMicroUsd: 116_500_000n, owner: 0n, ax: 0n, ay: 0n },
      cursor: at.world.state.ledger.shared.queueCursor,
    });
    expect(at.world.excess(1)).to.equal(0n);
    expect(lotsAt(at, INDEX_TICKS)).to.equal(0);
  });

  it("allows at a price below the bankruptcy quote what the fund can pay for", () => {
    const world = new LiquidationWorld([4_000, 100_000], 100);
    world.trade(1, 2, COIN);
    world.epoch({ [BTC]: "61100.0" });
    // TV = 67.50: a bitcoin sold 100 USD below the index price is 32.50 short, 1,100 USD below it 1,032.50.
    const lots = (priceTicks: number) => world.state.gate.liquidationLots(1, BTC, "sell", priceTicks);
    expect(lots(610_000)).to.equal(COIN);
    expect(lots(600_000)).to.equal(Math.floor((100 / 1_032.5) * COIN));
    const empty = new LiquidationWorld([4_000, 100_000], 0);
    empty.trade(1, 2, COIN);
    empty.epoch({ [BTC]: "61100.0" });
    expect(empty.state.gate.liquidationLots(1, BTC, "sell", 610_325)).to.equal(COIN);
    expect(empty.state.gate.liquidationLots(1, BTC, "sell", 610_324)).to.equal(0);
  });

  it("blames the account for a lot more than restores it, and takes the one before", () => {
    const at = atRisk();
    const least = lotsAt(at, INDEX_TICKS);
    const { gate, world } = at;
    const slot = world.rest(3, "buy", COIN, 62_800);
    expect(gate.check(fill(at, 3, slot, least + 1))).to.equal("taker-unprovable");
    expect(gate.check(fill(at, 3, slot, least))).to.equal("ok");
  });

  it("blames the maker that the fill would leave short of initial margin", () => {
    const at = atRisk();
    const slot = at.world.rest(2, "buy", 10, 62_800);
    expect(at.gate.check(fill(at, 2, slot, 10))).to.equal("ok");
    expect(at.gate.check({ ...fill(at, 4, at.poor, 10), priceTicks: 610_000 })).to.equal("maker-margin");
  });

  it("costs the provers rows: two a liquidation, one a deleveraging", () => {
    const world = new LiquidationWorld([7_000, 100_000, 100_000]);
    world.trade(1, 2, 2 * COIN);
    world.rest(3, "buy", COIN, 61_000);
    const { steps } = world.epoch({ [BTC]: "61000.0" });
    expect(steps.map(({ step }) => step.kind)).to.deep.equal(["epoch", "liquidation", "deleveraging"]);
    const backlog = new Backlog();
    backlog.emitted(steps);
    expect(backlog.unprovenRows).to.equal(3);
    backlog.provenThrough(steps[1]?.number ?? 0);
    expect(backlog.unprovenRows).to.equal(1);
  });
});
