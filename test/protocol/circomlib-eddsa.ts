import { bytesToNumberLE, concatBytes, numberToBytesLE } from "@noble/curves/utils.js";
import { blake512 } from "@noble/hashes/blake1.js";
import type { CurvePoint, Eddsa } from "circomlibjs";
import type { PublicKey } from "../../matcher/protocol/keys.ts";
import type { Signature } from "../../matcher/protocol/message.ts";
import { SUBGROUP_ORDER } from "../../matcher/protocol/spec.ts";

/** circomlibjs' EdDSA in this project's types. */
export class CircomlibEddsa {
  readonly #eddsa: Eddsa;

  constructor(eddsa: Eddsa) {
    this.#eddsa = eddsa;
  }

  verify(key: PublicKey, messageHash: bigint, { r8x, r8y, s }: Signature): boolean {
    const { F } = this.#eddsa;
    return this.#eddsa.verifyPoseidon(F.e(messageHash), { R8: [F.e(r8x), F.e(r8y)], S: s }, [F.e(key.ax), F.e(key.ay)]);
  }

  sign(secret: Uint8Array, messageHash: bigint): Signature {
    const { R8, S } = this.#eddsa.signPoseidon(secret, this.#eddsa.F.e(messageHash));
    const [r8x, r8y] = this.#affine(R8);
    return { r8x, r8y, s: S };
  }

  /** The scalar s with A = s·B8 that circomlibjs derives from a 32-byte secret, and the nonce that it would sign with. */
  static secretsOf(secret: Uint8Array, messageHash: bigint): { scalar: bigint; nonce: bigint } {
    const expanded = blake512(secret);
    const head = expanded.slice(0, 32);
    head[0] = (head[0] as number) & 0xf8;
    head[31] = ((head[31] as number) & 0x7f) | 0x40;
    const nonceInput = concatBytes(expanded.slice(32), numberToBytesLE(messageHash, 32));
    return {
      scalar: (bytesToNumberLE(head) >> 3n) % SUBGROUP_ORDER,
      nonce: bytesToNumberLE(blake512(nonceInput)) % SUBGROUP_ORDER,
    };
  }

  #affine([x, y]: CurvePoint): [bigint, bigint] {
    const { F } = this.#eddsa;
    return [F.toObject(x), F.toObject(y)];
  }
}
