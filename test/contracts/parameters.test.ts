import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { mined } from "./chain.ts";
import { as, deployWorld, devnetParameters, useWorld } from "./exchange-world.ts";

type Parameters = ReturnType<typeof devnetParameters>;

function changed(change: (parameters: Parameters) => void): Parameters {
  const parameters = devnetParameters();
  change(parameters);
  return parameters;
}

function market(parameters: Parameters, index: number): Parameters["markets"][number] {
  const found = parameters.markets[index];
  if (found === undefined) throw new Error(`no market ${index}`);
  return found;
}

describe("Exchange.appendParameters", () => {
  const world = useWorld(() => deployWorld());

  it("appends a version and leaves the earlier one as it was", async () => {
    const w = world();
    const second = changed((parameters) => {
      parameters.rebateCapPpm = 7;
      market(parameters, 1).bandPpm = 999_999;
    });
    const sent = as(w, w.owner).appendParameters(second);
    await expect(sent).to.emit(w.exchange, "ParametersAppended");
    expect(await w.exchange.latestParameterVersion()).to.equal(2n);
    expect((await w.exchange.parameters(1)).rebateCapPpm).to.equal(100n);
    const stored = await w.exchange.parameters(2);
    expect(stored.rebateCapPpm).to.equal(7n);
    expect(stored.maxFundingRatePpmPerHour).to.equal(15_000n);
    expect(stored.markets[1].bandPpm).to.equal(999_999n);
    expect(stored.markets[0].symbol).to.equal(encodeBytes32String("BTC-USD"));
    expect([stored.markets[0].tickSizeExponent, stored.markets[0].lotSizeExponent]).to.deep.equal([-1n, -5n]);
    expect(stored.markets[7].live).to.equal(false);
  });

  it("lets a new market go live", async () => {
    const w = world();
    const more = changed((parameters) => {
      parameters.markets[4] = { ...market(parameters, 0), symbol: encodeBytes32String("XAU-USD") };
    });
    await mined(as(w, w.owner).appendParameters(more));
    expect((await w.exchange.parameters(2)).markets[4].live).to.equal(true);
  });

  it("lets a market be closed for growth by a cap of zero", async () => {
    const w = world();
    const closing = changed((parameters) => {
      market(parameters, 0).openInterestCapLots = 0n;
    });
    await mined(as(w, w.owner).appendParameters(closing));
  });

  it("refuses anybody but the owner", async () => {
    const w = world();
    await expect(as(w, w.operator).appendParameters(devnetParameters()))
      .to.be.revertedWithCustomError(w.exchange, "OwnableUnauthorizedAccount")
      .withArgs(w.operator.address);
  });

  const margins: [string, Partial<Parameters["markets"][number]>][] = [
    ["no maintenance margin", { mmfPpm: 0 }],
    ["maintenance above initial margin", { imfPpm: 29_999 }],
    ["an initial margin above one", { imfPpm: 1_000_001 }],
    ["a band of one", { bandPpm: 1_000_000 }],
  ];
  for (const [what, terms] of margins) {
    it(`refuses ${what}`, async () => {
      const w = world();
      const bad = changed((parameters) => Object.assign(market(parameters, 0), terms));
      const { imfPpm, mmfPpm, bandPpm } = market(bad, 0);
      await expect(as(w, w.owner).appendParameters(bad))
        .to.be.revertedWithCustomError(w.exchange, "InvalidMargin")
        .withArgs(0n, imfPpm, mmfPpm, bandPpm);
    });
  }

  it("takes the widest values that it may", async () => {
    const w = world();
    const widest = changed((parameters) => {
      parameters.rebateCapPpm = 1_000_000;
      parameters.maxFundingRatePpmPerHour = 1_000_000;
      Object.assign(market(parameters, 0), {
        imfPpm: 1_000_000,
        mmfPpm: 1_000_000,
        bandPpm: 999_999,
        openInterestCapLots: 2n ** 48n - 1n,
      });
    });
    await mined(as(w, w.owner).appendParameters(widest));
  });

  it("refuses a cap beyond its lane", async () => {
    const w = world();
    const bad = changed((parameters) => {
      market(parameters, 2).openInterestCapLots = 2n ** 48n;
    });
    await expect(as(w, w.owner).appendParameters(bad))
      .to.be.revertedWithCustomError(w.exchange, "InvalidOpenInterestCap")
      .withArgs(2n, 2n ** 48n);
  });

  it("refuses a tick that times a lot is not one micro-USD", async () => {
    const w = world();
    const bad = changed((parameters) => {
      market(parameters, 3).lotSizeExponent = -2;
    });
    await expect(as(w, w.owner).appendParameters(bad))
      .to.be.revertedWithCustomError(w.exchange, "InvalidExponents")
      .withArgs(3n, -5n, -2n);
  });

  it("refuses rates above one", async () => {
    const w = world();
    for (const field of ["rebateCapPpm", "maxFundingRatePpmPerHour"] as const) {
      const bad = changed((parameters) => {
        parameters[field] = 1_000_001;
      });
      await expect(as(w, w.owner).appendParameters(bad))
        .to.be.revertedWithCustomError(w.exchange, "InvalidRate")
        .withArgs(1_000_001n);
    }
  });

  const changes: [string, Partial<Parameters["markets"][number]>][] = [
    ["stop", { live: false }],
    ["take another symbol", { symbol: encodeBytes32String("LTC-USD") }],
    ["take other units", { tickSizeExponent: -2, lotSizeExponent: -4 }],
  ];
  for (const [what, terms] of changes) {
    it(`does not let a live market ${what}`, async () => {
      const w = world();
      const bad = changed((parameters) => Object.assign(market(parameters, 0), terms));
      await expect(as(w, w.owner).appendParameters(bad))
        .to.be.revertedWithCustomError(w.exchange, "LiveMarketChanged")
        .withArgs(0n);
    });
  }

  it("knows no version 0 and none beyond the newest", async () => {
    const w = world();
    for (const version of [0n, 2n]) {
      await expect(w.exchange.parameters(version))
        .to.be.revertedWithCustomError(w.exchange, "UnknownParameterVersion")
        .withArgs(1n, version);
    }
  });
});
