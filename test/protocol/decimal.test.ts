import { expect } from "chai";
import fc from "fast-check";
import {
  DecimalError,
  formatDecimal,
  microUsdFromUsd,
  parseDecimal,
  picoUsdFromUsd,
  usdFromMicroUsd,
  usdFromPicoUsd,
  usdFromPicoUsdFloor,
} from "../../matcher/protocol/decimal.ts";

describe("decimal", () => {
  it("reads plain decimals exactly", () => {
    const cases: [string, number, bigint][] = [
      ["0", 6, 0n],
      ["-0", 6, 0n],
      ["1", 6, 1_000_000n],
      ["0.1", 1, 1n],
      ["12.5", 6, 12_500_000n],
      ["12.500000000", 6, 12_500_000n],
      ["-0.000001", 6, -1n],
      ["65000.1", 1, 650_001n],
      ["7", 0, 7n],
      ["7.000", 0, 7n],
      // Sums that binary floats get wrong.
      ["0.3", 12, 300_000_000_000n],
      ["9007199254740993.000001", 6, 9_007_199_254_740_993_000_001n],
    ];
    for (const [text, decimals, value] of cases) expect(parseDecimal(text, decimals, "x"), text).to.equal(value);
  });

  it("refuses every other notation", () => {
    const texts = [
      "",
      " ",
      "1 ",
      " 1",
      "+1",
      "1e3",
      "1E3",
      "0x10",
      "01",
      "00",
      "-",
      ".5",
      "5.",
      "1.2.3",
      "1,5",
      "1_000",
    ];
    for (const text of [...texts, "NaN", "Infinity", "١", "1\n", "--1", "1".repeat(100)]) {
      expect(() => parseDecimal(text, 6, "the price"), text)
        .to.throw(DecimalError, "the price")
        .with.property("code", "MALFORMED");
    }
  });

  it("refuses what is finer than the step, with the step and the given code", () => {
    expect(() => parseDecimal("0.15", 1, "the price", "OFF_TICK"))
      .to.throw(DecimalError, "the price 0.15 is not a multiple of 0.1")
      .with.property("code", "OFF_TICK");
    expect(() => microUsdFromUsd("0.0000001")).to.throw(DecimalError, "not a multiple of 0.000001");
    expect(() => picoUsdFromUsd("0.0000000000001")).to.throw(DecimalError);
  });

  it("writes and reads back every value", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 120n), max: 2n ** 120n }),
        fc.integer({ min: 0, max: 18 }),
        (value, decimals) => {
          const text = formatDecimal(value, decimals);
          expect(parseDecimal(text, decimals, "x")).to.equal(value);
          expect(parseDecimal(formatDecimal(value, decimals, decimals), decimals, "x")).to.equal(value);
          expect(text).to.match(/^-?(0|[1-9]\d*)(\.\d*[1-9])?$/);
        },
      ),
      { numRuns: 1_000, seed: 7 },
    );
  });

  it("converts USD to micro-USD and pico-USD and back", () => {
    expect(usdFromMicroUsd(12_500_000n)).to.equal("12.5");
    expect(usdFromMicroUsd(-1n)).to.equal("-0.000001");
    expect(usdFromPicoUsd(1_000_000_000_001n)).to.equal("1.000000000001");
    expect(microUsdFromUsd("12.5")).to.equal(12_500_000n);
    expect(picoUsdFromUsd("-12.5")).to.equal(-12_500_000_000_000n);
  });

  it("rounds towards minus infinity for display: never more than there is", () => {
    const cases: [bigint, number, string][] = [
      [1_999_999_999_999n, 2, "1.99"],
      [-1n, 2, "-0.01"],
      [-1_000_000_000_000n, 2, "-1.00"],
      [-1_000_000_000_001n, 2, "-1.01"],
      [1n, 0, "0"],
      [-1n, 0, "-1"],
      [5n, 12, "0.000000000005"],
    ];
    for (const [pico, decimals, text] of cases) expect(usdFromPicoUsdFloor(pico, decimals)).to.equal(text);
    for (const decimals of [-1, 13, 1.5]) expect(() => usdFromPicoUsdFloor(1n, decimals)).to.throw(RangeError);
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 96n), max: 2n ** 96n }),
        fc.integer({ min: 0, max: 12 }),
        (pico, decimals) => {
          const shown = picoUsdFromUsd(usdFromPicoUsdFloor(pico, decimals));
          expect(shown <= pico && pico - shown < 10n ** BigInt(12 - decimals)).to.equal(true);
        },
      ),
      { numRuns: 500, seed: 8 },
    );
  });
});
