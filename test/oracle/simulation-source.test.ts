import { expect } from "chai";
import type { SourcePrice } from "../../matcher/oracle/price-source.ts";
import { type Shock, SimulationSource } from "../../matcher/oracle/simulation-source.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";

const START = 1_800_000_000;

describe("Prices from the simulation", () => {
  const source = (noiseSeed: bigint, more: { shocks?: Shock[]; calm?: boolean } = {}) =>
    new SimulationSource({ markets: DEVNET_MARKETS, seed: 5n, startSeconds: START, noiseSeed, ...more });
  const ticksAt = async (from: SimulationSource, seconds: number) =>
    (await from.pricesAt(START + seconds)).map((answer) => (answer as SourcePrice | undefined)?.priceTicks);

  it("are the same in every process that has seed and start in common, however often each asks", async () => {
    const [often, once] = [source(1n), source(1n)];
    for (let second = 1; second < 300; second += 7) await ticksAt(often, second);
    expect(await ticksAt(often, 300)).to.deep.equal(await ticksAt(once, 300));
    expect(await ticksAt(once, 300), "asking again changes nothing").to.deep.equal(await ticksAt(often, 300));
  });

  it("differ between signers by some millionths, as real sources do", async () => {
    const signers = [source(1n), source(2n), source(3n)];
    for (let second = 10; second < 1_000; second += 10) {
      const [a, b, c] = (await Promise.all(signers.map((signer) => ticksAt(signer, second)))) as number[][];
      for (const other of [b, c]) {
        const driftPpm = Math.abs(((other?.[0] as number) / (a?.[0] as number) - 1) * 1e6);
        expect(driftPpm).to.be.lessThan(200);
      }
    }
    const [one, two] = [await ticksAt(signers[0]!, 1_000), await ticksAt(signers[1]!, 1_000)];
    expect(one).to.not.deep.equal(two);
    expect(one.slice(4)).to.deep.equal([undefined, undefined, undefined, undefined]);
  });

  it("make the moves that they are told to, spread over their seconds, and none else when calm", async () => {
    const shocks = [
      { atSeconds: 10, market: 1, movePpm: -200_000, seconds: 10 },
      { atSeconds: 40, market: 1, movePpm: 500_000, seconds: 1 },
    ];
    const calm = source(1n, { shocks, calm: true });
    expect((await ticksAt(calm, 10)).slice(0, 2)).to.deep.equal([650_000, 300_000]);
    expect((await ticksAt(calm, 15))[1]).to.be.within(269_990, 270_010);
    expect((await ticksAt(calm, 20))[1]).to.be.within(239_990, 240_010);
    expect((await ticksAt(calm, 40))[1]).to.be.within(239_990, 240_010);
    expect((await ticksAt(calm, 41)).slice(0, 2)[1]).to.be.within(359_980, 360_020);
    expect((await ticksAt(calm, 41))[0]).to.equal(650_000);
    calm.shock(0, -100_000);
    expect((await ticksAt(calm, 42))[0]).to.equal(585_000);
  });

  it("do not catch up with a start that is weeks behind", async () => {
    await source(1n)
      .pricesAt(START + 2_000_000)
      .then(
        () => expect.fail("it did"),
        (error: Error) => expect(error.message).to.match(/too far behind/),
      );
  });
});
