import { babyjubjub } from "@noble/curves/misc.js";
import { expect } from "chai";
import { buildBabyjub } from "circomlibjs";
import { isOnCurve, Point } from "../../matcher/protocol/curve.ts";
import { FIELD_ORDER, SUBGROUP_ORDER } from "../../matcher/protocol/spec.ts";
import { Seeded } from "./seeded.ts";
import { FULL_GENERATOR } from "./torsion-points.ts";

describe("curve", () => {
  it("has the parameters of circomlibjs and of the curve library's own BabyJubJub", async () => {
    const lib = await buildBabyjub();
    expect(Point.BASE.toAffine()).to.deep.equal({
      x: lib.F.toObject(lib.Base8[0]),
      y: lib.F.toObject(lib.Base8[1]),
    });
    expect(FULL_GENERATOR).to.deep.equal({ x: lib.F.toObject(lib.Generator[0]), y: lib.F.toObject(lib.Generator[1]) });
    expect(SUBGROUP_ORDER).to.equal(lib.subOrder);
    expect(Point.CURVE()).to.deep.equal(babyjubjub.Point.CURVE());
  });

  it("adds and multiplies as circomlibjs does", async () => {
    const lib = await buildBabyjub();
    const random = new Seeded("curve");
    for (let i = 0; i < 20; i++) {
      const scalar = random.scalar();
      const theirs = lib.mulPointEscalar(lib.Base8, scalar);
      const sum = lib.addPoint(theirs, lib.Generator);
      const ours = Point.BASE.multiply(scalar);
      expect(ours.toAffine()).to.deep.equal({ x: lib.F.toObject(theirs[0]), y: lib.F.toObject(theirs[1]) });
      expect(Point.BASE.multiplyUnsafe(scalar).equals(ours)).to.equal(true);
      expect(ours.add(Point.fromAffine(FULL_GENERATOR)).toAffine()).to.deep.equal({
        x: lib.F.toObject(sum[0]),
        y: lib.F.toObject(sum[1]),
      });
    }
  });

  it("knows points on the curve from others, and refuses coordinates that are not canonical", () => {
    const { x, y } = Point.BASE.toAffine();
    expect(isOnCurve({ x, y })).to.equal(true);
    expect(isOnCurve({ x: 0n, y: 1n })).to.equal(true);
    expect(isOnCurve({ x, y: y + 1n })).to.equal(false);
    expect(isOnCurve({ x: y, y: x })).to.equal(false);
    expect(isOnCurve({ x: 0n, y: 0n })).to.equal(false);
    expect(isOnCurve({ x: x + FIELD_ORDER, y })).to.equal(false);
    expect(isOnCurve({ x, y: y + FIELD_ORDER })).to.equal(false);
    expect(isOnCurve({ x: x - FIELD_ORDER, y })).to.equal(false);
  });
});
