import { expect } from "chai";
import { Point } from "../../matcher/protocol/curve.ts";
import { KeyTableCache } from "../../matcher/protocol/key-table-cache.ts";
import { keyPairOf } from "../../matcher/protocol/keys.ts";
import { sign, verify } from "../../matcher/protocol/signature.ts";
import { FIELD_ORDER } from "../../matcher/protocol/spec.ts";
import { Seeded } from "./seeded.ts";
import { keyOf, torsionPoints } from "./torsion-points.ts";

describe("key table cache", () => {
  it("gives the answers of verification without it, the first time and with a table", function () {
    this.timeout(20_000);
    const random = new Seeded("tables");
    const tables = new KeyTableCache(8);
    for (let i = 0; i < 6; i++) {
      const key = keyPairOf(random.scalar());
      for (let turn = 0; turn < 4; turn++) {
        const message = random.field();
        const signature = sign(key, message);
        expect(verify(key, message, signature, { tables })).to.equal(true);
        for (const wrong of [
          { ...signature, s: signature.s ^ 1n },
          { ...signature, r8x: FIELD_ORDER - signature.r8x },
        ]) {
          expect(verify(key, message, wrong, { tables })).to.equal(verify(key, message, wrong));
          expect(verify(key, message, wrong, { tables })).to.equal(false);
        }
        expect(verify(key, message + 1n, signature, { tables })).to.equal(false);
      }
    }
    expect(tables.size).to.equal(6);
  });

  it("never holds more keys than its cap and gives up the one that was used longest ago", () => {
    const tables = new KeyTableCache(2);
    const [a, b, c] = [1n, 2n, 3n].map(keyPairOf) as [
      ReturnType<typeof keyPairOf>,
      ReturnType<typeof keyPairOf>,
      ReturnType<typeof keyPairOf>,
    ];
    tables.negatedKey(a);
    tables.negatedKey(b);
    tables.negatedKey(a);
    tables.negatedKey(c);
    expect(tables.size).to.equal(2);
    expect([a, b, c].map((key) => tables.has(key))).to.deep.equal([true, false, true]);
  });

  it("refuses and forgets bad keys, even beside a good key of the same x", () => {
    const tables = new KeyTableCache(4);
    const good = keyPairOf(77n);
    for (const torsion of torsionPoints()) {
      const small = keyOf(torsion);
      const { x: r8x, y: r8y } = Point.BASE.toAffine();
      expect(verify(small, 1n, { r8x, r8y, s: 1n }, { tables })).to.equal(false);
    }
    expect(tables.size).to.equal(0);
    const mirrored = { ax: good.ax, ay: FIELD_ORDER - good.ay };
    expect(tables.negatedKey(mirrored)).to.equal(undefined);
    expect(tables.negatedKey(good)).not.to.equal(undefined);
    expect(tables.negatedKey(mirrored)).to.equal(undefined);
    expect(tables.negatedKey(good)).not.to.equal(undefined);
    expect(tables.size).to.equal(1);
  });

  it("refuses a cap that is no positive integer", () => {
    for (const cap of [0, -1, 1.5, Number.NaN]) expect(() => new KeyTableCache(cap)).to.throw(RangeError);
  });
});
