import { bytesToNumberBE } from "@noble/curves/utils.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { abiWord } from "./abi-word.ts";
import { isFieldElement, Point } from "./curve.ts";
import type { KeyTableCache } from "./key-table-cache.ts";
import { type KeyPair, keyFault, keyPairOf, negatedTimesEight, type PublicKey } from "./keys.ts";
import type { Signature } from "./message.ts";
import { type Poseidon, signingPoseidon } from "./signing-poseidon.ts";
import { FIELD_ORDER, SUBGROUP_ORDER } from "./spec.ts";

const NONCE_SALT = utf8ToBytes("Clearbook signature nonce v1");

/**
 * Deterministic nonce: HKDF-SHA512 with the scalar as key and (A, M) as context, 512 bits reduced mod ℓ (bias < 2^-260).
 * A is in the context so that nobody who is made to sign under a wrong public key reuses a nonce with another challenge.
 */
export function nonceOf(key: KeyPair, messageHash: bigint): bigint {
  const context = concatBytes(abiWord(key.ax), abiWord(key.ay), abiWord(messageHash));
  const nonce = bytesToNumberBE(hkdf(sha512, abiWord(key.scalar), NONCE_SALT, context, 64)) % SUBGROUP_ORDER;
  if (nonce === 0n) throw new Error("the nonce is zero"); // probability 2^-251; R8 would be the identity and S would show the key
  return nonce;
}

/** Signs with a given nonce. Only tests choose nonces: two messages under one nonce reveal the key. */
export function signWithNonce(
  key: KeyPair,
  messageHash: bigint,
  nonce: bigint,
  hash: Poseidon = signingPoseidon,
): Signature {
  const { x: r8x, y: r8y } = Point.BASE.multiply(nonce).toAffine();
  const challenge = hash([r8x, r8y, key.ax, key.ay, messageHash]);
  return { r8x, r8y, s: (nonce + 8n * challenge * key.scalar) % SUBGROUP_ORDER };
}

/**
 * EdDSA-Poseidon signature of a message hash; the same inputs always give the same signature.
 * Give a key pair instead of a bare scalar to spare deriving the public key each time.
 * @throws RangeError unless 1 ≤ scalar < ℓ and the message hash is a field element.
 */
export function sign(key: bigint | KeyPair, messageHash: bigint, hash: Poseidon = signingPoseidon): Signature {
  if (!isFieldElement(messageHash)) throw new RangeError("the message hash is not in [0, r)");
  const pair = typeof key === "bigint" ? keyPairOf(key) : key;
  return signWithNonce(pair, messageHash, nonceOf(pair, messageHash), hash);
}

/** What verification may be given to go faster; neither changes an answer. */
export interface VerifyOptions {
  hash?: Poseidon;
  /** Remembers checked keys and their tables. Without it every call checks the key anew. */
  tables?: KeyTableCache;
}

/** −8·A, ready to be multiplied by the challenge, or undefined when A is not a public key. */
function negatedKey(key: PublicKey, tables: KeyTableCache | undefined): Point | undefined {
  if (tables !== undefined) return tables.negatedKey(key);
  return keyFault(key) === undefined ? negatedTimesEight(key) : undefined;
}

/**
 * True when S < ℓ, A is a public key (keys.ts) and R8 = S·B8 − 8·h·A with h = H_5(R8, A, M), coordinate by coordinate.
 *
 * This is circomlib's EdDSAPoseidonVerifier on valid keys. R8 needs no check of its own: it equals a point of the prime-order
 * subgroup. Values out of range give false, never an exception: they are a stranger's input.
 */
export function verify(
  key: PublicKey,
  messageHash: bigint,
  signature: Signature,
  options: VerifyOptions = {},
): boolean {
  const { r8x, r8y, s } = signature;
  if (s < 0n || s >= SUBGROUP_ORDER) return false; // S + ℓ would be a second signature of the same message
  if (!isFieldElement(r8x) || !isFieldElement(r8y) || !isFieldElement(messageHash)) return false;
  const negated = negatedKey(key, options.tables);
  if (negated === undefined) return false;
  const challenge = (options.hash ?? signingPoseidon)([r8x, r8y, key.ax, key.ay, messageHash]);
  // 8·A has order ℓ, so the challenge counts mod ℓ only.
  const expected = Point.BASE.multiplyUnsafe(s).add(negated.multiplyUnsafe(challenge % SUBGROUP_ORDER));
  const { X, Y, Z } = expected;
  return X === (r8x * Z) % FIELD_ORDER && Y === (r8y * Z) % FIELD_ORDER;
}
