import { expect } from "chai";
import { encodeBytes32String, type FunctionFragment, Interface, keccak256, ZeroAddress } from "ethers";
import { artifacts } from "hardhat";
import { devnetParameters, MARKET_STATUS } from "../../scripts/devnet/risk-parameters.ts";
import { ethers, mined } from "./chain.ts";
import { deployWorld, type RegistryContract, useWorld } from "./exchange-world.ts";

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

describe("MarketRegistry", () => {
  const world = useWorld(() => deployWorld());

  it("appends a version and leaves the earlier one as it was", async () => {
    const w = world();
    const second = changed((parameters) => {
      parameters.rebateCapPpm = 7;
      market(parameters, 1).bandPpm = 999_999;
    });
    const sent = w.registry.appendParameters(second);
    await expect(sent).to.emit(w.registry, "ParametersAppended");
    expect(await w.registry.latestVersion()).to.equal(2n);
    expect((await w.registry.parameters(1)).rebateCapPpm).to.equal(100n);
    const stored = await w.registry.parameters(2);
    expect(stored.rebateCapPpm).to.equal(7n);
    expect(stored.maxFundingRatePpmPerHour).to.equal(15_000n);
    expect(stored.markets[1].bandPpm).to.equal(999_999n);
    expect(stored.markets[0].symbol).to.equal(encodeBytes32String("BTC-USD"));
    expect([stored.markets[0].tickSizeExponent, stored.markets[0].lotSizeExponent]).to.deep.equal([-1n, -5n]);
    expect(stored.markets[7].status).to.equal(BigInt(MARKET_STATUS.none));
  });

  it("lets a new market go live", async () => {
    const w = world();
    const more = changed((parameters) => {
      parameters.markets[4] = { ...market(parameters, 0), symbol: encodeBytes32String("XAU-USD") };
    });
    await mined(w.registry.appendParameters(more));
    expect((await w.registry.parameters(2)).markets[4].status).to.equal(BigInt(MARKET_STATUS.live));
  });

  it("lets a market be closed for growth by a cap of zero", async () => {
    const w = world();
    const closing = changed((parameters) => {
      market(parameters, 0).openInterestCapLots = 0n;
    });
    await mined(w.registry.appendParameters(closing));
  });

  it("refuses anybody but the owner", async () => {
    const w = world();
    await expect((w.registry.connect(w.operator) as RegistryContract).appendParameters(devnetParameters()))
      .to.be.revertedWithCustomError(w.registry, "OwnableUnauthorizedAccount")
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
      await expect(w.registry.appendParameters(bad))
        .to.be.revertedWithCustomError(w.registry, "InvalidMargin")
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
        mmfPpm: 999_999,
        bandPpm: 999_999,
        openInterestCapLots: 2n ** 48n - 1n,
        positionCapLots: 2n ** 40n - 1n,
        openInterestLowerCapMicroUsd: 2n ** 96n - 1n,
        openInterestUpperCapMicroUsd: 2n ** 96n - 1n,
        isolatedOnly: true,
      });
      // The spread times the greatest maintenance fraction must stay below the price.
      parameters.liquidationSpreadPpm = 1_000_000;
      parameters.liquidationFeeCapPpm = 100_000;
      parameters.bankruptcyAdjustmentPpm = 2 ** 24 - 1;
      parameters.insuranceCapMicroUsd = 2n ** 64n - 1n;
    });
    await mined(w.registry.appendParameters(widest));
    const narrowest = changed((parameters) => {
      parameters.rebateCapPpm = 0;
      parameters.maxFundingRatePpmPerHour = 0;
      parameters.liquidationFeeCapPpm = 0;
      parameters.liquidationSpreadPpm = 1;
      parameters.bankruptcyAdjustmentPpm = 1_000_000;
      parameters.insuranceCapMicroUsd = 0n;
      Object.assign(market(parameters, 0), {
        imfPpm: 1,
        mmfPpm: 1,
        bandPpm: 0,
        openInterestCapLots: 0n,
        positionCapLots: 0n,
        openInterestLowerCapMicroUsd: 0n,
        openInterestUpperCapMicroUsd: 0n,
      });
    });
    await mined(w.registry.appendParameters(narrowest));
  });

  it("refuses a cap beyond its lane", async () => {
    const w = world();
    const bad = changed((parameters) => {
      market(parameters, 2).openInterestCapLots = 2n ** 48n;
    });
    await expect(w.registry.appendParameters(bad))
      .to.be.revertedWithCustomError(w.registry, "InvalidOpenInterestCap")
      .withArgs(2n, 2n ** 48n);
  });

  it("refuses a position cap beyond its width", async () => {
    const w = world();
    const bad = changed((parameters) => {
      market(parameters, 1).positionCapLots = 2n ** 40n;
    });
    await expect(w.registry.appendParameters(bad))
      .to.be.revertedWithCustomError(w.registry, "InvalidPositionCap")
      .withArgs(1n, 2n ** 40n);
  });

  it("refuses bounds of open-interest scaling in the wrong order, and an upper one of 0 under a lower one", async () => {
    const w = world();
    for (const [lower, upper] of [
      [11n, 10n],
      [1n, 0n],
    ] as const) {
      const bad = changed((parameters) => {
        market(parameters, 3).openInterestLowerCapMicroUsd = lower;
        market(parameters, 3).openInterestUpperCapMicroUsd = upper;
      });
      await expect(w.registry.appendParameters(bad))
        .to.be.revertedWithCustomError(w.registry, "InvalidOpenInterestScaling")
        .withArgs(3n, lower, upper);
    }
  });

  const liquidations: [string, Partial<Parameters>, string, bigint][] = [
    ["a liquidation fee above a tenth", { liquidationFeeCapPpm: 100_001 }, "InvalidLiquidationFee", 100_001n],
    ["no liquidation spread", { liquidationSpreadPpm: 0 }, "InvalidLiquidationSpread", 0n],
    ["a spread beyond its width", { liquidationSpreadPpm: 2 ** 22 }, "InvalidLiquidationSpread", 2n ** 22n],
    [
      "a bankruptcy adjustment below one",
      { bankruptcyAdjustmentPpm: 999_999 },
      "InvalidBankruptcyAdjustment",
      999_999n,
    ],
    [
      "a bankruptcy adjustment beyond its width",
      { bankruptcyAdjustmentPpm: 2 ** 24 },
      "InvalidBankruptcyAdjustment",
      2n ** 24n,
    ],
  ];
  for (const [what, terms, error, value] of liquidations) {
    it(`refuses ${what}`, async () => {
      const w = world();
      await expect(w.registry.appendParameters({ ...devnetParameters(), ...terms }))
        .to.be.revertedWithCustomError(w.registry, error)
        .withArgs(value);
    });
  }

  it("refuses a spread that times maintenance reaches the whole price, by one", async () => {
    const w = world();
    const terms = (mmfPpm: number) =>
      changed((parameters) => {
        parameters.liquidationSpreadPpm = 4_000_000;
        Object.assign(market(parameters, 2), { mmfPpm, imfPpm: 1_000_000 });
      });
    await expect(w.registry.appendParameters(terms(250_000)))
      .to.be.revertedWithCustomError(w.registry, "LiquidationPriceNotPositive")
      .withArgs(2n, 4_000_000n, 250_000n);
    await mined(w.registry.appendParameters(terms(249_999)));
  });

  it("refuses a tick that times a lot is not one micro-USD", async () => {
    const w = world();
    const bad = changed((parameters) => {
      market(parameters, 3).lotSizeExponent = -2;
    });
    await expect(w.registry.appendParameters(bad))
      .to.be.revertedWithCustomError(w.registry, "InvalidExponents")
      .withArgs(3n, -5n, -2n);
  });

  it("refuses rates above one", async () => {
    const w = world();
    for (const field of ["rebateCapPpm", "maxFundingRatePpmPerHour"] as const) {
      const bad = changed((parameters) => {
        parameters[field] = 1_000_001;
      });
      await expect(w.registry.appendParameters(bad))
        .to.be.revertedWithCustomError(w.registry, "InvalidRate")
        .withArgs(1_000_001n);
    }
  });

  it("does not look at the terms of an index without market", async () => {
    const w = world();
    const odd = changed((parameters) => {
      Object.assign(market(parameters, 7), { imfPpm: 0, mmfPpm: 9, openInterestCapLots: 2n ** 63n });
    });
    await mined(w.registry.appendParameters(odd));
    expect((await w.registry.newestTerms()).terms.markets[7].mmfPpm).to.equal(0n);
  });

  it("keeps a hash of every version, and tells it with the version", async () => {
    const w = world();
    const second = changed((parameters) => {
      parameters.rebateCapPpm = 3;
    });
    const { interface: abi } = w.registry;
    const fragment = abi.getFunction("appendParameters");
    if (fragment === null) throw new Error("no function");
    const hashOf = (parameters: Parameters) => keccak256(abi.getAbiCoder().encode(fragment.inputs, [parameters]));
    await expect(w.registry.appendParameters(second))
      .to.emit(w.registry, "ParametersAppended")
      .withArgs(2n, hashOf(second), () => true);
    expect(await w.registry.parametersHash(1)).to.equal(hashOf(devnetParameters()));
    expect(await w.registry.parametersHash(2)).to.equal(hashOf(second));
    await expect(w.registry.parametersHash(3))
      .to.be.revertedWithCustomError(w.registry, "UnknownParameterVersion")
      .withArgs(2n, 3n);
  });

  it("gives an epoch the newest version without symbols and indices that are no market", async () => {
    const w = world();
    const { version, terms } = await w.registry.newestTerms();
    expect(version).to.equal(1n);
    const stored = (await w.registry.parameters(1)).toObject(true);
    const expected = structuredClone({ ...stored, markets: stored.markets });
    for (const entry of expected.markets) entry.symbol = encodeBytes32String("");
    for (const [index, entry] of expected.markets.entries()) {
      if (index < 4) continue;
      for (const [field, value] of Object.entries(entry)) {
        if (typeof value === "bigint") entry[field] = 0n;
      }
    }
    expect(terms.toObject(true)).to.deep.equal(expected);
  });

  describe("what may follow what", () => {
    const { none, live, retired } = MARKET_STATUS;

    for (const [what, terms] of [
      ["take another symbol", { symbol: encodeBytes32String("LTC-USD") }],
      ["take other units", { tickSizeExponent: -2, lotSizeExponent: -4 }],
    ] as [string, Partial<Parameters["markets"][number]>][]) {
      it(`does not let a live market ${what}, nor while it is being retired, nor a retired one`, async () => {
        const w = world();
        const refused = async (status: number) => {
          const bad = changed((parameters) => Object.assign(market(parameters, 0), { ...terms, status }));
          await expect(w.registry.appendParameters(bad))
            .to.be.revertedWithCustomError(w.registry, "MarketChanged")
            .withArgs(0n);
        };
        await refused(live);
        await refused(retired);
        await mined(
          w.registry.appendParameters(
            changed((parameters) => {
              market(parameters, 0).status = retired;
            }),
          ),
        );
        await refused(retired);
      });
    }

    it("lets no market vanish, retired or not, and none begin retired", async () => {
      const w = world();
      const withStatus = (index: number, status: number) =>
        changed((parameters) => {
          parameters.markets[index] = { ...market(parameters, 0), ...market(parameters, index % 4), status };
        });
      const refused = async (index: number, from: number, to: number) =>
        expect(w.registry.appendParameters(withStatus(index, to)))
          .to.be.revertedWithCustomError(w.registry, "InvalidStatusChange")
          .withArgs(index, from, to);
      await refused(0, live, none);
      await refused(4, none, retired);
      await mined(w.registry.appendParameters(withStatus(0, retired)));
      await refused(0, retired, none);
      await mined(w.registry.appendParameters(withStatus(0, retired)));
    });

    it("keeps a retired market's terms to the same rules: until it is settled it goes on", async () => {
      const w = world();
      const [live0] = devnetParameters().markets;
      const { imfPpm, mmfPpm, bandPpm } = live0 as { imfPpm: number; mmfPpm: number; bandPpm: number };
      // In the version that retires it, and in a later one that still may come before its last price.
      for (const _ of [1, 2]) {
        for (const fields of [{ mmfPpm: 0 }, { mmfPpm: imfPpm + 1 }, { imfPpm: 1_000_001 }, { bandPpm: 1_000_000 }]) {
          const bad = changed((parameters) => Object.assign(market(parameters, 0), { status: retired, ...fields }));
          const asked = { imfPpm, mmfPpm, bandPpm, ...fields };
          await expect(w.registry.appendParameters(bad))
            .to.be.revertedWithCustomError(w.registry, "InvalidMargin")
            .withArgs(0n, BigInt(asked.imfPpm), BigInt(asked.mmfPpm), BigInt(asked.bandPpm));
        }
        const good = { status: retired, mmfPpm: imfPpm, bandPpm: 999_999 };
        await mined(w.registry.appendParameters(changed((parameters) => Object.assign(market(parameters, 0), good))));
      }
    });

    it("gives no index away while it is not vacant", async () => {
      const w = world();
      const retiring = changed((parameters) => {
        market(parameters, 0).status = retired;
      });
      await mined(w.registry.appendParameters(retiring));
      // No epoch has settled it yet.
      await expect(w.registry.appendParameters(devnetParameters()))
        .to.be.revertedWithCustomError(w.registry, "MarketNotVacant")
        .withArgs(0n);
    });
  });

  describe("roles", () => {
    it("lets only the owner write, and hands ownership over in two steps", async () => {
      const w = world();
      const { abi } = await artifacts.readArtifact("MarketRegistry");
      const writing = new Interface(abi).fragments
        .filter((fragment): fragment is FunctionFragment => fragment.type === "function")
        .filter(({ stateMutability }) => stateMutability === "nonpayable")
        .map(({ name }) => name)
        .sort();
      expect(writing).to.deep.equal(["acceptOwnership", "appendParameters", "renounceOwnership", "transferOwnership"]);
      const stranger = w.registry.connect(w.stranger) as RegistryContract;
      for (const sent of [
        stranger.acceptOwnership(),
        stranger.renounceOwnership(),
        stranger.transferOwnership(w.bob.address),
      ]) {
        await expect(sent)
          .to.be.revertedWithCustomError(w.registry, "OwnableUnauthorizedAccount")
          .withArgs(w.stranger.address);
      }
      await mined(w.registry.transferOwnership(w.bob.address));
      await mined((w.registry.connect(w.bob) as RegistryContract).acceptOwnership());
      expect(await w.registry.owner()).to.equal(w.bob.address);
    });

    it("belongs to one Exchange, which is named at deployment", async () => {
      const w = world();
      expect(await w.registry.exchange()).to.equal(w.address);
      expect(await w.exchange.registry()).to.equal(await w.registry.getAddress());
      expect(await w.exchange.oracle()).to.equal(await w.oracle.getAddress());
      await expect(
        ethers.deployContract("MarketRegistry", [w.owner.address, ZeroAddress]),
      ).to.be.revertedWithCustomError(w.registry, "ZeroAddress");
    });
  });

  it("knows no version 0 and none beyond the newest", async () => {
    const w = world();
    for (const version of [0n, 2n]) {
      await expect(w.registry.parameters(version))
        .to.be.revertedWithCustomError(w.registry, "UnknownParameterVersion")
        .withArgs(1n, version);
    }
  });
});
