import { isFieldElement } from "../protocol/curve.ts";
import type { PublicKey } from "../protocol/keys.ts";
import type { Signature } from "../protocol/message.ts";
import { assertPoseidonInputs, type Poseidon } from "../protocol/signing-poseidon.ts";
import { SUBGROUP_ORDER } from "../protocol/spec.ts";
import { EddsaInstance, type NumberName } from "./eddsa-instance.ts";
import { KeySlots } from "./key-slots.ts";

const INPUTS: readonly NumberName[] = ["r8x", "r8y", "ax", "ay", "message"];
const DEFAULT_TABLE_KEYS = 1024;

/**
 * Verifies EdDSA-Poseidon signatures in WebAssembly of our own: the same answers as protocol/signature.ts `verify`, which stays the
 * reference and serves browsers, some ten times as fast (scripts/bench/signatures.ts).
 *
 * Where the time goes, and what was chosen for it:
 *
 * - Field: 9 signed limbs of 29 bits in 64-bit arithmetic, no carries inside a product, one reduction for a whole sum of products
 *   (field-writer.ts). SIMD's two 32-bit lanes need as many instructions for two products as this needs for one each; fused
 *   multiply-adds of doubles would be twice as fast again, but WebAssembly leaves open whether they are fused.
 * - Poseidon, 40 % of a verification: sparse matrices in blocks of rounds (poseidon-schedule.ts).
 * - An unknown key: two scalars of half the length (scalar-halving.ts), exact in the whole group, so R8 with a torsion part is refused
 *   as the reference refuses it; the key's order by a pairing in place of a scalar multiplication (twisted-curve.ts).
 * - A key that comes back: a table of 14 KB for −8·A, which leaves twelve doublings; then R8 is compared and need not even be multiplied.
 * - No batch verification: a random linear combination proves the equations up to torsion only. R8 is anybody's choice, two points of
 *   order 2 cancel each other with odd coefficients as with even ones, and a signature would be valid or not with its company. Clearing
 *   the cofactor accepts more than the circuit does: a fill that can never be proven.
 *
 * Not in constant time: everything here is public. One instance serves one thread.
 */
export class FastVerifier {
  readonly #wasm: EddsaInstance;
  readonly #keys: KeySlots;

  /** @param tableKeys most keys remembered, 14 KB each; their memory is taken as they come. @throws RangeError unless positive */
  constructor(tableKeys = DEFAULT_TABLE_KEYS) {
    this.#keys = new KeySlots(tableKeys);
    this.#wasm = new EddsaInstance(tableKeys);
  }

  /** Keys remembered now. */
  get keyCount(): number {
    return this.#keys.size;
  }

  /** H_3 and H_5: a message's hash and a signature's challenge. @throws RangeError for another number of inputs, or one outside [0, r) */
  readonly hash: Poseidon = (inputs) => {
    const count = inputs.length;
    if (count !== 3 && count !== 5) throw new RangeError(`messages and signatures hash 3 or 5 values, not ${count}`);
    assertPoseidonInputs(inputs);
    inputs.forEach((value, i) => {
      this.#wasm.setNumber(INPUTS[i] as NumberName, value);
    });
    this.#wasm.readInputs(count);
    this.#wasm.hash(count);
    return this.#wasm.number("challenge");
  };

  /**
   * True when S < ℓ, A is a public key and R8 = S·B8 − 8·h·A with h = H_5(R8, A, M), coordinate by coordinate.
   * Values out of range give false, never an exception: they are a stranger's input.
   */
  verify(key: PublicKey, messageHash: bigint, { r8x, r8y, s }: Signature): boolean {
    const { ax, ay } = key;
    // 1. Ranges: S + ℓ or x + r would be the same under another name.
    if (s < 0n || s >= SUBGROUP_ORDER) return false;
    if (!isFieldElement(r8x) || !isFieldElement(r8y) || !isFieldElement(messageHash)) return false;
    if (!isFieldElement(ax) || !isFieldElement(ay)) return false;
    const known = this.#keys.find(key);
    if (known === "wrong") return false;
    const wasm = this.#wasm;
    wasm.setNumber("r8x", r8x);
    wasm.setNumber("r8y", r8y);
    wasm.setNumber("ax", ax);
    wasm.setNumber("ay", ay);
    wasm.setNumber("message", messageHash);
    wasm.setNumber("s", s);
    wasm.readInputs(5);
    // 2. The equation for a key that passed before, by its table.
    if (known !== "new") {
      known.slot ??= this.#makeTable();
      wasm.hash(5);
      wasm.reduceChallenge();
      return wasm.tableMatches(known.slot);
    }
    // 3. A new key's check, then the equation without a table.
    if (!wasm.keyOnCurve() || !wasm.keyHasPrimeOrder()) return false;
    this.#keys.remember(key);
    if (!wasm.nonceOnCurve()) return false;
    wasm.hash(5);
    wasm.reduceChallenge();
    return wasm.strangersMatch(wasm.halveChallenge());
  }

  /** For the key among the inputs, which is on the curve: it passed its check. */
  #makeTable(): number {
    const slot = this.#keys.takeSlot();
    this.#wasm.takeKey();
    this.#wasm.makeKeyTable(slot);
    return slot;
  }
}
