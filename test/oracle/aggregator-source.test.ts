import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { JsonRpcProvider } from "ethers";
import { network } from "hardhat";
import { AggregatorSource } from "../../matcher/oracle/aggregator-source.ts";
import { type PriceSource, reportable } from "../../matcher/oracle/price-source.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";

const NOW = 1_800_000_000;
const [BTC, ETH] = [DEVNET_MARKETS[0]!.market, DEVNET_MARKETS[1]!.market];

describe("Prices from aggregators on a chain", function () {
  this.timeout(120_000);
  let deploy: (decimals: number) => Promise<{ address: string; tell: (...values: unknown[]) => Promise<unknown> }>;
  let source: (address: string, market?: typeof BTC) => PriceSource;

  before(async () => {
    const { ethers } = await network.create();
    deploy = async (decimals) => {
      const contract = await ethers.deployContract("TestAggregator", [decimals]);
      const tell = (...values: unknown[]) => contract.getFunction("tell")(...values);
      return { address: await contract.getAddress(), tell };
    };
    source = (address, market = BTC) =>
      new AggregatorSource({ provider: ethers.provider, aggregators: [{ market, address }] });
  });
  const answerOf = async (decimals: number, ...told: unknown[]) => {
    const { address, tell } = await deploy(decimals);
    await tell(...told);
    return (await source(address).pricesAt(NOW))[BTC.index];
  };

  it("are rounded to the nearest tick, half up, from more decimals and from fewer", async () => {
    expect(await answerOf(8, 7, 6_500_012_000_000n, NOW - 3, 7)).to.deep.equal({
      priceTicks: 650_001,
      timeSeconds: NOW - 3,
    });
    expect(await answerOf(8, 7, 6_500_005_000_000n, NOW, 7)).to.include({ priceTicks: 650_001 });
    expect(await answerOf(8, 7, 6_500_004_999_999n, NOW, 7)).to.include({ priceTicks: 650_000 });
    expect(await answerOf(0, 7, 65_000n, NOW, 7)).to.include({ priceTicks: 650_000 });
    expect(await answerOf(18, 7, 65_000n * 10n ** 18n, NOW, 7)).to.include({ priceTicks: 650_000 });
  });

  it("are none when the answer is not above zero, too small or too large for ticks, or from a round that is not complete", async () => {
    const cases: [unknown[], RegExp][] = [
      [[8, 7, 0n, NOW, 7], /not above zero/],
      [[8, 7, -1n, NOW, 7], /not above zero/],
      [[8, 7, 4_999_999n, NOW, 7], /below half a tick/],
      [[8, 7, 2n ** 32n * 10_000_000n, NOW, 7], /does not fit/],
      [[8, 7, 6_500_000_000_000n, NOW, 6], /older round/],
      [[8, 7, 6_500_000_000_000n, 0, 7], /no complete round/],
      [[37, 7, 6_500_000_000_000n, NOW, 7], /37 decimals/],
    ];
    for (const [[decimals, ...told], reason] of cases) {
      const answer = await answerOf(decimals as number, ...told);
      expect(answer).to.have.property("reason").that.matches(reason);
    }
  });

  it("of one market do not depend on another's contract", async () => {
    const { address, tell } = await deploy(8);
    await tell(1, 300_000_000_000n, NOW, 1);
    const nobody = `0x${"12".repeat(20)}`;
    const { ethers } = await network.create();
    expect(await ethers.provider.getCode(nobody)).to.equal("0x");
    const both = source(address, ETH);
    expect((await both.pricesAt(NOW))[ETH.index]).to.include({ priceTicks: 300_000 });
    const [missing] = await source(nobody).pricesAt(NOW);
    expect(missing)
      .to.have.property("reason")
      .that.matches(/does not answer/);
  });

  it("are reported while they are fresh, to the second", async () => {
    const { address, tell } = await deploy(8);
    await tell(1, 6_500_000_000_000n, NOW - 60, 1);
    const answers = await source(address).pricesAt(NOW);
    expect(reportable(answers, NOW, 60).pricesTicks[0]).to.equal(650_000);
    const stale = reportable(answers, NOW, 59);
    expect(stale.pricesTicks).to.deep.equal(new Array(8).fill(0));
    expect(stale.reasons.get(0)).to.equal("the price is 60 s old, 59 s are allowed");
  });

  it("may be some seconds ahead of the round, as clocks and periods are, and no more", async () => {
    const { address, tell } = await deploy(8);
    await tell(1, 6_500_000_000_000n, NOW + 5, 1);
    expect(reportable(await source(address).pricesAt(NOW), NOW, 60).pricesTicks[0]).to.equal(650_000);
    await tell(1, 6_500_000_000_000n, NOW + 6, 1);
    const ahead = reportable(await source(address).pricesAt(NOW), NOW, 60);
    expect([ahead.pricesTicks[0], ahead.reasons.get(0)]).to.deep.equal([0, "the price is of a time 6 s ahead"]);
  });

  it("are none from a node that takes calls and never answers", async () => {
    const server = createServer(() => {});
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    const provider = new JsonRpcProvider(`http://127.0.0.1:${port}`, 1, { staticNetwork: true });
    try {
      const aggregators = [{ market: BTC, address: `0x${"12".repeat(20)}` }];
      const [answer] = await new AggregatorSource({ provider, aggregators, answerLimitMs: 50 }).pricesAt();
      expect(answer)
        .to.have.property("reason")
        .that.matches(/does not answer: no answer in 50 ms$/);
    } finally {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      provider.destroy();
    }
  });
});
