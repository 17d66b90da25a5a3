import { expect } from "chai";
import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { RequestKind, RequestOutcome } from "../../matcher/protocol/queue-chain.ts";
import { type Closing, closedPosition } from "../../matcher/risk/bankruptcy.ts";
import { compileEpoch, type EpochTerms } from "../../matcher/risk/epoch-terms.ts";
import { exitPriceTicksSafeSide, exitQuoteMicroUsdSafeSide } from "../../matcher/risk/exit-price.ts";
import { largestForcedCloseLots } from "../../matcher/risk/forced-close-quantity.ts";
import { marginOf, type Position } from "../../matcher/risk/margin.ts";
import {
  type ClosingRequest,
  exitFillRefusal,
  exitPayoutMicroUsdFloor,
  forcedCloseRefusal,
  outcomeHolds,
  requestOutcome,
} from "../../matcher/risk/request-rules.ts";
import { sampleEpoch, sizes } from "./sample-epoch.ts";

const MICRO = 1_000_000n;

/** Price 100, 5 % maintenance, band 90 … 110 as everywhere; the haircut is 3 %. Market 1 has a price of 50. */
const termsWith = (market: Partial<EpochMarket> = {}, other: Partial<EpochMarket> = {}): EpochTerms =>
  compileEpoch(
    sampleEpoch([
      { exitHaircutPpm: 30_000, ...market },
      { priceTicks: 50, ...other },
    ]),
  );

for (const { name, side, sign } of [
  { name: "a long", side: "sell", sign: 1n },
  { name: "a short", side: "buy", sign: -1n },
] as const) {
  /** So many lots at 100, other ones at 50, and a value in pico-USD. */
  const held = (valuePicoUsd: bigint, lots = 10, other = 0): Position => ({
    collateralPicoUsd: valuePicoUsd - sign * BigInt(lots) * 100n * MICRO - BigInt(other) * 50n * MICRO,
    sizesLots: sizes(Number(sign) * lots, other),
  });
  /** At so many micro-USD a row better than the index price. */
  const row = (quantityLots: bigint, betterMicroUsd: bigint, fields: Partial<Closing> = {}): Closing => ({
    market: 0,
    side,
    quantityLots,
    quoteMicroUsd: quantityLots * 100n + sign * betterMicroUsd,
    ...fields,
  });
  const other = side === "sell" ? ("buy" as const) : ("sell" as const);

  describe(`rules of requests on ${name}`, () => {
    const fill = (start: Position, closing: Closing, terms = termsWith()) =>
      exitFillRefusal(terms, { start, final: closedPosition(start, closing, 0n) }, closing);

    it("4: an exit fill at the haircut, and not a micro-USD beyond", () => {
      expect(fill(held(500n * MICRO), row(10n, -30n))).to.equal(undefined);
      expect(fill(held(500n * MICRO), row(10n, -31n))).to.equal("exit-price");
      expect(fill(held(500n * MICRO), row(10n, 0n), termsWith({ exitHaircutPpm: 0 }))).to.equal(undefined);
      expect(fill(held(500n * MICRO), row(10n, -1n), termsWith({ exitHaircutPpm: 0 }))).to.equal("exit-price");
      // Nothing is lost to rounding: 3 lots may lose 9 micro-USD of 300, a millionth less haircut allows 8.
      expect(fill(held(500n * MICRO), row(3n, -9n))).to.equal(undefined);
      expect(fill(held(500n * MICRO), row(3n, -9n), termsWith({ exitHaircutPpm: 29_999 }))).to.equal("exit-price");
    });

    it("4: within the band, whatever the haircut, and better than the price as far as the band goes", () => {
      const wide = termsWith({ exitHaircutPpm: 50_000, priceMinTicks: 97, priceMaxTicks: 103 });
      expect(fill(held(500n * MICRO), row(10n, -30n), wide)).to.equal(undefined);
      expect(fill(held(500n * MICRO), row(10n, -31n), wide)).to.equal("price-band");
      expect(fill(held(500n * MICRO), row(10n, 100n))).to.equal(undefined);
      expect(fill(held(500n * MICRO), row(10n, 101n))).to.equal("price-band");
    });

    it("a row closes at least one lot and no more than there is, on its own side", () => {
      expect(fill(held(500n * MICRO), row(0n, 0n))).to.equal("quantity");
      expect(fill(held(500n * MICRO), row(10n, 0n))).to.equal(undefined);
      expect(fill(held(500n * MICRO), row(11n, 0n))).to.equal("not-a-reduction");
      expect(fill(held(500n * MICRO), { ...row(1n, 0n), side: other })).to.equal("not-a-reduction");
    });

    it("nothing is closed while a position is in a silent market, this or another", () => {
      expect(fill(held(500n * MICRO), row(1n, 0n), termsWith({ restricted: true }))).to.equal("restricted-position");
      const elsewhere = termsWith({}, { restricted: true });
      expect(fill(held(500n * MICRO), row(1n, 0n), elsewhere)).to.equal(undefined);
      expect(fill(held(500n * MICRO, 10, 1), row(1n, 0n), elsewhere)).to.equal("restricted-position");
    });

    it("the maintenance ratio never falls: a healthy account's cannot, one below it stops at its own", () => {
      // TV 50 of 50 at 3 % of 10: 20 of 0.
      expect(fill(held(50n * MICRO), row(10n, -30n))).to.equal(undefined);
      // 29 of 50: a lot gives 0.58 of its own ratio, not 3.
      expect(fill(held(29n * MICRO), row(10n, -29n))).to.equal(undefined);
      expect(fill(held(29n * MICRO), row(10n, -30n))).to.equal("below-maintenance-ratio");
      expect(fill(held(29n * MICRO), row(5n, -14n))).to.equal(undefined);
      expect(fill(held(29n * MICRO), row(5n, -15n))).to.equal("below-maintenance-ratio");
    });

    const against = (valuePicoUsd: bigint, lots = 10, else_ = 0): Position => ({
      collateralPicoUsd: valuePicoUsd + sign * BigInt(lots) * 100n * MICRO - BigInt(else_) * 50n * MICRO,
      sizesLots: sizes(-Number(sign) * lots, else_),
    });
    const close = (
      request: ClosingRequest,
      start: Position,
      counterparty: Position,
      closing: Closing,
      terms = termsWith(),
    ) =>
      forcedCloseRefusal(
        terms,
        request,
        { start, final: closedPosition(start, closing, 0n) },
        { start: counterparty, final: closedPosition(counterparty, { ...closing, side: other }, 0n) },
        closing,
      );

    it("5: an exit closes at exactly the haircut, the fraction in its favour", () => {
      const rich = against(500n * MICRO);
      const exit = (closing: Closing, terms = termsWith()) =>
        close("forcedExit", held(500n * MICRO), rich, closing, terms);
      expect(exit(row(10n, -30n))).to.equal(undefined);
      expect(exit(row(10n, -31n))).to.equal("forced-close-price");
      expect(exit(row(10n, -29n))).to.equal("forced-close-price");
      // 2.9999 % of 10 lots is 29.999: 29 it is.
      const fraction = termsWith({ exitHaircutPpm: 29_999 });
      expect(exit(row(10n, -29n), fraction)).to.equal(undefined);
      expect(exit(row(10n, -30n), fraction)).to.equal("forced-close-price");
      expect(exitQuoteMicroUsdSafeSide(fraction, row(10n, 0n))).to.equal(1_000n - sign * 29n);
      expect(exitPriceTicksSafeSide(fraction, 0, side)).to.equal(100n - sign * 2n);
    });

    it("5: a counterparty only reduces, and need not be healthy to serve", () => {
      const exit = (counterparty: Position, closing = row(10n, -30n)) =>
        close("forcedExit", held(500n * MICRO), counterparty, closing);
      expect(exit(against(0n))).to.equal(undefined);
      expect(exit(against(49n * MICRO))).to.equal(undefined);
      expect(exit(against(500n * MICRO, 9))).to.equal("counterparty-not-a-reduction");
      expect(exit(against(500n * MICRO, -10))).to.equal("counterparty-not-a-reduction");
      // Half of a bankrupt position: the ratio holds while the gain of 15 of −30 is the margin's half, to the pico-USD.
      const half = row(5n, -15n);
      expect(exit(against(-30n * MICRO), half)).to.equal(undefined);
      expect(exit(against(-30n * MICRO - 1n), half)).to.equal("counterparty-maintenance-ratio");
    });

    it("5: not even that of one whom a silent market makes unknown", () => {
      const terms = termsWith({}, { restricted: true });
      const exit = (counterparty: Position) =>
        close("forcedExit", held(500n * MICRO), counterparty, row(5n, -15n), terms);
      expect(exit(against(-900n * MICRO))).to.equal("counterparty-maintenance-ratio");
      expect(exit(against(-900n * MICRO, 10, 1))).to.equal(undefined);
    });

    it("5: a liquidation request closes at the index price, below maintenance, and no lot more than restores it", () => {
      const liquidate = (valuePicoUsd: bigint, closing: Closing) =>
        close("liquidationRequest", held(valuePicoUsd), against(500n * MICRO), closing);
      expect(liquidate(50n * MICRO - 1n, row(1n, 0n))).to.equal(undefined);
      expect(liquidate(50n * MICRO, row(1n, 0n))).to.equal("maintenance-met");
      expect(liquidate(40n * MICRO, row(2n, 0n))).to.equal(undefined);
      expect(liquidate(40n * MICRO, row(3n, 0n))).to.equal("least-quantity");
      expect(liquidate(40n * MICRO - 1n, row(3n, 0n))).to.equal(undefined);
      expect(liquidate(40n * MICRO, row(2n, -1n))).to.equal("forced-close-price");
      expect(liquidate(40n * MICRO, row(2n, 1n))).to.equal("forced-close-price");
      expect(liquidate(0n, row(10n, 0n))).to.equal(undefined);
      // What is bankrupt is deleveraged.
      expect(liquidate(-1n, row(10n, 0n))).to.equal("below-maintenance-ratio");
      expect(liquidate(-1n, row(9n, 0n))).to.equal("below-maintenance-ratio");
    });

    it("as many lots are asked for as both hold, for a liquidation as many as restore the account", () => {
      const lots = (request: ClosingRequest, valuePicoUsd: bigint, theirs: bigint) => {
        const position = held(valuePicoUsd);
        const size = position.sizesLots[0] as bigint;
        return largestForcedCloseLots(termsWith(), request, 0, marginOf(termsWith(), position), size, -sign * theirs);
      };
      expect(lots("forcedExit", 500n * MICRO, 4n)).to.equal(4n);
      expect(lots("forcedExit", 500n * MICRO, 40n)).to.equal(10n);
      expect(lots("forcedExit", 500n * MICRO, -4n)).to.equal(0n);
      expect(lots("forcedExit", 500n * MICRO, 0n)).to.equal(0n);
      expect(lots("liquidationRequest", 40n * MICRO, 40n)).to.equal(2n);
      expect(lots("liquidationRequest", 40n * MICRO - 1n, 40n)).to.equal(3n);
      expect(lots("liquidationRequest", 40n * MICRO, 1n)).to.equal(1n);
      expect(lots("liquidationRequest", 50n * MICRO, 40n)).to.equal(0n);
      expect(lots("liquidationRequest", 0n, 40n)).to.equal(10n);
    });
  });
}

describe("outcomes of requests", () => {
  const flat = (valuePicoUsd: bigint): Position => ({ collateralPicoUsd: valuePicoUsd, sizesLots: sizes() });
  const long = (valuePicoUsd: bigint): Position => ({
    collateralPicoUsd: valuePicoUsd - 1_000n * MICRO,
    sizesLots: sizes(10),
  });
  const all: readonly RequestOutcome[] = ["done", "inapplicable", "advanced"];
  const allowed = (request: RequestKind, final: Position, closed: boolean, terms = termsWith()) =>
    all.filter((outcome) => outcomeHolds(terms, { request, final, closed }, outcome));
  const silent = termsWith({ restricted: true });

  it("a cancel-all and a rotation are done, whatever the account is", () => {
    for (const request of ["cancelAll", "keyRotation"] as const) {
      for (const final of [flat(-5n), flat(0n), long(-MICRO), long(900n * MICRO)]) {
        expect(allowed(request, final, false, silent)).to.deep.equal(["done"]);
      }
    }
  });

  it("a forced exit is done when the account is flat and owes nothing, to the pico-USD", () => {
    expect(allowed("forcedExit", flat(0n), false)).to.deep.equal(["done"]);
    expect(allowed("forcedExit", flat(0n), true)).to.deep.equal(["done", "advanced"]);
    expect(allowed("forcedExit", flat(-1n), false)).to.deep.equal(["inapplicable"]);
    expect(allowed("forcedExit", long(900n * MICRO), true)).to.deep.equal(["advanced"]);
    expect(allowed("forcedExit", long(900n * MICRO), false)).to.deep.equal([]);
  });

  it("it is inapplicable below maintenance or in a silent market, and only while nothing was closed for it", () => {
    expect(allowed("forcedExit", long(50n * MICRO), false)).to.deep.equal([]);
    expect(allowed("forcedExit", long(50n * MICRO - 1n), false)).to.deep.equal(["inapplicable"]);
    expect(allowed("forcedExit", long(50n * MICRO - 1n), true)).to.deep.equal(["advanced"]);
    expect(allowed("forcedExit", long(900n * MICRO), false, silent)).to.deep.equal(["inapplicable"]);
    expect(allowed("forcedExit", long(900n * MICRO), true, silent)).to.deep.equal(["advanced"]);
  });

  it("a liquidation request is done at maintenance, to the pico-USD, and inapplicable in a silent market", () => {
    expect(allowed("liquidationRequest", long(50n * MICRO), false)).to.deep.equal(["done"]);
    expect(allowed("liquidationRequest", long(50n * MICRO - 1n), false)).to.deep.equal([]);
    expect(allowed("liquidationRequest", long(50n * MICRO - 1n), true)).to.deep.equal(["advanced"]);
    expect(allowed("liquidationRequest", long(50n * MICRO), false, silent)).to.deep.equal(["inapplicable"]);
    expect(allowed("liquidationRequest", long(0n), false, silent)).to.deep.equal(["inapplicable"]);
    expect(allowed("liquidationRequest", flat(0n), false)).to.deep.equal(["done"]);
  });

  it("what is chosen is that it is over, wherever that holds", () => {
    const chosen = (final: Position, closed: boolean) =>
      requestOutcome(termsWith(), { request: "forcedExit", final, closed });
    expect(chosen(flat(5n), true)).to.equal("done");
    expect(chosen(long(900n * MICRO), true)).to.equal("advanced");
    expect(chosen(long(900n * MICRO), false)).to.equal(undefined);
  });

  it("an exit pays the collateral without the fraction of a micro-USD", () => {
    expect(exitPayoutMicroUsdFloor(flat(3n * MICRO))).to.equal(3n);
    expect(exitPayoutMicroUsdFloor(flat(3n * MICRO - 1n))).to.equal(2n);
    expect(exitPayoutMicroUsdFloor(flat(MICRO - 1n))).to.equal(0n);
  });
});
