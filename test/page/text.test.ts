import { expect } from "chai";
import { hashOf, placeOf } from "../../matcher/page/frame/address.ts";
import {
  basisPoints,
  cut,
  full,
  isNegative,
  percent,
  percentOfPpm,
  rounded,
  signed,
} from "../../matcher/page/show/decimal-text.ts";
import { countdown, span } from "../../matcher/page/show/time-text.ts";

describe("the page's decimals", () => {
  it("are rounded to the nearest, halves away from zero, with digits in groups", () => {
    for (const [decimal, places, text] of [
      ["1234567.895", 2, "1,234,567.90"],
      ["1234567.894999", 2, "1,234,567.89"],
      ["0", 2, "0.00"],
      ["999.995", 2, "1,000.00"],
      ["-0.005", 2, "−0.01"],
      ["-0.004", 2, "0.00"],
      ["12", 0, "12"],
      ["12.5", 0, "13"],
      ["-1234", 0, "−1,234"],
    ] as const) {
      expect(rounded(decimal, places), decimal).to.equal(text);
    }
  });

  it("are cut towards zero where more must never be shown than there is", () => {
    expect(cut("9.999", 2)).to.equal("9.99");
    expect(cut("-9.999", 2)).to.equal("−9.99");
    expect(cut("10000", 2)).to.equal("10,000.00");
  });

  it("stay whole when all places are asked for", () => {
    expect(full("1234567.123456789")).to.equal("1,234,567.123456789");
    expect(full("-1000")).to.equal("−1,000");
  });

  it("have a sign when they are changes, but zero has none", () => {
    expect(signed("0.5", 2)).to.equal("+0.50");
    expect(signed("-0.5", 2)).to.equal("−0.50");
    expect(signed("0.001", 2)).to.equal("0.00");
    expect(isNegative("-0.000")).to.equal(false);
    expect(isNegative("-0.001")).to.equal(true);
  });

  it("become percents and basis points by moving the point", () => {
    expect(percent("0.0125")).to.equal("1.25%");
    expect(percent("1")).to.equal("100.00%");
    expect(percent("-0.00005", 3)).to.equal("−0.005%");
    expect(percentOfPpm(100)).to.equal("0.0100%");
    expect(percentOfPpm(-12_345, 2)).to.equal("−1.23%");
    expect(basisPoints(1_234n)).to.equal("12.3 bp");
    expect(basisPoints(-5)).to.equal("−0.1 bp");
    expect(basisPoints(0n)).to.equal("0.0 bp");
  });
});

describe("the page's times", () => {
  it("are told in the two largest units", () => {
    expect(span(0)).to.equal("0 s");
    expect(span(59_499)).to.equal("59 s");
    expect(span(59_500)).to.equal("1 min");
    expect(span(3_725_000)).to.equal("1 h 2 min");
    expect(span(90_000_000)).to.equal("1 d 1 h");
    expect(span(-5)).to.equal("0 s");
  });

  it("count down to zero and not beyond", () => {
    expect(countdown(299_001)).to.equal("05:00");
    expect(countdown(3_723_000)).to.equal("1:02:03");
    expect(countdown(-1)).to.equal("00:00");
  });
});

describe("the page's address", () => {
  it("names a market or the status, and comes back from what it was made of", () => {
    for (const place of [
      { view: "trade", market: "BTC-USD" },
      { view: "trade", market: null },
      { view: "status" },
    ] as const) {
      expect(placeOf(hashOf(place))).to.deep.equal(place);
    }
  });

  it("is the first market for anything else, whatever it says", () => {
    for (const hash of [
      "",
      "#",
      "#/nowhere",
      "#/trade/<img>",
      "#/trade/btc-usd",
      "#/trade/BTC-USD/x",
      "#/status/../x",
    ]) {
      expect(placeOf(hash), hash).to.deep.equal({ view: "trade", market: null });
    }
  });
});
