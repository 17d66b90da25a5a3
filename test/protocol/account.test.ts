import { expect } from "chai";
import fc from "fast-check";
import {
  type AccountLeaf,
  countersWord,
  fieldFromSigned,
  leafInputs,
  sizesFromWords,
  sizeWords,
} from "../../matcher/protocol/account.ts";
import { FIELD_ORDER } from "../../matcher/protocol/spec.ts";

const LEAF: AccountLeaf = {
  ax: 11n,
  ay: 12n,
  owner: 13n,
  collateralPicoUsd: -5n,
  orderRoot: 14n,
  withdrawalNonce: 3,
  minSequence: 9,
  sizesLots: [1n, -1n, 0n, 2n ** 40n - 1n, -(2n ** 40n) + 1n, 0n, 0n, 7n],
  fundingIndexPicoUsd: [0n, -1n, 2n, 0n, 0n, 0n, 0n, -(2n ** 63n) + 1n],
};

describe("account leaf", () => {
  it("has eight inputs in the documented order, collateral with funding left in, negative values as r − |x|", () => {
    const lane = (sizes: bigint[]) =>
      sizes.reduce((word, size, i) => word + ((size + 2n ** 40n) << BigInt(48 * i)), 0n);
    expect(leafInputs(LEAF)).to.deep.equal([
      11n,
      12n,
      13n,
      FIELD_ORDER - 5n + 1n - 7n * (2n ** 63n - 1n),
      14n,
      3n + 9n * 2n ** 32n,
      lane(LEAF.sizesLots.slice(0, 4)),
      lane(LEAF.sizesLots.slice(4)),
    ]);
  });

  it("packs sizes so that they come back, whatever their signs", () => {
    const size = fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n - 1n });
    fc.assert(
      fc.property(fc.array(size, { minLength: 8, maxLength: 8 }), (sizes) => {
        expect(sizesFromWords(sizeWords(sizes))).to.deep.equal(sizes);
      }),
      { numRuns: 500, seed: 13 },
    );
  });

  it("refuses sizes and counters beyond their widths", () => {
    for (const size of [2n ** 40n, -(2n ** 40n) - 1n]) {
      for (let market = 0; market < 8; market++) {
        const sizes = new Array<bigint>(8).fill(0n);
        sizes[market] = size;
        expect(() => sizeWords(sizes)).to.throw(RangeError, `market ${market}`);
      }
    }
    expect(() => countersWord({ withdrawalNonce: 2 ** 32, minSequence: 0 })).to.throw(RangeError, "withdrawalNonce");
    expect(() => countersWord({ withdrawalNonce: 0, minSequence: 2 ** 48 })).to.throw(RangeError, "minSequence");
  });

  it("maps signed values into the field and keeps sums", () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 96n), 2n ** 96n), fc.bigInt(-(2n ** 96n), 2n ** 96n), (a, b) => {
        const sum = (fieldFromSigned(a) + fieldFromSigned(b)) % FIELD_ORDER;
        expect(sum).to.equal(fieldFromSigned(a + b));
        expect(fieldFromSigned(a) >= 0n && fieldFromSigned(a) < FIELD_ORDER).to.equal(true);
      }),
      { numRuns: 300, seed: 14 },
    );
  });
});
