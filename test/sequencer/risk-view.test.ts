import { expect } from "chai";
import { atRiskView, deleveragingRanks } from "../../matcher/sequencer/risk-view.ts";
import { BTC, ETH } from "./exchange-fixture.ts";
import { COIN, LiquidationWorld, USD } from "./liquidation-fixture.ts";

describe("views of risk", () => {
  it("show who is at risk, in the order of liquidation, with value and requirement", () => {
    const world = new LiquidationWorld([4_050, 4_000, 500_000]);
    world.trade(1, 3, COIN);
    world.trade(2, 3, COIN);
    expect(atRiskView(world.state)).to.deep.equal([]);
    world.epoch({ [BTC]: "62800.0" });
    const maintenanceMarginPicoUsd = 1_884n * USD;
    expect(atRiskView(world.state)).to.deep.equal([
      { account: 2, equityPicoUsd: (17_675n * USD) / 10n, maintenanceMarginPicoUsd },
      { account: 1, equityPicoUsd: (18_175n * USD) / 10n, maintenanceMarginPicoUsd },
    ]);
  });

  it("show an account's rank in every market in which it holds a position, by side", () => {
    const world = new LiquidationWorld([10_000, 20_000, 30_000, 500_000]);
    for (const long of [1, 2, 3]) world.trade(long, 4, COIN);
    world.trade(4, 1, 10, 3_000, ETH, 0.01);
    const ranks = (account: number) =>
      deleveragingRanks(world.state, account).map(({ market, side, position, holders, quintile }) => [
        market,
        side,
        position,
        holders,
        quintile,
      ]);
    expect(ranks(1)).to.deep.equal([
      [BTC, "long", 1, 3, 5],
      [ETH, "short", 1, 1, 5],
    ]);
    expect(ranks(3)).to.deep.equal([[BTC, "long", 3, 3, 2]]);
    expect(ranks(4)).to.deep.equal([
      [BTC, "short", 1, 1, 5],
      [ETH, "long", 1, 1, 5],
    ]);
    expect(deleveragingRanks(world.state, 0)).to.deep.equal([]);
    expect(() => deleveragingRanks(world.state, 99)).to.throw(RangeError);
  });

  it("follow trades, deposits and prices", () => {
    const world = new LiquidationWorld([10_000, 20_000, 500_000]);
    world.trade(1, 3, COIN);
    world.trade(2, 3, COIN);
    const position = (account: number) => deleveragingRanks(world.state, account)[0]?.position;
    expect([position(1), position(2)]).to.deep.equal([1, 2]);
    world.trade(2, 3, 2 * COIN);
    expect([position(1), position(2)]).to.deep.equal([2, 1]);
    const deposit = {
      kind: "deposit",
      minSequence: 0,
      account: 2,
      amountMicroUsd: 60_000_000_000n,
      owner: 0n,
      ax: 0n,
      ay: 0n,
    } as const;
    world.run({ type: "queue", entry: deposit, cursor: world.state.ledger.shared.queueCursor });
    expect([position(1), position(2)]).to.deep.equal([1, 2]);
    world.trade(3, 1, COIN);
    expect([position(1), position(2)]).to.deep.equal([undefined, 1]);
    world.trade(1, 3, 10_000);
    expect([position(1), position(2)]).to.deep.equal([2, 1]);
    world.epoch({ [BTC]: "62000.0" });
    expect([position(1), position(2)]).to.deep.equal([2, 1]);
  });
});
