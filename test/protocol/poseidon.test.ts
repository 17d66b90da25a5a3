import { expect } from "chai";
import { buildPoseidon, type PoseidonFunction } from "circomlibjs";
import { poseidon } from "../../matcher/protocol/poseidon.ts";
import { type Poseidon, signingPoseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { FIELD_ORDER } from "../../matcher/protocol/spec.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { Seeded } from "./seeded.ts";

/** Ten thousand hashes; fewer of the wide ones, which cost twenty times as much. */
const HASHES_BY_WIDTH: [width: number, hashes: number][] = [
  [2, 4_200],
  [3, 3_000],
  [5, 2_000],
  [8, 500],
  [16, 300],
];

describe("poseidon", () => {
  let lib: PoseidonFunction;
  let fast: Poseidon;

  before(async () => {
    lib = await buildPoseidon();
    fast = await buildFastPoseidon();
  });

  it("gives the published value for (1, 2)", () => {
    // Test vector of the reference parameters, as in circomlib's own tests.
    const expected = 7853200120776062878684798364095072458815029376092732009249414926327459813530n;
    expect(poseidon([1n, 2n])).to.equal(expected);
    expect(fast([1n, 2n])).to.equal(expected);
  });

  it("is the same in poseidon-lite, circomlibjs and the wasm wrapper over 10,000 hashes", function () {
    this.timeout(120_000);
    const random = new Seeded("poseidon");
    let hashes = 0;
    for (const [width, count] of HASHES_BY_WIDTH) {
      for (let i = 0; i < count; i++) {
        const inputs = Array.from({ length: width }, () => random.field());
        const expected = lib.F.toObject(lib(inputs));
        if (poseidon(inputs) !== expected || fast(inputs) !== expected) expect.fail(`differs for ${inputs.join(", ")}`);
        hashes++;
      }
    }
    expect(hashes).to.equal(10_000);
  });

  it("is the same at every width for the smallest and largest elements", () => {
    for (let width = 1; width <= 16; width++) {
      for (const value of [0n, 1n, (1n << 64n) - 1n, 1n << 64n, 1n << 192n, FIELD_ORDER - 1n]) {
        const inputs = Array.from({ length: width }, (_, i) => (i % 2 === 0 ? value : FIELD_ORDER - 1n - value));
        const expected = lib.F.toObject(lib(inputs));
        expect(poseidon(inputs)).to.equal(expected);
        expect(fast(inputs)).to.equal(expected);
        if (width === 3 || width === 5) expect(signingPoseidon(inputs)).to.equal(expected);
      }
    }
  });

  it("is the same where trees hash, for hashes of hashes and extremes in any place", function () {
    this.timeout(60_000);
    const random = new Seeded("wide poseidon");
    for (const width of [8, 16]) {
      let last = 0n;
      for (let i = 0; i < 150; i++) {
        const inputs = Array.from({ length: width }, () => {
          return [0n, 1n, FIELD_ORDER - 1n, last, random.field()][random.integer(5)] as bigint;
        });
        last = fast(inputs);
        expect(last).to.equal(lib.F.toObject(lib(inputs)));
      }
    }
  });

  it("refuses wrong numbers of inputs", () => {
    const seventeen = new Array<bigint>(17).fill(0n);
    for (const hash of [poseidon, fast, signingPoseidon]) {
      expect(() => hash([])).to.throw(RangeError);
      expect(() => hash(seventeen)).to.throw(RangeError);
    }
    expect(() => signingPoseidon([1n, 2n])).to.throw(RangeError, "3 or 5");
  });

  it("refuses inputs outside [0, r), which would be other names of the same element", () => {
    for (const hash of [poseidon, fast, signingPoseidon]) {
      expect(() => hash([0n, FIELD_ORDER, 0n])).to.throw(RangeError, "input 1");
      expect(() => hash([0n, 0n, -1n])).to.throw(RangeError, "input 2");
    }
  });

  it("does not see another instance's memory", async () => {
    const other = await buildFastPoseidon();
    const inputs = [5n, 6n, 7n];
    const expected = fast(inputs);
    other([8n, 9n]);
    expect(fast(inputs)).to.equal(expected);
    expect(other(inputs)).to.equal(expected);
  });
});
