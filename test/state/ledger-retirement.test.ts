import { expect } from "chai";
import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import { audit } from "../../matcher/state/ledger-audit.ts";
import { decodeSnapshot, encodeSnapshot } from "../../matcher/state/ledger-snapshot.ts";
import { sampleEpoch } from "../risk/sample-epoch.ts";
import { deposit, fill, message, order, sampleLedger } from "./sample-ledger.ts";

const MICRO = 1_000_000n;
const RETIRED: Partial<EpochMarket> = {
  priceTicks: 103,
  retired: true,
  priceMinTicks: 1,
  priceMaxTicks: 0,
  grossOpenInterestCapLots: 0n,
};
const retirement = (fields: Partial<EpochMarket> = {}, number = 2) =>
  sampleEpoch(
    [
      { ...RETIRED, ...fields },
      { priceTicks: 50, priceMinTicks: 1 },
    ],
    { number },
  );

/** 1 is short by ten and 2 long, at 100; 3 is long by four in another market, against 2. */
function traded() {
  const { ledger } = sampleLedger();
  ledger.applyFill(fill({ quantityLots: 10 }));
  const maker = order({ account: 2, side: "sell", market: 1, slot: 1 });
  ledger.applyFill(
    fill({ maker, taker: order({ account: 3, side: "buy", market: 1 }), priceTicks: 50, quantityLots: 4 }),
  );
  return ledger;
}

describe("ledger: a market that is retired", () => {
  it("has every holder touched when the epoch opens, and nobody else", () => {
    const ledger = traded();
    const epoch = retirement();
    expect(ledger.openEpoch(epoch, 5n)).to.deep.equal([
      { kind: "epoch", epoch, fundingDigest: 5n },
      { kind: "touch", account: 1 },
      { kind: "touch", account: 2 },
    ]);
    expect([ledger.positionLots(1, 0), ledger.positionLots(2, 0)]).to.deep.equal([0, 0]);
    expect(ledger.leafOf(1).collateralPicoUsd).to.equal((1000n + 1000n - 1030n) * MICRO);
    expect(ledger.leafOf(2).collateralPicoUsd).to.equal((1000n - 1000n + 1030n + 200n) * MICRO);
    expect(ledger.shared.grossOpenInterestLots.slice(0, 2)).to.deep.equal([0n, 8n]);
    expect(ledger.shared.epochStartOpenInterestLots.slice(0, 2)).to.deep.equal([20n, 8n]);
    expect([ledger.holdersOf(0), ledger.holdersOf(1)]).to.deep.equal([[], [2, 3]]);
    expect(audit(ledger)).to.deep.equal([]);
  });

  it("touches nobody twice", () => {
    const ledger = traded();
    ledger.openEpoch(retirement());
    expect(ledger.openEpoch(retirement({}, 3))).to.have.length(1);
    const again = decodeSnapshot(encodeSnapshot(ledger));
    expect(again.openEpoch(retirement({}, 4))).to.have.length(1);
    expect(audit(again)).to.deep.equal([]);
  });

  it("settles funding before it settles positions", () => {
    const ledger = traded();
    ledger.openEpoch(retirement({ fundingIndexPicoUsd: 7n }));
    expect(ledger.leafOf(1).collateralPicoUsd).to.equal(970n * MICRO + 70n);
    expect(ledger.leafOf(2).collateralPicoUsd).to.equal(1230n * MICRO - 70n);
    expect(audit(ledger)).to.deep.equal([]);
  });

  it("settles who is left with less than nothing", () => {
    const ledger = traded();
    ledger.openEpoch(retirement({ priceTicks: 250 }));
    expect(ledger.marginOf(1).valuePicoUsd).to.equal(-500n * MICRO);
    expect(audit(ledger)).to.deep.equal([]);
  });

  it("trades no more, and leaves the rest as it is", () => {
    const ledger = traded();
    ledger.openEpoch(retirement());
    const closed = fill({ maker: order({ account: 1, side: "sell", slot: 5 }) });
    expect(ledger.checkFill(closed)).to.equal("taker-refused:market-not-live");
    const taker = order({ account: 1, side: "buy", market: 1, slot: 5 });
    const open = fill({ maker: order({ account: 3, side: "sell", market: 1, slot: 5 }), taker, priceTicks: 50 });
    ledger.applyFill(open);
    expect(ledger.shared.grossOpenInterestLots.slice(0, 2)).to.deep.equal([0n, 8n]);
    expect(audit(ledger)).to.deep.equal([]);
  });

  it("leaves who cannot be stored as it is, and refuses whatever would touch it", () => {
    const { ledger } = sampleLedger([2n ** 40n, 2n ** 40n, 0n], [{ priceTicks: 1, priceMinTicks: 1 }]);
    ledger.applyFill(fill({ priceTicks: 1, quantityLots: 2 ** 35 }));
    // Funding of 2^97 pico-USD either way.
    expect(ledger.openEpoch(retirement({ fundingIndexPicoUsd: 2n ** 62n }))).to.have.length(1);
    expect(ledger.shared.grossOpenInterestLots[0]).to.equal(2n ** 36n);
    expect(ledger.holdersOf(0)).to.deep.equal([1, 2]);
    const cancel = message({ kind: "cancel" as const, account: 1, slot: 5, sequence: 9 });
    expect(ledger.checkCancel(cancel)).to.equal("collateral-range");
    expect(() => ledger.applyDeposit(deposit(2, 1n))).to.throw(RangeError, "cannot hold");
    // Nothing is lost: in another epoch they can be touched.
    expect(ledger.openEpoch(retirement({ fundingIndexPicoUsd: 2n ** 60n }, 3))).to.have.length(3);
    expect(ledger.shared.grossOpenInterestLots[0]).to.equal(0n);
    expect(audit(ledger)).to.deep.equal([]);
  });
});
