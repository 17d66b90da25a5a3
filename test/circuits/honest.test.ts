import { expect } from "chai";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { BatchCircuit } from "./batch-circuit.ts";
import { World } from "./forge.ts";

const USD = 1_000_000n;
const PICO = 1_000_000n * USD;

describe("batch circuit: honest batches have witnesses", function () {
  this.timeout(180_000);
  let circuit: BatchCircuit;
  before(async () => {
    circuit = await BatchCircuit.load("test", await buildFastPoseidon());
  });

  it("an empty batch", async () => {
    const world = new World(circuit.hash);
    expect(await circuit.refusal(world.forge({}))).to.equal(undefined);
  });

  it("a registration", async () => {
    const world = new World(circuit.hash);
    expect(await circuit.refusal(world.forge({ queue: [world.registration(5)] }))).to.equal(undefined);
  });

  it("a fill between two accounts with fees", async () => {
    const world = new World(circuit.hash);
    world.seed(3, { collateralPicoUsd: 1_000n * PICO });
    world.seed(9, { collateralPicoUsd: 1_000n * PICO });
    const trace = world.forge({
      rows: [
        {
          message: world.order({ account: 3, side: "buy" }),
          quantityLots: 400,
          quoteMicroUsd: 400_000n,
          feePicoUsd: 400_000n * 500n,
        },
        {
          message: world.order({ account: 9, side: "sell" }),
          quantityLots: 400,
          quoteMicroUsd: 400_000n,
          feePicoUsd: -400_000n * 100n,
        },
      ],
    });
    expect(await circuit.refusal(trace)).to.equal(undefined);
  });
});
