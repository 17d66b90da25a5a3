import { FastSigner } from "../../matcher/eddsa/fast-signer.ts";
import { Point } from "../../matcher/protocol/curve.ts";
import { type KeyPair, keyPairOf, type PublicKey } from "../../matcher/protocol/keys.ts";
import type { Signature } from "../../matcher/protocol/message.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { FIELD_ORDER, SUBGROUP_ORDER } from "../../matcher/protocol/spec.ts";
import { Seeded } from "../protocol/seeded.ts";
import { keyOf, torsionPoints } from "../protocol/torsion-points.ts";

/** A signature to judge, with what every verifier of ours must say. */
export interface SignatureCase {
  what: string;
  key: PublicKey;
  message: bigint;
  signature: Signature;
  valid: boolean;
  /** Whether circomlibjs must say the same: it does not check keys, and reduces what is out of range. */
  circomlibAgrees: boolean;
}

type Ingredients = { key: KeyPair; message: bigint; good: Signature };
type Family = (ingredients: Ingredients) => SignatureCase;

/** 2^256: what is lost when a number is cut to 32 bytes. */
const CUT = 1n << 256n;
const negated = (value: bigint) => (FIELD_ORDER - value) % FIELD_ORDER;

/**
 * Signatures of every kind that a verifier could get wrong, the same for the same seed. Keys take turns, so that a verifier which
 * remembers one key meets a stranger each time, and one that remembers all of them hardly ever.
 */
export class SignatureCases {
  readonly #random: Seeded;
  readonly #signer = new FastSigner();
  readonly #hash: Poseidon;
  readonly #keys: readonly KeyPair[];
  readonly #torsion = torsionPoints();
  readonly #families: readonly Family[];

  constructor(seed: string, hash: Poseidon, keyCount: number) {
    this.#random = new Seeded(seed);
    this.#hash = hash;
    const scalars = Array.from({ length: keyCount }, () => this.#random.scalar());
    this.#keys = [1n, SUBGROUP_ORDER - 1n, ...scalars].slice(0, keyCount).map(keyPairOf);
    this.#families = [
      ...this.#signatures(),
      ...this.#spoiled(),
      ...this.#outOfRange(),
      ...this.#shiftedNonces(),
      ...this.#wrongKeys(),
    ];
  }

  /** How many kinds there are. */
  get kinds(): number {
    return this.#families.length;
  }

  /** Case number so and so: kinds and keys go round at lengths without a common divisor. */
  at(index: number): SignatureCase {
    const key = this.#keys[index % this.#keys.length] as KeyPair;
    const message = this.#random.field();
    const family = this.#families[index % this.kinds] as Family;
    return family({ key, message, good: this.#signer.sign(key, message) });
  }

  /** What a signer does who knows the scalar: S that fits the challenge over whatever stands for R8 and the key. */
  #fitting({ key, message }: Ingredients, nonce: bigint, r8: { r8x: bigint; r8y: bigint }, shown: PublicKey = key) {
    const challenge = this.#hash([r8.r8x, r8.r8y, shown.ax, shown.ay, message]);
    return { ...r8, s: (nonce + 8n * challenge * key.scalar) % SUBGROUP_ORDER };
  }

  #signatures(): Family[] {
    const valid = (what: string, make: (i: Ingredients) => Signature): Family => {
      return (i) => ({ what, ...i, signature: make(i), valid: true, circomlibAgrees: true });
    };
    return [
      ...Array.from({ length: 12 }, () => valid("a signature", ({ good }) => good)),
      valid("nonce 0: R8 the identity", (i) => this.#fitting(i, 0n, { r8x: 0n, r8y: 1n })),
      valid("nonce 1", (i) => this.#signer.signWithNonce(i.key, i.message, 1n)),
      valid("nonce ℓ − 1", (i) => this.#signer.signWithNonce(i.key, i.message, SUBGROUP_ORDER - 1n)),
      (i) => {
        const signature = this.#signer.sign(i.key, 0n);
        return { what: "message 0", ...i, message: 0n, signature, valid: true, circomlibAgrees: true };
      },
      (i) => {
        const message = FIELD_ORDER - 1n;
        const signature = this.#signer.sign(i.key, message);
        return { what: "message r − 1", ...i, message, signature, valid: true, circomlibAgrees: true };
      },
    ];
  }

  #spoiled(): Family[] {
    const spoiled = (what: string, change: (i: Ingredients) => Partial<SignatureCase>): Family => {
      return (i) => ({ what, ...i, signature: i.good, valid: false, circomlibAgrees: true, ...change(i) });
    };
    const signature = (what: string, change: (good: Signature) => Partial<Signature>): Family =>
      spoiled(what, ({ good }) => ({ signature: { ...good, ...change(good) } }));
    const next = (value: bigint, limit: bigint) => (value + 1n) % limit;
    return [
      signature("R8x + 1", ({ r8x }) => ({ r8x: next(r8x, FIELD_ORDER) })),
      signature("R8y + 1", ({ r8y }) => ({ r8y: next(r8y, FIELD_ORDER) })),
      signature("−R8x", ({ r8x }) => ({ r8x: negated(r8x) })),
      signature("−R8y", ({ r8y }) => ({ r8y: negated(r8y) })),
      signature("R8x and R8y exchanged", ({ r8x, r8y }) => ({ r8x: r8y, r8y: r8x })),
      signature("R8 the identity", () => ({ r8x: 0n, r8y: 1n })),
      signature("R8 zeros", () => ({ r8x: 0n, r8y: 0n })),
      signature("a bit of R8x", ({ r8x }) => ({ r8x: r8x ^ (1n << BigInt(this.#random.integer(253))) })),
      signature("a bit of R8y", ({ r8y }) => ({ r8y: r8y ^ (1n << BigInt(this.#random.integer(253))) })),
      signature("S + 1", ({ s }) => ({ s: next(s, SUBGROUP_ORDER) })),
      signature("−S", ({ s }) => ({ s: (SUBGROUP_ORDER - s) % SUBGROUP_ORDER })),
      signature("S = 0", () => ({ s: 0n })),
      signature("S = ℓ − 1", () => ({ s: SUBGROUP_ORDER - 1n })),
      signature("another S", () => ({ s: this.#random.scalar() })),
      signature("a bit of S", ({ s }) => ({ s: s ^ (1n << BigInt(this.#random.integer(250))) })),
      spoiled("another message", () => ({ message: this.#random.field() })),
      spoiled("message + 1", ({ message }) => ({ message: next(message, FIELD_ORDER) })),
      spoiled("another signer's key", ({ key }) => {
        const other = this.#keys[this.#random.integer(this.#keys.length)] as KeyPair;
        return { key: other.ax === key.ax ? keyPairOf(this.#random.scalar()) : other };
      }),
      // The point −A is a key of its own, of scalar −s.
      spoiled("−A", ({ key }) => ({ key: { ax: negated(key.ax), ay: key.ay } })),
    ];
  }

  #outOfRange(): Family[] {
    const beyond = (what: string, change: (i: Ingredients) => Partial<SignatureCase>): Family => {
      return (i) => ({ what, ...i, signature: i.good, valid: false, circomlibAgrees: false, ...change(i) });
    };
    const signature = (what: string, change: (good: Signature) => Partial<Signature>): Family =>
      beyond(what, ({ good }) => ({ signature: { ...good, ...change(good) } }));
    return [
      (i) => ({
        what: "S + k·ℓ",
        ...i,
        signature: { ...i.good, s: i.good.s + SUBGROUP_ORDER * BigInt(1 + this.#random.integer(40)) },
        valid: false,
        circomlibAgrees: true,
      }),
      signature("S = ℓ", () => ({ s: SUBGROUP_ORDER })),
      signature("S − ℓ", ({ s }) => ({ s: s - SUBGROUP_ORDER })),
      signature("S + 2^256", ({ s }) => ({ s: s + CUT })),
      signature("R8x + r", ({ r8x }) => ({ r8x: r8x + FIELD_ORDER })),
      signature("R8y + r", ({ r8y }) => ({ r8y: r8y + FIELD_ORDER })),
      signature("R8x + 2^256", ({ r8x }) => ({ r8x: r8x + CUT })),
      signature("R8y − 2^256", ({ r8y }) => ({ r8y: r8y - CUT })),
      signature("R8x − r", ({ r8x }) => ({ r8x: r8x - FIELD_ORDER })),
      beyond("message + r", ({ message }) => ({ message: message + FIELD_ORDER })),
      beyond("message − r", ({ message }) => ({ message: message - FIELD_ORDER })),
      beyond("message + 2^256", ({ message }) => ({ message: message + CUT })),
      beyond("Ax + r", ({ key }) => ({ key: { ...key, ax: key.ax + FIELD_ORDER } })),
      beyond("Ay + r", ({ key }) => ({ key: { ...key, ay: key.ay + FIELD_ORDER } })),
      beyond("Ay − 2^256", ({ key }) => ({ key: { ...key, ay: key.ay - CUT } })),
    ];
  }

  /** R8 that is not a multiple of B8, with the S that fits it best. */
  #shiftedNonces(): Family[] {
    const shifted = (what: string, shift: (point: Point) => { r8x: bigint; r8y: bigint }): Family => {
      return (i) => {
        const nonce = this.#random.scalar();
        const signature = this.#fitting(i, nonce, shift(Point.BASE.multiplyUnsafe(nonce)));
        return { what, ...i, signature, valid: false, circomlibAgrees: true };
      };
    };
    const r8Of = (point: Point) => {
      const { x, y } = point.toAffine();
      return { r8x: x, r8y: y };
    };
    return [
      ...this.#torsion
        .slice(1)
        .map((torsion, i) => shifted(`R8 + torsion point ${i + 1}`, (point) => r8Of(point.add(torsion)))),
      shifted("R8 off the curve, y", (point) => ({ ...r8Of(point), r8y: this.#random.field() })),
      shifted("R8 off the curve, x", (point) => ({ ...r8Of(point), r8x: this.#random.field() })),
      shifted("R8 = (0, 0)", () => ({ r8x: 0n, r8y: 0n })),
      shifted("R8 negated", (point) => r8Of(point.negate())),
    ];
  }

  /** Points that are no keys. circomlibjs takes them for keys. */
  #wrongKeys(): Family[] {
    const under = (what: string, shown: (key: KeyPair) => PublicKey): Family => {
      return (i) => {
        const key = shown(i.key);
        const nonce = this.#random.scalar();
        const { x, y } = Point.BASE.multiplyUnsafe(nonce).toAffine();
        const signature = this.#fitting(i, nonce, { r8x: x, r8y: y }, key);
        return { what, ...i, key, signature, valid: false, circomlibAgrees: false };
      };
    };
    const pointOf = ({ ax, ay }: PublicKey) => Point.fromAffine({ x: ax, y: ay });
    return [
      ...this.#torsion.flatMap((torsion, order) => [
        (i: Ingredients): SignatureCase => {
          // Under a key of small order, S·B8 is a signature of everything: 8·h·A is the identity.
          const s = this.#random.scalar();
          const { x, y } = Point.BASE.multiplyUnsafe(s).toAffine();
          const signature = { r8x: x, r8y: y, s };
          const key = keyOf(torsion);
          return { what: `key torsion point ${order}`, ...i, key, signature, valid: false, circomlibAgrees: false };
        },
      ]),
      ...this.#torsion
        .slice(1)
        .map((torsion, i) => under(`A + torsion point ${i + 1}`, (key) => keyOf(pointOf(key).add(torsion)))),
      under("key off the curve, y", (key) => ({ ...key, ay: this.#random.field() })),
      under("key off the curve, x", (key) => ({ ...key, ax: this.#random.field() })),
      under("key (0, 0)", () => ({ ax: 0n, ay: 0n })),
      under("Ax and Ay exchanged", ({ ax, ay }) => ({ ax: ay, ay: ax })),
    ];
  }
}
