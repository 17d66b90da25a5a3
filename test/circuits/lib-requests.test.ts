import { expect } from "chai";
import { FIELD_ORDER, MARKETS } from "../../matcher/protocol/spec.ts";
import { Gadget, type GadgetInput } from "./lib-gadget.ts";

const field = (x: bigint) => ((x % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;
const two = (bits: number) => 1n << BigInt(bits);
const only = (index: number, value: bigint, length = MARKETS) => new Array<bigint>(length).fill(0n).with(index, value);

type Signals = Record<string, bigint | readonly bigint[]>;
const input = (signals: Signals): GadgetInput =>
  Object.fromEntries(
    Object.entries(signals).map(([name, x]) => [name, typeof x === "bigint" ? field(x) : x.map(field)]),
  );

/** The templates of requests by themselves: whatever the prover chooses, at each bound and one beyond. */
describe("circuit gadgets: requests", function () {
  this.timeout(240_000);

  describe("Request", () => {
    let gadget: Gadget;
    before(async () => {
      gadget = await Gadget.build("rows/request.circom", "Request(2)");
    });
    const slots = {
      slotAccount: [4n, 9n],
      slotAx: [41n, 91n],
      slotAy: [42n, 92n],
      slotMinSequence: [5n, 50n],
    };
    const kinds = { isForcedExit: 0n, isKeyRotation: 0n, isLiquidationRequest: 0n, isCancelAll: 0n };
    const none = { ...slots, ...kinds, account: 0n, minSequence: 0n, ax: 0n, ay: 0n };
    const cancelAll = { ...none, isCancelAll: 1n, account: 9n, minSequence: 60n };
    /** Every witness: outcome, choice, and what it does to both slots. */
    const witnesses = (signals: Signals) =>
      gadget.solutions(input(signals)).map((solution) => {
        const read = (name: string) => gadget.read(solution, name);
        return {
          outcome: [...read("outcomeLow"), ...read("outcomeHigh")].join(""),
          choice: read("choice").join(""),
          deltas: ["minSequenceDelta", "axDelta", "ayDelta"].map((name) => read(name).join(" ")),
        };
      });

    it("without one there is no outcome, no slot and no effect", () => {
      expect(witnesses(none)).to.deep.equal([{ outcome: "00", choice: "00", deltas: ["0 0", "0 0", "0 0"] }]);
      for (const [name, value] of Object.entries({ account: 4n, outcomeLow: 1n, outcomeHigh: 1n, raises: 1n })) {
        expect(witnesses({ ...none, [name]: value }), name).to.deep.equal([]);
      }
    });
    it("finds its account's slot, and lifts its minimum sequence alone", () => {
      expect(witnesses(cancelAll)).to.deep.equal([{ outcome: "10", choice: "01", deltas: ["0 10", "0 0", "0 0"] }]);
      expect(witnesses({ ...cancelAll, minSequence: 49n })).to.deep.equal([
        { outcome: "10", choice: "01", deltas: ["0 0", "0 0", "0 0"] },
      ]);
      expect(witnesses({ ...cancelAll, account: 5n })).to.deep.equal([]);
      // Of equal ones either says nothing.
      expect(witnesses({ ...cancelAll, minSequence: 50n }).map(({ deltas }) => deltas[0])).to.deep.equal([
        "0 0",
        "0 0",
      ]);
    });
    it("puts a rotation's key in the place of the old one", () => {
      const rotation = { ...cancelAll, isCancelAll: 0n, isKeyRotation: 1n, ax: 1_000n, ay: 2_000n };
      expect(witnesses(rotation)).to.deep.equal([{ outcome: "10", choice: "01", deltas: ["0 10", "0 909", "0 1908"] }]);
    });
    it("leaves the prover every outcome of an exit and of a liquidation request, and one of the others", () => {
      const outcomes = (kind: string) =>
        witnesses({ ...cancelAll, isCancelAll: 0n, [kind]: 1n })
          .map(({ outcome }) => outcome)
          .sort();
      expect(outcomes("isForcedExit")).to.deep.equal(["01", "10", "11"]);
      expect(outcomes("isLiquidationRequest")).to.deep.equal(["01", "10", "11"]);
      expect(outcomes("isKeyRotation")).to.deep.equal(["10"]);
      expect(outcomes("isCancelAll")).to.deep.equal(["10"]);
    });
    it("a liquidation request changes no minimum", () => {
      const asked = { ...cancelAll, isCancelAll: 0n, isLiquidationRequest: 1n };
      for (const { deltas } of witnesses(asked)) expect(deltas).to.deep.equal(["0 0", "0 0", "0 0"]);
    });
    it("has bits for kinds, one at most", () => {
      for (const name of Object.keys(kinds)) {
        for (const value of [2n, -1n]) expect(witnesses({ ...none, [name]: value, account: 9n })).to.deep.equal([]);
        if (name !== "isCancelAll") expect(witnesses({ ...cancelAll, [name]: 1n })).to.deep.equal([]);
        if (name !== "isCancelAll") expect(witnesses({ ...cancelAll, isCancelAll: 2n, [name]: -1n })).to.deep.equal([]);
      }
    });
    it("keeps the head's fields to their widths", () => {
      const widest = { ...cancelAll, minSequence: two(48) - 1n };
      expect(witnesses(widest)).to.have.length(1);
      expect(witnesses({ ...widest, minSequence: two(48) })).to.deep.equal([]);
      expect(witnesses({ ...widest, minSequence: -1n })).to.deep.equal([]);
      const far = { ...cancelAll, account: two(18) - 1n, slotAccount: [4n, two(18) - 1n] };
      expect(witnesses(far)).to.have.length(1);
      expect(witnesses({ ...far, account: two(18), slotAccount: [4n, two(18)] })).to.deep.equal([]);
    });
    it("never names the insurance fund", () => {
      expect(witnesses({ ...cancelAll, account: 0n, slotAccount: [0n, 9n] })).to.deep.equal([]);
    });
  });

  describe("LiquidationRow, of a request", () => {
    let row: Gadget;
    before(async () => {
      row = await Gadget.build("rows/liquidation-row.circom", "LiquidationRow(3)");
    });
    const signals = {
      ...{ isLiquidation: 0n, isDeleveraging: 0n, isExitFill: 1n, isForcedClose: 0n },
      ...{ request: [1n, 0n], account: [1n, 0n], counterparty: [0n, 0n] },
      ...{ price: only(5, 1_000n), priceMmf: only(5, 50_000_000n), haircut: only(5, 25_000n) },
      ...{ priceMin: only(5, 950n), priceMax: only(5, 1_050n) },
      ...{ market: [1n, 0n, 1n], side: 1n, quantity: 400n, quote: 390_000n, fee: 0n, payout: 0n, covered: 0n },
    };
    const close = { ...signals, isExitFill: 0n, isForcedClose: 1n, counterparty: [0n, 1n] };
    const witnesses = (given: Signals) => row.solutions(input(given));
    const outputs = (given: Signals, name: string) => {
      const [solution, ...others] = witnesses(given);
      expect(others).to.have.length(0);
      return row.read(solution as NonNullable<typeof solution>, name);
    };

    it("an exit fill trades with the pool, a forced close with its counterparty", () => {
      expect(outputs(signals, "poolDelta")).to.deep.equal(only(5, field(-390_000n - (400n << 100n))));
      expect(outputs(close, "poolDelta")).to.deep.equal(only(0, 0n));
      for (const given of [signals, close]) {
        expect(outputs(given, "collateralDelta")).to.deep.equal([390_000_000_000n]);
        expect(outputs(given, "marketHaircut")).to.deep.equal([25_000n]);
      }
      expect(outputs(close, "counterpartyCollateralDelta")).to.deep.equal([field(-390_000_000_000n)]);
    });
    it("publishes its kind", () => {
      const tail = (1n << 4n) + (5n << 16n) + (1n << 19n) + (400n << 20n) + (390_000n << 60n);
      expect(outputs(signals, "word")).to.deep.equal([10n + tail]);
      expect(outputs(close, "word")).to.deep.equal([11n + tail + (2n << 10n)]);
    });
    it("names the request's account, whatever the prover would like", () => {
      for (const given of [signals, close]) {
        const { account: _, ...free } = given;
        expect(witnesses(free).map((solution) => row.read(solution, "account").join(""))).to.deep.equal(["10"]);
        expect(witnesses({ ...free, request: [0n, 0n] })).to.deep.equal([]);
        expect(
          witnesses({ ...free, request: [0n, 1n] }).map((solution) => row.read(solution, "account").join("")),
        ).to.deep.equal(["01"]);
      }
    });
    it("keeps to the band but for a forced close, whose quote is of 72 bits all the same", () => {
      expect(witnesses({ ...signals, quote: 379_999n })).to.deep.equal([]);
      expect(witnesses({ ...signals, quote: 420_001n })).to.deep.equal([]);
      for (const quote of [0n, 379_999n, 420_001n, two(72) - 1n]) {
        expect(witnesses({ ...close, quote }), String(quote)).to.have.length(1);
      }
      for (const quote of [-1n, two(72)]) expect(witnesses({ ...close, quote }), String(quote)).to.deep.equal([]);
    });
    it("brings neither fee nor payout, and is of one kind", () => {
      for (const given of [signals, close]) {
        for (const name of ["fee", "payout", "covered"]) expect(witnesses({ ...given, [name]: 1n })).to.deep.equal([]);
        for (const name of ["isLiquidation", "isDeleveraging", "isExitFill", "isForcedClose"]) {
          for (const value of [2n, -1n]) expect(witnesses({ ...given, [name]: value })).to.deep.equal([]);
        }
        expect(witnesses({ ...given, isLiquidation: 1n })).to.deep.equal([]);
      }
      expect(witnesses({ ...close, isExitFill: 1n })).to.deep.equal([]);
    });
  });
});
