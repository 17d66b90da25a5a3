import { expect } from "chai";
import { FIELD_ORDER, FILLED_CANCELLED } from "../../matcher/protocol/spec.ts";
import { Gadget, type GadgetInput } from "./lib-gadget.ts";

const field = (x: bigint) => ((x % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;
const two = (bits: number) => 1n << BigInt(bits);

/** Signed numbers in, field elements out. */
const input = (signals: Record<string, bigint>): GadgetInput =>
  Object.fromEntries(Object.entries(signals).map(([name, value]) => [name, field(value)]));

/** The bounds of a row, each at equality, one beyond, and beyond by what only a wrap around r would give. */
describe("circuit gadgets: rows", function () {
  this.timeout(120_000);

  it("OrderNumber drops the revision and has no witness beyond 48 bits", async () => {
    const number = await Gadget.build("rows/signed-word.circom", "OrderNumber()");
    for (const sequence of [0n, 63n, 64n, 65n, two(47), two(48) - 1n]) {
      const numbers = number.solutions({ sequence }).map((s) => number.read(s, "orderNumber")[0]);
      expect(numbers, `${sequence}`).to.deep.equal([sequence >> 6n]);
    }
    for (const sequence of [two(48), two(48) + 64n, field(-1n), field(-64n)]) {
      expect(number.solutions({ sequence }), `${sequence}`).to.have.length(0);
    }
  });

  describe("Execution", () => {
    let execution: Gadget;
    before(async () => {
      execution = await Gadget.build("rows/execution.circom", "Execution()");
    });
    /** A buy of 400 lots at the mark of 1,000 ticks, band ± 5 %. */
    const buy = {
      isOrder: 1n,
      side: 0n,
      quantity: 400n,
      quote: 400_000n,
      fee: 0n,
      limitPrice: 1_000n,
      maxFeePpm: 1_000n,
      priceMin: 950n,
      priceMax: 1_050n,
      rebateCap: 200n,
    };
    const loose = { ...buy, limitPrice: 2_000n };
    const sell = { ...buy, side: 1n };
    const looseSell = { ...sell, limitPrice: 0n };
    const most = two(40) - 1n;
    const top = two(32) - 1n;
    const widest = { ...buy, quantity: most, quote: most * top, limitPrice: top, priceMax: top, priceMin: top };
    const largestFee = most * top * (two(19) - 1n);
    const largestRebate = most * top * (two(20) - 1n);
    const allowed: [string, Record<string, bigint>][] = [
      ["a buy at its limit", buy],
      ["a sell at its limit", sell],
      ["a better price for a buy", { ...buy, quote: 399_999n }],
      ["a better price for a sell", { ...sell, quote: 400_001n }],
      ["the band's upper edge", { ...loose, quote: 420_000n }],
      ["the band's lower edge", { ...looseSell, quote: 380_000n }],
      ["the signed maximum fee", { ...buy, fee: 400_000n * 1_000n }],
      ["the largest rebate", { ...buy, fee: -400_000n * 200n }],
      ["a demanded rebate", { ...buy, maxFeePpm: -100n, fee: -400_000n * 100n }],
      ["one lot", { ...buy, quantity: 1n, quote: 1_000n }],
      ["the widest of everything", { ...widest, maxFeePpm: two(19) - 1n, fee: largestFee }],
      ["the widest rebate", { ...widest, rebateCap: two(20) - 1n, fee: -largestRebate }],
      ["a padding row in any market", { ...buy, isOrder: 0n, quantity: 0n, quote: 0n, priceMin: 1n, priceMax: 0n }],
    ];
    const refused: [string, Record<string, bigint>][] = [
      ["no lot", { ...buy, quantity: 0n, quote: 0n }],
      ["minus one lot", { ...buy, quantity: -1n, quote: -1_000n }],
      ["a quantity beyond 41 bits", { ...widest, quantity: two(41), quote: two(41) * top }],
      ["a buy one above its limit", { ...buy, quote: 400_001n }],
      ["a sell one below its limit", { ...sell, quote: 399_999n }],
      ["one above the band", { ...loose, quote: 420_001n }],
      ["one below the band", { ...looseSell, quote: 379_999n }],
      ["a negative quote", { ...buy, quote: -1n }],
      ["a negative quote where the band begins at zero", { ...buy, priceMin: 0n, quote: -1n }],
      ["a quote that wraps", { ...loose, quote: 400_000n - FIELD_ORDER / 2n }],
      ["one pico-USD above the maximum fee", { ...buy, fee: 400_000n * 1_000n + 1n }],
      ["one pico-USD beyond the rebate cap", { ...buy, fee: -400_000n * 200n - 1n }],
      ["a demanded rebate one short", { ...buy, maxFeePpm: -100n, fee: -400_000n * 100n + 1n }],
      ["a demanded rebate beyond the cap", { ...buy, maxFeePpm: -201n, fee: -400_000n * 201n }],
      ["a fee that wraps", { ...buy, fee: two(252) }],
      ["a market that is not live", { ...loose, priceMin: 1n, priceMax: 0n, quote: 0n }],
      ["a market that is not live, at its lower edge", { ...loose, priceMin: 1n, priceMax: 0n, quote: 400n }],
    ];
    for (const [name, signals] of allowed) {
      it(`allows ${name}`, () => expect(execution.solutions(input(signals))).to.have.length(1));
    }
    for (const [name, signals] of refused) {
      it(`has no witness for ${name}`, () => expect(execution.solutions(input(signals))).to.have.length(0));
    }
  });

  describe("SlotReplay", () => {
    let replay: Gadget;
    before(async () => {
      replay = await Gadget.build("rows/slot-replay.circom", "SlotReplay()");
    });
    const dead = BigInt(FILLED_CANCELLED);
    const order = {
      isOrder: 1n,
      isCancel: 0n,
      keepFilled: 0n,
      sequence: 130n,
      signedQuantity: 1_000n,
      quantity: 400n,
      sequenceBefore: 130n,
      filledBefore: 600n,
    };
    const cancel = { ...order, isOrder: 0n, isCancel: 1n, quantity: 0n };
    const neither = { ...order, isOrder: 0n, quantity: 0n };
    /** Each possible slot after, over both choices of `newer`: [sequence, filled]. */
    const afters = (signals: typeof order) =>
      replay.solutions({ ...input(signals), orderNumber: signals.sequence >> 6n }).map((solution) => {
        const [word, filled] = [replay.read(solution, "wordAfter")[0], replay.read(solution, "filledAfter")[0]];
        expect((word as bigint) >> 48n).to.equal(filled);
        return [(word as bigint) & (two(48) - 1n), filled];
      });
    const becomes: [string, typeof order, [bigint, bigint]][] = [
      ["the last lots of the same sequence", order, [130n, 1_000n]],
      ["the first of a higher sequence", { ...order, sequence: 131n, quantity: 1_000n }, [131n, 1_000n]],
      ["what a revision that keeps has left", { ...order, sequence: 131n, keepFilled: 1n }, [131n, 1_000n]],
      ["the last revision that keeps", { ...order, sequence: 191n, keepFilled: 1n }, [191n, 1_000n]],
      [
        "all of the next order, whatever it keeps",
        { ...order, sequence: 192n, keepFilled: 1n, quantity: 1_000n },
        [192n, 1_000n],
      ],
      ["the flag on the same sequence", { ...order, keepFilled: 1n }, [130n, 1_000n]],
      ["the highest sequence", { ...order, sequence: two(48) - 1n }, [two(48) - 1n, 400n]],
      ["a cancel of the same sequence", cancel, [130n, dead]],
      ["a cancel of a higher one", { ...cancel, sequence: 500n }, [500n, dead]],
      ["a cancel of a cancelled slot", { ...cancel, filledBefore: dead }, [130n, dead]],
      ["nothing for a row of another kind", { ...neither, sequence: 7n }, [130n, 600n]],
      ["nothing for a row of another kind with a higher sequence", { ...neither, sequence: 999n }, [130n, 600n]],
    ];
    const never: [string, typeof order][] = [
      ["an overfill by one", { ...order, quantity: 401n }],
      ["an overfill of a revision that keeps", { ...order, sequence: 131n, keepFilled: 1n, quantity: 401n }],
      ["an overfill of the first revision", { ...order, sequence: 131n, quantity: 1_001n }],
      ["a lower sequence", { ...order, sequence: 129n }],
      ["a cancel of a lower sequence", { ...cancel, sequence: 129n }],
      ["an order on a cancelled slot", { ...order, filledBefore: dead, signedQuantity: dead, quantity: 1n }],
      ["a slot word beyond its widths", { ...order, filledBefore: two(40) }],
      ["a slot sequence beyond its width", { ...neither, sequenceBefore: two(48) }],
      ["a slot sequence below zero", { ...neither, sequenceBefore: -1n }],
      ["a slot's filled below zero", { ...neither, filledBefore: -1n }],
    ];
    for (const [name, signals, after] of becomes) {
      it(`gives ${name}`, () => expect(afters(signals)).to.deep.equal([after]));
    }
    for (const [name, signals] of never) {
      it(`has no witness for ${name}`, () => expect(afters(signals)).to.deep.equal([]));
    }
    it("has no witness for a choice that is no choice", () => {
      for (const newer of [2n, field(-1n)]) {
        expect(replay.solutions({ ...input(neither), orderNumber: 2n, newer })).to.have.length(0);
        expect(replay.solutions({ ...input({ ...order, sequence: 131n }), orderNumber: 2n, newer })).to.have.length(0);
      }
    });
  });
});
