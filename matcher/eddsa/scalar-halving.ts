import { SUBGROUP_ORDER } from "../protocol/spec.ts";
import { type Code, choose, i32, i64, leave, when, whilst } from "./instructions.ts";
import type { FunctionBody, Local, WasmModule } from "./wasm-module.ts";

const WORDS = 4;
const WORD_MASK = (1n << 64n) - 1n;
/** Half of ℓ's 251 bits, rounded up. */
const HALF_BITS = 126;

/** A number of 256 bits in four locals, the lowest word first. */
class WideNumber {
  readonly words: readonly Local[];
  constructor(body: FunctionBody) {
    this.words = Array.from({ length: WORDS }, () => body.local("i64"));
  }

  get(word: number): Code {
    return (this.words[word] as Local).get;
  }

  set(values: (word: number) => Code): Code {
    return this.words.map((local, word) => local.set(values(word)));
  }

  setConstant(value: bigint): Code {
    return this.set((word) => i64.const((value >> BigInt(64 * word)) & WORD_MASK));
  }

  load(address: Code): Code {
    return this.set((word) => i64.load(address, 8 * word));
  }

  store(address: Code): Code {
    return this.words.map((local, word) => i64.store(address, 8 * word, local.get));
  }

  copy(other: WideNumber): Code {
    return this.set((word) => other.get(word));
  }

  isOdd(): Code {
    return i32.wrap(i64.and(this.get(0), i64.const(1n)));
  }

  isZero(): Code {
    return i64.isZero([0, 1, 2, 3].map((word) => this.get(word)).reduce((left, right) => i64.or(left, right)));
  }

  /** Into a 32-bit local: how many bits it has, 0 for zero. */
  bits(into: Local): Code {
    const of = (word: number): Code => {
      const own = into.set(i32.sub(i32.const(64 * (word + 1)), i32.wrap(i64.clz(this.get(word)))));
      return word === 0 ? own : when(i64.isZero(this.get(word)), of(word - 1), own);
    };
    return of(WORDS - 1);
  }

  isBelow(other: WideNumber): Code {
    return [1, 2, 3].reduce<Code>(
      (below, word) => choose(i64.eq(this.get(word), other.get(word)), below, i64.ltU(this.get(word), other.get(word))),
      i64.ltU(this.get(0), other.get(0)),
    );
  }

  /** this = other · 2^shift, for a shift of up to 255. Uses the shift up. */
  shifted(other: WideNumber, shift: Local, spare: Local): Code {
    return [
      this.copy(other),
      whilst(i32.geS(shift.get, i32.const(64)), [
        [3, 2, 1].map((word) => (this.words[word] as Local).set(this.get(word - 1))),
        (this.words[0] as Local).set(i64.const(0n)),
        shift.set(i32.sub(shift.get, i32.const(64))),
      ]),
      spare.set(i64.extendU(shift.get)),
      // A shift by 64 − 0 would be one by 0: the word below goes half way first.
      [3, 2, 1].map((word) =>
        (this.words[word] as Local).set(
          i64.or(
            i64.shl(this.get(word), spare.get),
            i64.shrU(i64.shrU(this.get(word - 1), i64.const(1n)), i64.sub(i64.const(63n), spare.get)),
          ),
        ),
      ),
      (this.words[0] as Local).set(i64.shl(this.get(0), spare.get)),
    ];
  }

  halve(): Code {
    return [0, 1, 2, 3].map((word) =>
      (this.words[word] as Local).set(
        word === 3
          ? i64.shrU(this.get(3), i64.const(1n))
          : i64.or(i64.shrU(this.get(word), i64.const(1n)), i64.shl(this.get(word + 1), i64.const(63n))),
      ),
    );
  }

  /** this += other; what leaves 256 bits is lost. */
  add(other: WideNumber, carry: Local, spare: Local): Code {
    return this.words.map((local, word) => [
      word === 0 ? carry.set(i64.const(0n)) : [],
      spare.set(i64.add(local.get, other.get(word))),
      local.set(i64.add(spare.get, carry.get)),
      carry.set(i64.or(i64.extendU(i64.ltU(spare.get, other.get(word))), i64.extendU(i64.ltU(local.get, carry.get)))),
    ]);
  }

  /** this −= other; the borrow is 1 when the result is negative, and then modulo 2^256. */
  subtract(other: WideNumber, borrow: Local, spare: Local): Code {
    return this.words.map((local, word) => [
      word === 0 ? borrow.set(i64.const(0n)) : [],
      spare.set(i64.sub(local.get, other.get(word))),
      carryOfDifference(local, other.get(word), borrow, spare),
    ]);
  }
}

function carryOfDifference(local: Local, taken: Code, borrow: Local, spare: Local): Code {
  const borrows = i64.or(i64.extendU(i64.ltU(local.get, taken)), i64.extendU(i64.ltU(spare.get, borrow.get)));
  // The new borrow is on the stack while the word takes the old one.
  return [borrows, local.set(i64.sub(spare.get, borrow.get)), borrow.set([])];
}

/**
 * Writes `halveScalar(u, v, h)`: from h in [0, ℓ) at an address to u ≥ 0 and |v| at others, and whether v is negative, so that
 * u ≡ v·h (mod ℓ), v is odd and 0 < |v| < ℓ. Both have some 126 bits; longer ones, which a hash does not meet, are as right.
 *
 * Why: v is odd and no multiple of ℓ, so it is invertible modulo 8·ℓ, the order of the whole group, and v·(S·B8 − R8 − h·8A) is zero
 * exactly when the bracket is. With u in place of v·h, which it equals on 8A, both unknown points have scalars of half the length
 * (Antipa et al., "Accelerated verification of ECDSA signatures", 2005). Nothing is random, and no torsion slips through.
 *
 * How: Euclid's algorithm on (ℓ, 0) and (h, 1), by shifts and subtractions; every row (r, t) has r ≡ ±t·h. It stops at the first row of
 * at most 126 bits whose t is odd. Two neighbouring t's are never both even, so when the small row's is even, its multiples shorten the
 * other, whose t stays odd, until that is short enough.
 */
export function writeHalveScalar(module: WasmModule): void {
  module.define("halveScalar", { params: 3, results: 1, exported: true }, (body) => {
    const [u, v, h] = body.params as [Local, Local, Local];
    const [r0, r1, t0, t1, scaled] = Array.from({ length: 5 }, () => new WideNumber(body)) as [
      WideNumber,
      WideNumber,
      WideNumber,
      WideNumber,
      WideNumber,
    ];
    const [bits0, bits1, bitsT, shift, limit, negative0] = body.locals("i32", "i32", "i32", "i32", "i32", "i32");
    const carry = body.local("i64");
    const spare = body.local("i64");
    const exchange = (left: WideNumber, right: WideNumber) => [scaled.copy(left), left.copy(right), right.copy(scaled)];
    const finish = (r: WideNumber, t: WideNumber, negative: Code) => [
      // (0, ℓ) is a row of every h, and ℓ·(…) is zero for forgeries, too. No h is known to end there; the challenge itself with
      // v = 1 serves if one does.
      when(r.isZero(), [r.load(h.get), r.store(u.get), t.setConstant(1n), t.store(v.get), leave(i32.const(0))]),
      r.store(u.get),
      t.store(v.get),
      leave(negative),
    ];
    body.add(
      r0.setConstant(SUBGROUP_ORDER),
      r1.load(h.get),
      t0.setConstant(0n),
      t1.setConstant(1n),
      negative0.set(i32.const(1)),
      whilst(i32.const(1), [
        when(r0.isBelow(r1), [exchange(r0, r1), exchange(t0, t1), negative0.set(i32.isZero(negative0.get))]),
        r0.bits(bits0),
        r1.bits(bits1),
        when(i32.and(t1.isOdd(), i32.leS(bits1.get, i32.const(HALF_BITS))), finish(r1, t1, i32.isZero(negative0.get))),
        when(t0.isOdd(), [
          t0.bits(bitsT),
          limit.set(i32.const(HALF_BITS)),
          when(i32.gtS(bitsT.get, limit.get), limit.set(bitsT.get)),
          when(i32.leS(bits0.get, limit.get), finish(r0, t0, negative0.get)),
        ]),
        // r0 −= r1 · 2^shift, the largest that leaves it non-negative; t0, of the opposite sign, grows likewise.
        shift.set(i32.sub(bits0.get, bits1.get)),
        scaled.shifted(r1, shift, spare),
        shift.set(i32.sub(bits0.get, bits1.get)),
        r0.subtract(scaled, carry, spare),
        when(i32.wrap(carry.get), [
          scaled.halve(),
          r0.add(scaled, carry, spare),
          shift.set(i32.sub(shift.get, i32.const(1))),
        ]),
        scaled.shifted(t1, shift, spare),
        t0.add(scaled, carry, spare),
      ]),
      i32.const(0),
    );
  });
}
