import { expect } from "chai";
import type { Epoch, EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { Side } from "../../matcher/protocol/message.ts";
import { MARKETS, PICO_PER_MICRO } from "../../matcher/protocol/spec.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { add, carryDown, carryFraction, type Place, write } from "./attack-inputs.ts";
import { BatchCircuit, type Tamper } from "./batch-circuit.ts";
import { type BatchPlan, type RowPlan, testEpoch, World } from "./forge.ts";

const MICRO = PICO_PER_MICRO;
const PICO_PER_USD = 1_000_000n * MICRO;
const A = 3;
const B = 9;
const sizes = (...lots: bigint[]) => [...lots, ...new Array(MARKETS - lots.length).fill(0n)];

/** The usual epoch with other terms of its first two markets. */
function epochWith(first: Partial<EpochMarket>, second: Partial<EpochMarket> = {}): Epoch {
  const epoch = testEpoch();
  return { ...epoch, markets: epoch.markets.map((market, i) => ({ ...market, ...[first, second][i] })) };
}

describe("batch circuit: markets that are capped, isolated-only, restricted or retired", function () {
  this.timeout(240_000);
  let circuit: BatchCircuit;
  let world: World;
  before(async () => {
    circuit = await BatchCircuit.load("test", await buildFastPoseidon());
  });

  function exchange(epoch: Epoch, a: bigint[], b: bigint[], usd = 1_000n): void {
    world = new World(circuit.hash, epoch);
    world.seed(A, { collateralPicoUsd: usd * PICO_PER_USD, sizesLots: sizes(...a), owner: 0xfeedn });
    world.seed(B, { collateralPicoUsd: usd * PICO_PER_USD, sizesLots: sizes(...b), owner: 0xfeedn });
  }
  /** A buys, or sells, of B at the index price. */
  function trade(market: number, lots: number, side: Side = "buy"): RowPlan[] {
    const price = world.epoch.markets[market]?.priceTicks as number;
    const other = side === "buy" ? "sell" : "buy";
    return [
      [A, side],
      [B, other],
    ].map(([account, own]) => ({
      message: world.order({ account: account as number, side: own as Side, market, limitPriceTicks: price }),
      quantityLots: lots,
      quoteMicroUsd: BigInt(lots * price),
    }));
  }
  const withdrawal = (account: number) =>
    world.sign({ kind: "withdrawal", account, sequence: 0, expirySeconds: 2_000_000, amountMicroUsd: 1n });
  const refusal = (plan: BatchPlan, tamper?: Tamper) => circuit.refusal(world.forge(plan), tamper);
  const passes = async (plan: BatchPlan) => expect(await refusal(plan)).to.equal(undefined);
  const refused = async (template: string, plan: BatchPlan, tamper?: Tamper) =>
    expect(await refusal(plan, tamper)).to.match(new RegExp(`^${template}\\b`));

  describe("position cap", () => {
    it("is reached, not passed by one lot", async () => {
      for (const [lots, template] of [
        [50, undefined],
        [51, "SizeGrowth"],
      ] as const) {
        exchange(epochWith({ positionCapLots: 150n }), [100n], [-100n]);
        const rows = trade(0, lots);
        if (template === undefined) await passes({ rows });
        else await refused(template, { rows });
      }
    });
    it("binds shorts as well", async () => {
      exchange(epochWith({ positionCapLots: 150n }), [100n], [-100n]);
      world.seed(A, { collateralPicoUsd: 1_000n * PICO_PER_USD, sizesLots: sizes(-60n) });
      await refused("SizeGrowth", { rows: trade(0, 51) });
    });
    it("a position above a lowered one may shrink, and may not be called its own bound when it grows", async () => {
      exchange(epochWith({ positionCapLots: 50n }), [100n], [-100n]);
      await passes({ rows: trade(0, 10, "sell") });
      exchange(epochWith({ positionCapLots: 50n }), [100n], [-100n]);
      const honest: Tamper = { input: (input) => write(input, ["slotGrows", 0, 0], 0n) };
      await refused("SizeGrowth", { rows: trade(0, 1) }, honest);
    });
  });

  describe("isolated-only", () => {
    it("stands alone: growth elsewhere, or there beside another position, is refused", async () => {
      exchange(epochWith({ isolatedOnly: true }), [5n], [-5n]);
      await refused("SizeGrowth", { rows: trade(1, 1) });
      exchange(epochWith({ isolatedOnly: true }), [0n, 5n], [0n, -5n]);
      await refused("SizeGrowth", { rows: trade(0, 1) });
      exchange(epochWith({ isolatedOnly: true }), [5n], [-5n]);
      await passes({ rows: trade(0, 1) });
    });
    it("what is mixed already may be reduced", async () => {
      exchange(epochWith({ isolatedOnly: true }), [5n, 5n], [-5n, -5n]);
      await passes({ rows: trade(0, 1, "sell") });
      exchange(epochWith({ isolatedOnly: true }), [5n, 5n], [-5n, -5n]);
      await refused("SizeGrowth", { rows: trade(1, 1) });
    });
  });

  describe("restricted", () => {
    const restricted = epochWith({ restricted: true });
    it("lets positions shrink, not grow by one lot, not flip", async () => {
      exchange(restricted, [5n], [-5n]);
      await passes({ rows: trade(0, 5, "sell") });
      exchange(restricted, [5n], [-6n]);
      await refused("SizeGrowth", { rows: trade(0, 6, "sell") });
      exchange(restricted, [0n], [-5n]);
      await refused("SizeGrowth", { rows: trade(0, 1) });
    });
    it("does not stop another market", async () => {
      exchange(restricted, [5n], [-5n]);
      await passes({ rows: trade(1, 5) });
    });
    it("who holds a position there withdraws nothing, who closed it does", async () => {
      exchange(restricted, [5n], [-5n]);
      await refused("SizeGrowth", { rows: [{ message: withdrawal(A) }] });
      exchange(restricted, [0n], [-5n]);
      await passes({ rows: [{ message: withdrawal(A) }] });
    });
    it("nor does it transfer out; in, it may", async () => {
      const transfer = (from: number, to: number) =>
        world.sign({ kind: "transfer", account: from, to, sequence: 0, expirySeconds: 2_000_000, amountMicroUsd: 1n });
      exchange(restricted, [5n], [0n]);
      await refused("SizeGrowth", { rows: [{ message: transfer(A, B), receiverSlot: 1 }], touch: [A, B] });
      exchange(restricted, [5n], [0n]);
      await passes({ rows: [{ message: transfer(B, A), receiverSlot: 0 }], touch: [A, B] });
    });
  });

  describe("retired", () => {
    const retired = epochWith({
      retired: true,
      priceTicks: 1_250,
      priceMinTicks: 1,
      priceMaxTicks: 0,
      positionCapLots: 0n,
    });
    /** The leaf that a touch leaves, and what the open interest is. */
    const touched = (account: number) => world.holders.get(account)?.leaf;

    it("settles long and short at the price, and their sum stays", async () => {
      exchange(retired, [40n], [-40n]);
      await passes({ touch: [A, B] });
      expect(touched(A)?.sizesLots).to.deep.equal(sizes());
      expect(touched(A)?.collateralPicoUsd).to.equal(1_000n * PICO_PER_USD + 40n * 1_250n * MICRO);
      expect(touched(B)?.collateralPicoUsd).to.equal(1_000n * PICO_PER_USD - 40n * 1_250n * MICRO);
      expect(world.grossOpenInterestLots[0]).to.equal(0n);
    });
    it("with what happens to the account in another market", async () => {
      exchange(retired, [40n, 3n], [-40n, -3n]);
      await passes({ rows: trade(1, 2) });
    });
    it("also an account that ends in debt, which nothing else could do to it", async () => {
      exchange(retired, [40n], [-40n], 0n);
      await passes({ touch: [A, B] });
    });
    it("at no other price, and once", async () => {
      for (const change of [1n, -1n, 40n * 1_250n * MICRO]) {
        exchange(retired, [40n], [-40n]);
        const plan: BatchPlan = {
          touch: [A],
          finally: (_, leaf) => {
            leaf.collateralPicoUsd += change;
          },
        };
        expect(await refusal(plan)).to.not.equal(undefined);
      }
    });
    it("cannot be left out", async () => {
      exchange(retired, [40n], [-40n]);
      const plan: BatchPlan = {
        touch: [A],
        finally: (_, leaf) => {
          leaf.sizesLots[0] = 40n;
          leaf.collateralPicoUsd -= 40n * 1_250n * MICRO;
        },
      };
      await refused("AccountSlot", plan);
    });
    it("no unused slot lowers the open interest by a position that nobody has", async () => {
      exchange(retired, [40n], [-40n]);
      await refused(
        "AccountSlot",
        { touch: [A] },
        {
          input: (input) => add(input, ["slotLane", 2, 0], 7n),
        },
      );
    });
    it("nobody trades there", async () => {
      exchange(retired, [40n], [-40n]);
      expect(await refusal({ rows: trade(0, 1) })).to.not.equal(undefined);
    });
  });

  it("no field of the terms takes from its neighbour in the word", async () => {
    const market = (name: string): Place => [name, 0];
    const pairs: [lower: Place, upper: Place, width: number][] = [
      [market("fundingIndexOffset"), market("restricted"), 64],
      [market("restricted"), market("retired"), 1],
      [market("retired"), market("isolatedOnly"), 1],
      [market("isolatedOnly"), market("positionCap"), 1],
      [["liquidationFeeCap"], ["liquidationSpread"], 20],
      [["liquidationSpread"], ["bankruptcyAdjustment"], 22],
      [["bankruptcyAdjustment"], ["insuranceCap"], 24],
    ];
    for (const [lower, upper, width] of pairs) {
      for (const carry of [carryDown, carryFraction]) {
        exchange(epochWith({ restricted: true, retired: false, isolatedOnly: true }), [], []);
        const reason = await refusal({}, { input: (input) => carry(input, lower, upper, width) });
        expect(reason, `${lower} and ${upper}`).to.match(/^(MarketTerms|LiquidationTerms)/);
      }
    }
  });

  it("no word of the terms reads as another one", async () => {
    for (let word = 8; word <= 18; word++) {
      exchange(testEpoch(), [], []);
      const reason = await refusal(
        {},
        {
          data: (words) => {
            words[word] = (words[word] as bigint) + 1n;
          },
        },
      );
      expect(reason, `word ${word}`).to.match(/^Batch/);
    }
  });
});
