import { expect } from "chai";
import { buildBabyjub } from "circomlibjs";
import { Point } from "../../matcher/protocol/curve.ts";
import {
  assertPublicKey,
  KeyError,
  type KeyFault,
  keyFault,
  keyPairOf,
  publicKeyFromRegistration,
  publicKeyOf,
  registrationPointOf,
} from "../../matcher/protocol/keys.ts";
import { FIELD_ORDER, SUBGROUP_ORDER } from "../../matcher/protocol/spec.ts";
import { Seeded } from "./seeded.ts";
import { keyOf, torsionPoints } from "./torsion-points.ts";

const TORSION_ORDERS = [1, 8, 4, 8, 2, 8, 4, 8];

describe("keys", () => {
  it("accepts derived public keys, equal to circomlibjs' multiples of Base8", async () => {
    const lib = await buildBabyjub();
    const random = new Seeded("keys");
    for (let i = 0; i < 20; i++) {
      const scalar = random.scalar();
      const key = publicKeyOf(scalar);
      const [x, y] = lib.mulPointEscalar(lib.Base8, scalar);
      expect(key).to.deep.equal({ ax: lib.F.toObject(x), ay: lib.F.toObject(y) });
      expect(keyFault(key)).to.equal(undefined);
      expect(() => assertPublicKey(key)).not.to.throw();
    }
  });

  it("derives the golden key", () => {
    expect(keyPairOf(12345n)).to.deep.equal({
      scalar: 12345n,
      ax: 19099552327547260981542886231210125691902505931204088720746463491300185142606n,
      ay: 13276557205153692030187527501273228448057533426731746626187331221465573305487n,
    });
    expect(registrationPointOf(12345n)).to.deep.equal({
      qx: 17142906235738236914700061482762394769912940179184964881516032962770933276906n,
      qy: 19967853346489613161003373312684803283727027399615337122976225920657314078173n,
    });
  });

  it("refuses every point of order 1, 2, 4 and 8, each with its reason", () => {
    const faults = torsionPoints().map((point) => keyFault(keyOf(point)));
    expect(faults).to.deep.equal(TORSION_ORDERS.map((order) => (order === 1 ? "identity" : `order${order}`)));
  });

  it("refuses A + T for every point T of small order, each with its reason", () => {
    const a = Point.BASE.multiply(987_654_321n);
    const faults = torsionPoints().map((point) => keyFault(keyOf(a.add(point))));
    expect(faults).to.deep.equal(TORSION_ORDERS.map((order) => (order === 1 ? undefined : `mixedOrder${order}`)));
  });

  it("refuses points off the curve and coordinates that are not canonical", () => {
    const { ax, ay } = publicKeyOf(5n);
    const cases: [bigint, bigint, KeyFault][] = [
      [ax, ay + 1n, "offCurve"],
      [0n, 0n, "offCurve"],
      [FIELD_ORDER - 1n, FIELD_ORDER - 1n, "offCurve"],
      [ax + FIELD_ORDER, ay, "coordinateOutOfRange"],
      [ax, ay + FIELD_ORDER, "coordinateOutOfRange"],
      [FIELD_ORDER, 1n, "coordinateOutOfRange"],
      [-ax, ay, "coordinateOutOfRange"],
    ];
    for (const [x, y, fault] of cases) {
      expect(keyFault({ ax: x, ay: y })).to.equal(fault);
      expect(() => assertPublicKey({ ax: x, ay: y }))
        .to.throw(KeyError)
        .with.property("fault", fault);
    }
  });

  it("refuses scalars outside [1, ℓ) without showing them", () => {
    for (const scalar of [0n, -1n, SUBGROUP_ORDER, SUBGROUP_ORDER + 7n]) {
      for (const derive of [publicKeyOf, registrationPointOf, keyPairOf]) {
        expect(() => derive(scalar)).to.throw(RangeError, "a secret scalar lies in [1, ℓ)");
      }
    }
    expect(keyFault(publicKeyOf(SUBGROUP_ORDER - 1n))).to.equal(undefined);
  });

  it("registers Q with 8·Q = A", () => {
    const random = new Seeded("registration");
    for (let i = 0; i < 50; i++) {
      const scalar = random.scalar();
      expect(publicKeyFromRegistration(registrationPointOf(scalar))).to.deep.equal(publicKeyOf(scalar));
    }
  });

  it("lands in the prime-order subgroup from any Q, and refuses a Q that 8·Q makes the identity", () => {
    const q = Point.fromAffine({ x: registrationPointOf(99n).qx, y: registrationPointOf(99n).qy });
    for (const torsion of torsionPoints()) {
      const { x, y } = q.add(torsion).toAffine();
      expect(publicKeyFromRegistration({ qx: x, qy: y })).to.deep.equal(publicKeyOf(99n));
      const small = torsion.toAffine();
      expect(() => publicKeyFromRegistration({ qx: small.x, qy: small.y }))
        .to.throw(KeyError)
        .with.property("fault", "identity");
    }
    expect(() => publicKeyFromRegistration({ qx: 1n, qy: 1n })).to.throw(KeyError, "not on BabyJubJub");
    expect(() => publicKeyFromRegistration({ qx: FIELD_ORDER, qy: 1n })).to.throw(KeyError, "not in [0, r)");
  });
});
