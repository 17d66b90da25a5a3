import { expect } from "chai";
import { MarketSimulation } from "../../matcher/oracle/market-simulation.ts";
import { SeededNoise, UNIT } from "../../matcher/oracle/seeded-noise.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";

/** Price changes of the four live markets over `steps` seconds, parts per million. */
function changesPpm(seed: bigint, steps: number, stepMs = 1_000): number[][] {
  const simulation = new MarketSimulation(seed, DEVNET_MARKETS);
  let last = simulation.pricesTicks();
  return Array.from({ length: steps }, () => {
    simulation.advance(stepMs);
    const next = simulation.pricesTicks();
    const changes = next.slice(0, 4).map((price, market) => (price / (last[market] as number) - 1) * 1e6);
    last = next;
    return changes;
  });
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]) => Math.sqrt(mean(values.map((value) => value * value)));

describe("SeededNoise", () => {
  it("is splitmix64", () => {
    const noise = new SeededNoise(1234567n);
    expect([noise.next(), noise.next(), noise.next()]).to.deep.equal([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
    ]);
  });

  it("has mean 0 and deviation 1, within six", () => {
    const noise = new SeededNoise(3n);
    const values = Array.from({ length: 20_000 }, () => Number(noise.normal()) / Number(UNIT));
    expect(Math.abs(mean(values))).to.be.lessThan(0.02);
    expect(deviation(values)).to.be.within(0.98, 1.02);
    expect(Math.max(...values.map(Math.abs))).to.be.lessThan(6);
  });
});

describe("MarketSimulation", () => {
  it("starts at the seed prices, with nothing where no market is live", () => {
    const prices = new MarketSimulation(1n, DEVNET_MARKETS).pricesTicks();
    expect(prices).to.deep.equal([650_000, 300_000, 150_000, 15_000, 0, 0, 0, 0]);
  });

  it("walks the same way for the same seed, and another for another", () => {
    expect(changesPpm(5n, 50)).to.deep.equal(changesPpm(5n, 50));
    expect(changesPpm(5n, 50)).to.not.deep.equal(changesPpm(6n, 50));
  });

  it("moves as lively as each market's mood says, and together", () => {
    const changes = changesPpm(7n, 5_000);
    const column = (market: number) => changes.map((row) => row[market] as number);
    expect(deviation(column(0))).to.be.within(105, 115);
    expect(deviation(column(2))).to.be.within(180, 200);
    const together = mean(column(0).map((value, i) => value * (column(1)[i] as number)));
    expect(together / (deviation(column(0)) * deviation(column(1)))).to.be.within(0.65, 0.8);
  });

  it("moves with the root of the time", () => {
    const fourSeconds = changesPpm(7n, 5_000, 4_000).map((row) => row[0] as number);
    expect(deviation(fourSeconds)).to.be.within(210, 230);
  });

  it("stays within sixteen times its start, both ways, over years", () => {
    for (const seed of [1n, 2n, 3n, 4n, 5n]) {
      const simulation = new MarketSimulation(seed, DEVNET_MARKETS);
      for (let i = 0; i < 400; i++) {
        simulation.advance(100_000_000_000);
        const [btc] = simulation.pricesTicks();
        expect(btc).to.be.within(650_000 / 16, 650_000 * 16);
      }
    }
  });
});
