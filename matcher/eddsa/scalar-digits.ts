import { choose, i32, i64, when, whilst } from "./instructions.ts";
import type { Local, WasmModule } from "./wasm-module.ts";

/** Digits of a number of 256 bits, one more for a carry, rounded up. */
export const DIGITS = 264;

/**
 * Writes the two ways in which scalars become digits, one signed byte each, from 32 bytes followed by 8 zeros:
 * `nonAdjacentDigits(to, bytes, width)`: odd or zero, below 2^(width−1) in magnitude, two of them at least `width` places apart; gives how
 * many places they take. `windowDigits(to, bytes, width, count)`: one for every `width` bits, in [−2^(width−1), 2^(width−1)); width 4 or 8.
 */
export function writeScalarDigits(module: WasmModule): void {
  module.define("nonAdjacentDigits", { params: 3, results: 1, exported: true }, (body) => {
    const [to, bytes, width] = body.params as [Local, Local, Local];
    const [place, carry, window, length] = body.locals("i32", "i32", "i32", "i32");
    const bitsFrom = i32.wrap(
      i64.shrU(
        i64.load(i32.add(bytes.get, i32.shrU(place.get, i32.const(3))), 0),
        i64.extendU(i32.and(place.get, i32.const(7))),
      ),
    );
    const next = (by: readonly number[] | ReturnType<typeof i32.const>) => place.set(i32.add(place.get, by));
    body.add(
      place.set(i32.const(0)),
      whilst(i32.ltS(place.get, i32.const(DIGITS / 8)), [
        i64.store(i32.add(to.get, i32.shl(place.get, i32.const(3))), 0, i64.const(0n)),
        next(i32.const(1)),
      ]),
      place.set(i32.const(0)),
      carry.set(i32.const(0)),
      length.set(i32.const(0)),
      whilst(i32.leS(place.get, i32.const(256)), [
        window.set(bitsFrom),
        when(i32.eq(i32.and(window.get, i32.const(1)), carry.get), next(i32.const(1)), [
          window.set(i32.add(i32.and(window.get, i32.sub(i32.shl(i32.const(1), width.get), i32.const(1))), carry.get)),
          carry.set(i32.and(i32.shrU(window.get, i32.sub(width.get, i32.const(1))), i32.const(1))),
          i32.store8(i32.add(to.get, place.get), 0, i32.sub(window.get, i32.shl(carry.get, width.get))),
          length.set(i32.add(place.get, i32.const(1))),
          next(width.get),
        ]),
      ]),
      length.get,
    );
  });

  module.define("windowDigits", { params: 4, exported: true }, (body) => {
    const [to, bytes, width, count] = body.params as [Local, Local, Local, Local];
    const [index, carry, digit, bit] = body.locals("i32", "i32", "i32", "i32");
    const top = i32.shl(i32.const(1), i32.sub(width.get, i32.const(1)));
    body.add(
      index.set(i32.const(0)),
      carry.set(i32.const(0)),
      whilst(i32.ltS(index.get, count.get), [
        bit.set(i32.mul(index.get, width.get)),
        digit.set(
          i32.add(
            i32.and(
              i32.shrU(
                i32.load8U(i32.add(bytes.get, i32.shrU(bit.get, i32.const(3))), 0),
                i32.and(bit.get, i32.const(7)),
              ),
              i32.sub(i32.shl(i32.const(1), width.get), i32.const(1)),
            ),
            carry.get,
          ),
        ),
        carry.set(i32.geS(digit.get, top)),
        i32.store8(
          i32.add(to.get, index.get),
          0,
          choose(carry.get, i32.sub(digit.get, i32.shl(i32.const(1), width.get)), digit.get),
        ),
        index.set(i32.add(index.get, i32.const(1))),
      ]),
    );
  });
}
