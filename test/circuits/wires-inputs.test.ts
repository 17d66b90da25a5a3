import { readFileSync } from "node:fs";
import { expect } from "chai";
import { UnsatisfiedError, WitnessCalculator } from "../../matcher/prover/groth16/witness-calculator.ts";
import type { BatchInput, Signal } from "../../matcher/prover/witness.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { BatchCircuit } from "./batch-circuit.ts";
import { World } from "./forge.ts";

const PICO = 1_000_000_000_000n;
const ACCOUNT = 3;

/** Of eight markets, or eight children of a path level, two are tried: the first child is the node below, the second a sibling. */
const OF_EIGHT = 2;

type Leaf = { readonly name: string; readonly list: Record<number | string, Signal>; readonly key: number | string };

function* leavesOf(name: string, list: Record<number | string, Signal>, key: number | string): Generator<Leaf> {
  const value = list[key] as Signal;
  if (typeof value === "bigint") {
    yield { name, list, key };
    return;
  }
  const count = value.length === 8 && typeof value[0] === "bigint" ? OF_EIGHT : value.length;
  for (let i = 0; i < count; i++) {
    yield* leavesOf(`${name}[${i}]`, value as unknown as Record<number, Signal>, i);
  }
}

/**
 * The batch has one row and one account slot in use, one row, two slots and a liquidation unused. Every input of the prover is moved by one, everything computed from
 * it anew, the public data left as they are.
 */
describe("batch circuit: every input of the prover is bound", function () {
  this.timeout(300_000);

  it("moving an input by one is refused, but for what an unused row or slot is filled with", async () => {
    const hash = await buildFastPoseidon();
    const circuit = await BatchCircuit.load("test", hash);
    const world = new World(hash);
    world.seed(ACCOUNT, { collateralPicoUsd: PICO, withdrawalNonce: 4 });
    const message = world.sign({ kind: "cancel", account: ACCOUNT, slot: 1, sequence: 64 });
    const deposit = {
      kind: "deposit" as const,
      minSequence: 0,
      account: ACCOUNT,
      amountMicroUsd: 50n,
      owner: 0n,
      ax: 0n,
      ay: 0n,
    };
    const input: BatchInput = circuit.inputOf(world.forge({ rows: [{ message }], queue: [deposit] }));
    const calculator = await WitnessCalculator.compile(readFileSync("build/circuits/test/test.wasm"));

    const free = new Set<string>();
    for (const name of Object.keys(input)) {
      for (const leaf of leavesOf(name, input, name)) {
        const honest = leaf.list[leaf.key] as bigint;
        leaf.list[leaf.key] = honest + 1n;
        try {
          calculator.calculate(input as Parameters<WitnessCalculator["calculate"]>[0]);
          free.add(leaf.name);
        } catch (error) {
          if (!(error instanceof UnsatisfiedError)) throw error;
        }
        leaf.list[leaf.key] = honest;
      }
    }

    // An unused row has the fields of any message in their widths, signed by anyone, and some path; its kind, account, quantities, fee, and the
    // slot word before (the leaf of that path) stay.
    const row = ["Side", "KeepFilled", "Flags", "Sequence", "Expiry", "MaxFee", "LimitPrice", "SignedQuantity"].concat(
      ["R8x", "R8y", "S"],
      [0, 1, 2].map((bit) => `Market[1][${bit}]`),
      Array.from({ length: 12 }, (_, bit) => `Slot[1][${bit}]`),
      ["OrderPath[1][3][1]"],
    );
    // An unused slot is any flat account's leaf and its path.
    const leaf = ["Account", "Owner", "Ax", "Ay", "Collateral", "OrderRoot", "WithdrawalNonce", "MinSequence"];
    const slot = [1, 2].flatMap((j) => [...leaf.map((field) => `${field}[${j}]`), `Path[${j}][5][1]`]);
    // A size that did not grow is within the market's cap as well as within itself: the prover may name either bound.
    const grows = [0, 1, 2].flatMap((j) => [0, 1].map((market) => `Grows[${j}][${market}]`));
    const indexed = (prefix: string, field: string) => `${prefix}${field.includes("[") ? field : `${field}[1]`}`;
    const expected = [...row.map((f) => indexed("row", f)), ...[...slot, ...grows].map((f) => `slot${f}`)];
    expect([...free].sort()).to.deep.equal(expected.sort());
  });
});
