import { expect } from "chai";
import { buildEddsa } from "circomlibjs";
import { FastSigner } from "../../matcher/eddsa/fast-signer.ts";
import { FastVerifier } from "../../matcher/eddsa/fast-verifier.ts";
import { KeyTableCache } from "../../matcher/protocol/key-table-cache.ts";
import { keyPairOf } from "../../matcher/protocol/keys.ts";
import { sign, signWithNonce, verify } from "../../matcher/protocol/signature.ts";
import { FIELD_ORDER } from "../../matcher/protocol/spec.ts";
import { CircomlibEddsa } from "../protocol/circomlib-eddsa.ts";
import { Seeded } from "../protocol/seeded.ts";
import { keyOf, torsionPoints } from "../protocol/torsion-points.ts";
import { SignatureCases } from "./signature-cases.ts";

const KEYS = 16;
const CASES = 2_700;
/** The reference checks some 500 a second, circomlibjs 25. Neither number has a divisor in common with that of the kinds. */
const REFERENCE_EVERY = 2;
const CIRCOMLIB_EVERY = 23;

describe("fast verifier", function () {
  this.timeout(120_000);

  it(`answers ${CASES} cases of every kind as the reference does, with and without tables, and as circomlibjs does`, async () => {
    const strangers = new FastVerifier(1);
    const known = new FastVerifier(KEYS * 2);
    const tables = new KeyTableCache(KEYS);
    const circomlib = new CircomlibEddsa(await buildEddsa());
    const cases = new SignatureCases("fast verifier", known.hash, KEYS);
    let compared = 0;
    for (let index = 0; index < CASES; index++) {
      const { what, key, message, signature, valid, circomlibAgrees } = cases.at(index);
      const name = `${what}, case ${index}`;
      expect(strangers.verify(key, message, signature), `${name}, as a stranger's`).to.equal(valid);
      expect(known.verify(key, message, signature), `${name}, key known`).to.equal(valid);
      if (index % REFERENCE_EVERY === 0)
        expect(verify(key, message, signature, { hash: known.hash, tables }), name).to.equal(valid);
      if (circomlibAgrees && index % CIRCOMLIB_EVERY === 0) {
        expect(circomlib.verify(key, message, signature), `${name}, circomlibjs`).to.equal(valid);
        compared += 1;
      }
    }
    expect(CASES / cases.kinds).to.be.greaterThan(2 * REFERENCE_EVERY);
    for (const step of [KEYS, REFERENCE_EVERY, CIRCOMLIB_EVERY])
      expect(haveCommonDivisor(step, cases.kinds)).to.equal(false);
    expect(compared).to.be.greaterThan(50);
  });

  it("checks a key once, tables it when it comes back, and forgets the least recent", () => {
    const random = new Seeded("visits");
    const signed = [3n, 4n, 5n, 6n, 7n].map((scalar) => {
      const key = keyPairOf(scalar);
      return { key, signature: sign(key, 9n) };
    });
    for (const capacity of [1, 2, 3, 4]) {
      const verifier = new FastVerifier(capacity);
      // Tables are made, given up and overwritten; no key must ever see another's.
      for (let visit = 0; visit < 150; visit++) {
        const { key, signature } = signed[random.integer(signed.length)] as (typeof signed)[0];
        expect(verifier.verify(key, 9n, signature), `visit ${visit} of ${capacity}`).to.equal(true);
        // Only sometimes again, so that keys go that never had a table, too.
        if (visit % 4 === 0) expect(verifier.verify(key, 10n, signature)).to.equal(false);
        expect(verifier.keyCount).to.be.lessThanOrEqual(capacity);
      }
      expect(verifier.keyCount).to.equal(capacity);
    }
  });

  it("remembers no point that is no key, and refuses the other point with a known key's x", () => {
    const verifier = new FastVerifier(4);
    const key = keyPairOf(77n);
    const signature = sign(key, 1n);
    const flipped = { ax: key.ax, ay: FIELD_ORDER - key.ay };
    expect(verifier.verify(flipped, 1n, signature)).to.equal(false);
    // Off the curve the pairing means nothing: an eighth of such points would pass it.
    for (let off = 1n; off < 60n; off++) {
      expect(verifier.verify({ ax: key.ax + off, ay: key.ay }, 1n, signature)).to.equal(false);
    }
    for (const point of torsionPoints()) expect(verifier.verify(keyOf(point), 1n, signature)).to.equal(false);
    expect(verifier.keyCount).to.equal(0);
    expect(verifier.verify(key, 1n, signature)).to.equal(true);
    expect(verifier.verify(flipped, 1n, signature)).to.equal(false);
    expect(verifier.verify(key, 1n, signature)).to.equal(true);
    expect(verifier.keyCount).to.equal(1);
  });

  it("is refused a capacity that is none", () => {
    for (const keys of [0, -1, 1.5, Number.NaN]) expect(() => new FastVerifier(keys)).to.throw(RangeError);
  });
});

function haveCommonDivisor(left: number, right: number): boolean {
  return right === 0 ? left > 1 : haveCommonDivisor(right, left % right);
}

describe("fast signer", () => {
  it("signs byte for byte as the reference, under any nonce", () => {
    const signer = new FastSigner();
    const random = new Seeded("fast signer");
    for (let i = 0; i < 40; i++) {
      const key = keyPairOf(random.scalar());
      const message = i === 0 ? 0n : i === 1 ? FIELD_ORDER - 1n : random.field();
      const nonce = random.scalar();
      expect(signer.sign(key, message)).to.deep.equal(sign(key, message));
      expect(signer.signWithNonce(key, message, nonce)).to.deep.equal(signWithNonce(key, message, nonce));
    }
    expect(() => signer.sign(keyPairOf(1n), FIELD_ORDER)).to.throw(RangeError);
    expect(() => signer.sign(keyPairOf(1n), -1n)).to.throw(RangeError);
  });
});
