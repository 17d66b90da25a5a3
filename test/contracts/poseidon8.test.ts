import { expect } from "chai";
import { buildPoseidon, type PoseidonFunction } from "circomlibjs";
import { poseidonRecurrence } from "../../matcher/eddsa/poseidon-recurrence.ts";
import { FIELD_ORDER } from "../../matcher/protocol/spec.ts";
import { Seeded } from "../protocol/seeded.ts";
import { ethers } from "./chain.ts";

const AT_ONCE = 100;
const RANDOM = 1_000;

describe("Poseidon8.sol", () => {
  let reference: PoseidonFunction;
  let caller: Awaited<ReturnType<typeof ethers.deployContract>>;

  before(async () => {
    reference = await buildPoseidon();
    caller = await ethers.deployContract("Poseidon8Caller");
  });

  async function expectSame(inputs: readonly (readonly bigint[])[]): Promise<void> {
    for (let i = 0; i < inputs.length; i += AT_ONCE) {
      const part = inputs.slice(i, i + AT_ONCE);
      const found = (await caller.getFunction("hashes").staticCall(part)) as bigint[];
      expect([...found]).to.deep.equal(part.map((words) => reference.F.toObject(reference(words))));
    }
  }

  it("is circomlibjs' hash of eight inputs, on 1,000 random ones", async () => {
    const random = new Seeded("poseidon 8");
    await expectSame(Array.from({ length: RANDOM }, () => Array.from({ length: 8 }, () => random.field())));
  });

  it("is that at the edges: each input 0, 1, r − 1, near 2^253 and 2^128, beside zeros and beside r − 1", async () => {
    const edges = [0n, 1n, FIELD_ORDER - 1n, FIELD_ORDER - 2n, 1n << 253n, (1n << 253n) - 1n, 1n << 128n];
    const inputs = [0n, FIELD_ORDER - 1n].flatMap((rest) =>
      edges.flatMap((edge) =>
        Array.from({ length: 8 }, (_, place) => Array.from({ length: 8 }, (_, i) => (i === place ? edge : rest))),
      ),
    );
    await expectSame([...inputs, ...edges.map((edge) => new Array<bigint>(8).fill(edge))]);
  });

  it("has the same factors in every partial round", () => {
    const { output, feedback, partialConstants, fullConstants } = poseidonRecurrence(9);
    expect([output.length, feedback.length, partialConstants.length, fullConstants.length]).to.deep.equal([
      8, 8, 63, 8,
    ]);
  });
});
