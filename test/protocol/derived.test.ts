import { bytesToNumberBE } from "@noble/curves/utils.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { expect } from "chai";
import { Point } from "../../matcher/protocol/curve.ts";
import {
  EMPTY_ORDER_ROOT,
  GENESIS_ACCOUNT_ROOT,
  OFFSET_POINT,
  OFFSET_POINT_SHIFTED,
} from "../../matcher/protocol/derived.ts";
import { keyFault } from "../../matcher/protocol/keys.ts";
import { poseidon } from "../../matcher/protocol/poseidon.ts";
import { ACCOUNT_TREE_LEVELS, FIELD_ORDER, ORDER_TREE_LEVELS, TREE_ARITY } from "../../matcher/protocol/spec.ts";

function emptyRoot(levels: number): bigint {
  let node = 0n;
  for (let level = 0; level < levels; level++) node = poseidon(new Array<bigint>(TREE_ARITY).fill(node));
  return node;
}

describe("derived constants", () => {
  it("are the roots of empty trees", () => {
    expect(EMPTY_ORDER_ROOT).to.equal(emptyRoot(ORDER_TREE_LEVELS));
    expect(GENESIS_ACCOUNT_ROOT).to.equal(emptyRoot(ACCOUNT_TREE_LEVELS));
  });

  it("are the offset point that hashing to the curve gives, so that nobody chose it", () => {
    const { Fp } = Point;
    for (let counter = 0; ; counter++) {
      const digest = keccak_256(concatBytes(utf8ToBytes("clearbook.offset.1"), Uint8Array.of(counter)));
      const y = bytesToNumberBE(digest) % FIELD_ORDER;
      // 168700·x² + y² = 1 + 168696·x²·y²
      const yy = Fp.sqr(y);
      const xx = Fp.div(Fp.sub(1n, yy), Fp.sub(168700n, Fp.mul(168696n, yy)));
      if (Fp.pow(xx, (FIELD_ORDER - 1n) / 2n) !== 1n) continue;
      const root = Fp.sqrt(xx);
      const x = root % 2n === 0n ? root : FIELD_ORDER - root;
      expect(Point.fromAffine({ x, y }).clearCofactor().toAffine()).to.deep.equal(OFFSET_POINT);
      break;
    }
    expect(keyFault({ ax: OFFSET_POINT.x, ay: OFFSET_POINT.y })).to.equal(undefined);
  });

  it("are 2^254 times the offset point", () => {
    let point = Point.fromAffine(OFFSET_POINT);
    for (let i = 0; i < 254; i++) point = point.double();
    expect(point.toAffine()).to.deep.equal(OFFSET_POINT_SHIFTED);
  });
});
