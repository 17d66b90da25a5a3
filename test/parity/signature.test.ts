import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect } from "chai";
import { Point } from "../../matcher/protocol/curve.ts";
import { keyPairOf, type PublicKey } from "../../matcher/protocol/keys.ts";
import type { Signature } from "../../matcher/protocol/message.ts";
import { sign, verify } from "../../matcher/protocol/signature.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { FIELD_ORDER, SUBGROUP_ORDER } from "../../matcher/protocol/spec.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { buildCircuit } from "../../scripts/circuits/build-circuit.ts";
import { Seeded } from "../protocol/seeded.ts";
import { keyOf, torsionPoints } from "../protocol/torsion-points.ts";

const require = createRequire(import.meta.url);

type Inputs = Record<string, bigint>;
type Accepts = (key: PublicKey, message: bigint, signature: Signature) => Promise<boolean>;

interface WitnessCalculator {
  calculateWitness(input: Inputs, sanityCheck: boolean): Promise<bigint[]>;
}

/** Whether a circuit has a witness. Only a violated constraint counts as a refusal; any other error is one of the test. */
async function circuitAccepts(
  name: string,
  inputs: (key: PublicKey, message: bigint, s: Signature) => Inputs,
): Promise<Accepts> {
  const built = await buildCircuit({
    main: `test/fixtures/circuits/${name}.circom`,
    optimization: "O1",
    out: `build/test-circuits/${name}`,
    devKey: false,
  });
  const { WitnessCalculatorBuilder } = require("circom_runtime");
  const calculator: WitnessCalculator = await WitnessCalculatorBuilder(readFileSync(built.wasmPath));
  return async (key, message, signature) => {
    try {
      await calculator.calculateWitness(inputs(key, message, signature), true);
      return true;
    } catch (error) {
      if (error instanceof Error && /Assert Failed/.test(error.message)) return false;
      throw error;
    }
  };
}

describe("signature, in TypeScript, in the batch circuit and in circomlib", function () {
  this.timeout(300_000);
  let own: Accepts;
  let circomlib: Accepts;
  let hash: Poseidon;

  before(async () => {
    hash = await buildFastPoseidon();
    own = await circuitAccepts("own-signature", ({ ax, ay }, message, { r8x, r8y, s }) => {
      return { enabled: 1n, ax, ay, r8x, r8y, s, message };
    });
    circomlib = await circuitAccepts("circomlib-signature", ({ ax, ay }, M, { r8x, r8y, s }) => {
      return { enabled: 1n, Ax: ax, Ay: ay, S: s, R8x: r8x, R8y: r8y, M };
    });
  });

  async function expectAll(
    accepted: boolean,
    key: PublicKey,
    message: bigint,
    signature: Signature,
    what = "",
  ): Promise<void> {
    const answers = {
      matcher: verify(key, message, signature, { hash }),
      circuit: await own(key, message, signature),
      circomlib: await circomlib(key, message, signature),
    };
    expect(answers, what).to.deep.equal({ matcher: accepted, circuit: accepted, circomlib: accepted });
  }

  it("is accepted by all three", async () => {
    const random = new Seeded("parity");
    for (let i = 0; i < 30; i++) {
      const key = keyPairOf(random.scalar());
      const message = random.field();
      await expectAll(true, key, message, sign(key, message, hash));
    }
    for (const scalar of [1n, 2n, SUBGROUP_ORDER - 1n]) {
      for (const message of [0n, FIELD_ORDER - 1n]) {
        const key = keyPairOf(scalar);
        await expectAll(true, key, message, sign(key, message, hash), `scalar ${scalar}`);
      }
    }
  });

  it("is refused by all three once anything is changed", async () => {
    const random = new Seeded("parity, refused");
    for (let i = 0; i < 3; i++) {
      const key = keyPairOf(random.scalar());
      const message = random.field();
      const good = sign(key, message, hash);
      const changed: [string, PublicKey, bigint, Signature][] = [
        ["S + ℓ", key, message, { ...good, s: good.s + SUBGROUP_ORDER }],
        ["S + 1", key, message, { ...good, s: (good.s + 1n) % SUBGROUP_ORDER }],
        ["−S", key, message, { ...good, s: SUBGROUP_ORDER - good.s }],
        ["S = 0", key, message, { ...good, s: 0n }],
        ["−R8", key, message, { ...good, r8x: FIELD_ORDER - good.r8x }],
        ["R8 off the curve", key, message, { ...good, r8y: (good.r8y + 1n) % FIELD_ORDER }],
        ["R8 the identity", key, message, { ...good, r8x: 0n, r8y: 1n }],
        ["another message", key, (message + 1n) % FIELD_ORDER, good],
        ["another key", keyPairOf(random.scalar()), message, good],
        ["the negated key", { ax: FIELD_ORDER - key.ax, ay: key.ay }, message, good],
      ];
      for (const [what, ...use] of changed) {
        await expectAll(false, ...use, what);
        // The refusal before was the signature's, not a calculator's that refuses everything from then on.
        await expectAll(true, key, message, good, `the good one after ${what}`);
      }
    }
  });

  it("is refused by all three when R8 has a part of small order that the challenge covers", async () => {
    const key = keyPairOf(31n);
    for (const torsion of torsionPoints().slice(1)) {
      const { x: r8x, y: r8y } = Point.BASE.multiply(777n).add(torsion).toAffine();
      const s = (777n + 8n * hash([r8x, r8y, key.ax, key.ay, 5n]) * key.scalar) % SUBGROUP_ORDER;
      await expectAll(false, key, 5n, { r8x, r8y, s });
    }
  });

  it("is refused by all three when one coordinate of R8 is wrong and the challenge covers it", async () => {
    const key = keyPairOf(31n);
    const { x, y } = Point.BASE.multiply(777n).toAffine();
    for (const [r8x, r8y] of [
      [x, y + 1n],
      [x, FIELD_ORDER - y],
      [x + 1n, y],
      [FIELD_ORDER - x, y],
    ] as const) {
      const s = (777n + 8n * hash([r8x, r8y, key.ax, key.ay, 5n]) * key.scalar) % SUBGROUP_ORDER;
      await expectAll(false, key, 5n, { r8x, r8y, s });
    }
  });

  it("is never accepted by the matcher under a key of small order, which circomlib's circuit refuses too", async () => {
    for (const torsion of torsionPoints()) {
      const key = keyOf(torsion);
      const { x: r8x, y: r8y } = Point.BASE.multiply(9n).toAffine();
      expect(verify(key, 5n, { r8x, r8y, s: 9n }, { hash })).to.equal(false);
      expect(await circomlib(key, 5n, { r8x, r8y, s: 9n })).to.equal(false);
    }
  });
});
