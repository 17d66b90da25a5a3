import { expect } from "chai";
import { compileEpoch } from "../../matcher/risk/epoch-terms.ts";
import { accountFigures, allPositionFigures, positionFigures } from "../../matcher/risk/figures.ts";
import { sampleEpoch, sizes } from "./sample-epoch.ts";

const MICRO = 1_000_000n;
const terms = compileEpoch(sampleEpoch([{}, { priceTicks: 50 }, { restricted: true }]));

describe("figures of an account", () => {
  it("of a flat one are its collateral and nothing else", () => {
    expect(accountFigures(terms, { collateralPicoUsd: 7n * MICRO + 5n, sizesLots: sizes() })).to.deep.equal({
      valuePicoUsd: 7n * MICRO + 5n,
      initialPicoUsd: 0n,
      maintenancePicoUsd: 0n,
      freePicoUsd: 7n * MICRO + 5n,
      withdrawableMicroUsdFloor: 7n,
      marginRatioPpmCeil: 0n,
      leveragePpmCeil: 0n,
      liquidatable: false,
    });
  });

  it("add up over markets, rounded against the trader", () => {
    // 5 long at 100, 4 short at 50: notional 700, initial 70, maintenance 35.
    const figures = accountFigures(terms, { collateralPicoUsd: 0n, sizesLots: sizes(5, -4) });
    expect(figures).to.deep.equal({
      valuePicoUsd: 300n * MICRO,
      initialPicoUsd: 70n * MICRO,
      maintenancePicoUsd: 35n * MICRO,
      freePicoUsd: 230n * MICRO,
      withdrawableMicroUsdFloor: 230n,
      marginRatioPpmCeil: 116_667n,
      leveragePpmCeil: 2_333_334n,
      liquidatable: false,
    });
  });

  it("turn liquidatable with one pico-USD less than maintenance", () => {
    const at = (value: bigint) =>
      accountFigures(terms, { collateralPicoUsd: value - 500n * MICRO, sizesLots: sizes(5) });
    expect(at(25n * MICRO)).to.deep.include({ liquidatable: false, marginRatioPpmCeil: 1_000_000n, freePicoUsd: 0n });
    expect(at(25n * MICRO - 1n)).to.deep.include({ liquidatable: true, marginRatioPpmCeil: 1_000_001n });
    expect(at(0n)).to.deep.include({ liquidatable: true, marginRatioPpmCeil: null, leveragePpmCeil: null });
    expect(at(-1n)).to.deep.include({ marginRatioPpmCeil: null, leveragePpmCeil: null, withdrawableMicroUsdFloor: 0n });
  });

  it("let nothing leave while there is a position in a restricted market, though it is free", () => {
    const position = { collateralPicoUsd: 900n * MICRO, sizesLots: sizes(1, 0, 1) };
    expect(accountFigures(terms, position)).to.deep.include({
      freePicoUsd: 1_080n * MICRO,
      withdrawableMicroUsdFloor: 0n,
    });
    expect(accountFigures(terms, { ...position, sizesLots: sizes(1) }).withdrawableMicroUsdFloor).to.equal(990n);
  });
});

describe("figures of a position", () => {
  it("are its own parts of the account's, with the liquidation price", () => {
    const position = { collateralPicoUsd: -475n * MICRO, sizesLots: sizes(5) };
    expect(positionFigures(terms, position, 0)).to.deep.equal({
      market: 0,
      sizeLots: 5n,
      valuePicoUsd: 500n * MICRO,
      initialPicoUsd: 50n * MICRO,
      maintenancePicoUsd: 25n * MICRO,
      leveragePpmCeil: 20_000_000n,
      liquidationPriceTicks: 100n,
    });
  });

  it("are listed for every market with a position, and sum to the account's", () => {
    const position = { collateralPicoUsd: 100n * MICRO, sizesLots: sizes(5, -4, 1) };
    const all = allPositionFigures(terms, position);
    const account = accountFigures(terms, position);
    expect(all.map(({ market }) => market)).to.deep.equal([0, 1, 2]);
    const sum = (pick: (figures: (typeof all)[number]) => bigint) => all.reduce((total, one) => total + pick(one), 0n);
    expect(sum((one) => one.valuePicoUsd) + position.collateralPicoUsd).to.equal(account.valuePicoUsd);
    expect(sum((one) => one.initialPicoUsd)).to.equal(account.initialPicoUsd);
    expect(sum((one) => one.maintenancePicoUsd)).to.equal(account.maintenancePicoUsd);
  });

  it("say nothing of a liquidation price where no price would liquidate", () => {
    const position = { collateralPicoUsd: 1_000n * MICRO, sizesLots: sizes(5) };
    expect(positionFigures(terms, position, 0).liquidationPriceTicks).to.equal(null);
  });
});
