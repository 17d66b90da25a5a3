import { expect } from "chai";
import { buildEddsa } from "circomlibjs";
import { Point } from "../../matcher/protocol/curve.ts";
import { keyPairOf, publicKeyOf } from "../../matcher/protocol/keys.ts";
import { messageHash } from "../../matcher/protocol/message-hash.ts";
import { sign, signWithNonce, verify } from "../../matcher/protocol/signature.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { FIELD_ORDER, SUBGROUP_ORDER } from "../../matcher/protocol/spec.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { CircomlibEddsa } from "./circomlib-eddsa.ts";
import { SAMPLE_ORDER } from "./sample-messages.ts";
import { Seeded } from "./seeded.ts";
import { keyOf, torsionPoints } from "./torsion-points.ts";

describe("signature", function () {
  this.timeout(120_000);
  let circomlib: CircomlibEddsa;
  let hash: Poseidon;

  before(async () => {
    circomlib = new CircomlibEddsa(await buildEddsa());
    hash = await buildFastPoseidon();
  });

  it("passes 300 times both ways with circomlibjs, byte for byte under the same nonce", () => {
    const random = new Seeded("signatures");
    for (let i = 0; i < 300; i++) {
      const secret = random.bytes32();
      const message = random.field();
      const { scalar, nonce } = CircomlibEddsa.secretsOf(secret, message);
      const key = keyPairOf(scalar);
      const theirs = circomlib.sign(secret, message);

      expect(signWithNonce(key, message, nonce, hash)).to.deep.equal(theirs);
      expect(verify(key, message, theirs, { hash })).to.equal(true);

      const ours = sign(key, message, hash);
      expect(circomlib.verify(key, message, ours)).to.equal(true);
      expect(verify(key, message, ours, { hash })).to.equal(true);
      expect(ours.r8x).not.to.equal(theirs.r8x);
    }
  });

  it("is deterministic, from a scalar or a pair, and keeps its golden value", () => {
    const golden = {
      r8x: 16516569101998784017897643904861814076432626411314692765065188202574437860018n,
      r8y: 6126576169626844435881405580331986032637435761647028188175465365124103470366n,
      s: 2334528688726998503856367992904129579648347744532919851515915180399094810487n,
    };
    expect(sign(12345n, 77n)).to.deep.equal(golden);
    expect(sign(keyPairOf(12345n), 77n, hash)).to.deep.equal(golden);
  });

  it("takes another nonce for another message, key or claimed public key", () => {
    const pair = keyPairOf(12345n);
    const nonces = [
      sign(pair, 77n),
      sign(pair, 78n),
      sign(12346n, 77n),
      sign({ ...publicKeyOf(1n), scalar: 12345n }, 77n),
    ].map((signature) => signature.r8x);
    expect(new Set(nonces).size).to.equal(4);
  });

  it("refuses S + ℓ and every other S outside [0, ℓ)", () => {
    const random = new Seeded("malleability");
    for (let i = 0; i < 20; i++) {
      const key = keyPairOf(random.scalar());
      const message = random.field();
      const signature = sign(key, message);
      expect(verify(key, message, signature)).to.equal(true);
      for (let k = 1n; k <= 5n; k++) {
        expect(verify(key, message, { ...signature, s: signature.s + k * SUBGROUP_ORDER })).to.equal(false);
      }
      expect(verify(key, message, { ...signature, s: signature.s - SUBGROUP_ORDER })).to.equal(false);
    }
    const key = keyPairOf(3n);
    for (const s of [-1n, SUBGROUP_ORDER, 2n ** 256n]) {
      expect(verify(key, 1n, { ...sign(key, 1n), s })).to.equal(false);
    }
  });

  it("refuses R8 and S changed in any way, and the negated key or R8", () => {
    const key = keyPairOf(424242n);
    const message = 99n;
    const good = sign(key, message);
    const negate = (x: bigint) => FIELD_ORDER - x;
    const variants = [
      { ...good, s: good.s + 1n },
      { ...good, s: SUBGROUP_ORDER - good.s },
      { ...good, s: 0n },
      { ...good, r8x: good.r8x + 1n },
      { ...good, r8y: good.r8y + 1n },
      { ...good, r8x: negate(good.r8x) },
      { ...good, r8y: negate(good.r8y) },
      { ...good, r8x: good.r8x + FIELD_ORDER },
      { ...good, r8y: good.r8y + FIELD_ORDER },
      { ...good, r8x: -good.r8x },
      { ...good, r8x: good.r8y, r8y: good.r8x },
      { ...good, r8x: 0n, r8y: 1n },
      { ...good, r8x: 0n, r8y: 0n },
      { r8x: 0n, r8y: 1n, s: 0n },
    ];
    for (const signature of variants)
      expect(verify(key, message, signature), JSON.stringify(signature, text)).to.equal(false);
    expect(verify({ ax: negate(key.ax), ay: key.ay }, message, good)).to.equal(false);
    expect(verify(publicKeyOf(424243n), message, good)).to.equal(false);
    expect(verify(key, message + 1n, good)).to.equal(false);
    expect(verify(key, message + FIELD_ORDER, good)).to.equal(false);
    expect(verify(key, message, good)).to.equal(true);
  });

  it("refuses R8 plus a point of small order, as the circuit does", () => {
    const key = keyPairOf(31n);
    const message = 5n;
    const nonce = 777n;
    for (const torsion of torsionPoints().slice(1)) {
      // The strongest such attempt: the challenge is computed over the shifted R8, and S fits it.
      const { x: r8x, y: r8y } = Point.BASE.multiply(nonce).add(torsion).toAffine();
      const s = (nonce + 8n * hash([r8x, r8y, key.ax, key.ay, message]) * key.scalar) % SUBGROUP_ORDER;
      expect(verify(key, message, { r8x, r8y, s })).to.equal(false);
      expect(circomlib.verify(key, message, { r8x, r8y, s })).to.equal(false);
    }
  });

  it("refuses an R8 of which one coordinate is wrong, even when the challenge covers it", () => {
    const key = keyPairOf(31n);
    const nonce = 777n;
    const { x, y } = Point.BASE.multiply(nonce).toAffine();
    for (const [r8x, r8y] of [
      [x, y + 1n],
      [x, FIELD_ORDER - y],
      [x + 1n, y],
      [FIELD_ORDER - x, y],
    ] as const) {
      // S·B8 − 8·h·A is nonce·B8: it shares one coordinate with R8.
      const s = (nonce + 8n * hash([r8x, r8y, key.ax, key.ay, 5n]) * key.scalar) % SUBGROUP_ORDER;
      expect(verify(key, 5n, { r8x, r8y, s })).to.equal(false);
      expect(circomlib.verify(key, 5n, { r8x, r8y, s })).to.equal(false);
    }
  });

  it("refuses forgeries under small-order keys, which circomlibjs accepts", () => {
    const torsion = torsionPoints();
    for (const point of torsion) {
      const key = keyOf(point);
      for (const s of [1n, 123_456_789n]) {
        const { x: r8x, y: r8y } = Point.BASE.multiply(s).toAffine();
        for (const message of [0n, messageHash(SAMPLE_ORDER, 1n)]) {
          expect(circomlib.verify(key, message, { r8x, r8y, s }), "circomlibjs").to.equal(true);
          expect(verify(key, message, { r8x, r8y, s }), "ours").to.equal(false);
        }
      }
    }
  });

  it("refuses signatures under A + T, which circomlibjs accepts", () => {
    const scalar = 1_234_567n;
    const message = 8n;
    for (const torsion of torsionPoints().slice(1)) {
      const key = keyOf(Point.BASE.multiply(scalar).add(torsion));
      const signature = sign({ scalar, ...key }, message);
      expect(circomlib.verify(key, message, signature), "circomlibjs").to.equal(true);
      expect(verify(key, message, signature), "ours").to.equal(false);
    }
  });

  it("refuses keys off the curve or with coordinates that are not canonical", () => {
    const key = keyPairOf(55n);
    const signature = sign(key, 6n);
    for (const bad of [
      { ax: key.ax + FIELD_ORDER, ay: key.ay },
      { ax: key.ax, ay: key.ay + 1n },
      { ax: 0n, ay: 0n },
    ]) {
      expect(verify(bad, 6n, signature)).to.equal(false);
    }
  });

  it("agrees with circomlibjs on the edges: messages 0 and r − 1, scalars 1 and ℓ − 1", () => {
    for (const scalar of [1n, SUBGROUP_ORDER - 1n]) {
      for (const message of [0n, FIELD_ORDER - 1n]) {
        const key = keyPairOf(scalar);
        const signature = sign(key, message);
        expect(verify(key, message, signature)).to.equal(true);
        expect(circomlib.verify(key, message, signature)).to.equal(true);
      }
    }
    expect(() => sign(1n, FIELD_ORDER)).to.throw(RangeError);
    expect(() => sign(1n, -1n)).to.throw(RangeError);
    expect(() => sign(0n, 1n)).to.throw(RangeError);
    expect(() => sign(SUBGROUP_ORDER, 1n)).to.throw(RangeError);
  });
});

function text(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
