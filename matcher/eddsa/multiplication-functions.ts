import { ADDEND_BYTES, FLAT_BYTES, POINT_BYTES } from "./curve-functions.ts";
import { type Code, i32, when, whilst } from "./instructions.ts";
import { ELEMENT_BYTES } from "./limbs.ts";
import type { MemoryPlan } from "./memory-plan.ts";
import type { Local, WasmModule } from "./wasm-module.ts";

/** Width of the non-adjacent digits of points that have no table: 8 odd multiples each. */
export const STRANGER_WIDTH = 5;
const STRANGER_MULTIPLES = 2 ** (STRANGER_WIDTH - 2);
export const STRANGER_TABLE_BYTES = STRANGER_MULTIPLES * ADDEND_BYTES;

/** A table of multiples of one point without Z's: `rows` of `multiples`, a row's point 2^(step) times that of the row before. */
export interface TableShape {
  /** Bits of a digit. */
  readonly width: number;
  readonly rows: number;
  /** Digits that share a row, with doublings between them. */
  readonly digitsPerRow: number;
}
/** B8: every digit has a row of its own, so there are no doublings. 442 KB, once a thread. */
export const BASE_SHAPE: TableShape = { width: 8, rows: 32, digitsPerRow: 1 };
/** A known key: 14 KB and twelve doublings. Four times the memory would spare them, for some 6 % of a verification. */
export const KEY_SHAPE: TableShape = { width: 4, rows: 16, digitsPerRow: 4 };

export function tableBytes({ width, rows }: TableShape): number {
  return rows * 2 ** (width - 1) * FLAT_BYTES;
}

/** Adds the multiple for a signed digit, if it is not zero. `give` and `take` get the address of the digit's absolute value. */
function addDigit(
  digit: Local,
  address: (magnitude: Code) => Code,
  give: (at: Code) => Code,
  take: (at: Code) => Code,
) {
  return when(
    digit.get,
    when(i32.gtS(digit.get, i32.const(0)), give(address(digit.get)), take(address(i32.sub(i32.const(0), digit.get)))),
  );
}

/**
 * Writes `strangers(result, digitsP, tableP, digitsQ, tableQ, length)`: the sum of two points times scalars in non-adjacent digits;
 * `oddMultiples(table, point)` for it; and of tables: `multiples(points, point, count, doublings)`, `addTable<name>(result, digits, table)`.
 */
export function writeMultiplications(module: WasmModule, plan: MemoryPlan, identity: number): void {
  const step = (local: Local, by: number) => local.set(i32.add(local.get, i32.const(by)));
  const point = plan.reserve(POINT_BYTES);
  const twice = plan.reserve(ADDEND_BYTES);

  module.define("copyPoint", { params: 2, exported: true }, (body) => {
    const [to, from] = body.params as [Local, Local];
    for (let i = 0; i < 4; i++) {
      const offset = i32.const(i * ELEMENT_BYTES);
      body.add(module.call("copy", i32.add(to.get, offset), i32.add(from.get, offset)));
    }
  });

  module.define("oddMultiples", { params: 2, exported: true }, (body) => {
    const [table, from] = body.params as [Local, Local];
    body.add(
      module.call("copyPoint", point, from.get),
      module.call("doubleT", point, point),
      module.call("addendOf", twice, point),
      module.call("copyPoint", point, from.get),
      module.call("addendOf", table.get, point),
    );
    for (let i = 1; i < STRANGER_MULTIPLES; i++) {
      body.add(
        module.call("give", point, point, twice),
        module.call("addendOf", i32.add(table.get, i32.const(i * ADDEND_BYTES)), point),
      );
    }
  });

  module.define("strangers", { params: 6, exported: true }, (body) => {
    const [result, digitsP, tableP, digitsQ, tableQ, place] = body.params as [Local, Local, Local, Local, Local, Local];
    const p = body.local("i32");
    const q = body.local("i32");
    const oddAt = (table: Local) => (magnitude: Code) =>
      i32.add(table.get, i32.mul(i32.shrU(magnitude, i32.const(1)), i32.const(ADDEND_BYTES)));
    const add = (name: string) => (at: Code) => module.call(name, result.get, result.get, at);
    body.add(
      module.call("copyPoint", result.get, identity),
      whilst(i32.gtS(place.get, i32.const(0)), [
        step(place, -1),
        p.set(i32.load8S(i32.add(digitsP.get, place.get), 0)),
        q.set(i32.load8S(i32.add(digitsQ.get, place.get), 0)),
        // The last place is followed by an addition that needs T.
        when(
          i32.or(i32.or(p.get, q.get), i32.isZero(place.get)),
          module.call("doubleT", result.get, result.get),
          module.call("double", result.get, result.get),
        ),
        addDigit(p, oddAt(tableP), add("give"), add("take")),
        addDigit(q, oddAt(tableQ), add("give"), add("take")),
      ]),
    );
  });

  /** Points 1·P, 2·P … count·P in a row, then 2^doublings·P in place of P. */
  module.define("multiples", { params: 4, exported: true }, (body) => {
    const [points, from, count, doublings] = body.params as [Local, Local, Local, Local];
    const at = body.local("i32");
    body.add(
      module.call("addendOf", twice, from.get),
      at.set(points.get),
      module.call("copyPoint", at.get, from.get),
      whilst(i32.gtS(count.get, i32.const(1)), [
        module.call("give", i32.add(at.get, i32.const(POINT_BYTES)), at.get, twice),
        step(at, POINT_BYTES),
        step(count, -1),
      ]),
      whilst(i32.gtS(doublings.get, i32.const(0)), [module.call("doubleT", from.get, from.get), step(doublings, -1)]),
    );
  });

  for (const [name, { width, rows, digitsPerRow }] of Object.entries({ Base: BASE_SHAPE, Key: KEY_SHAPE })) {
    module.define(`addTable${name}`, { params: 3, exported: true }, (body) => {
      const [result, digits, table] = body.params as [Local, Local, Local];
      const [place, row, digit, at] = body.locals("i32", "i32", "i32", "i32");
      const add = (call: string) => (address: Code) => module.call(call, result.get, result.get, address);
      const entry = (magnitude: Code) =>
        i32.add(at.get, i32.mul(i32.sub(magnitude, i32.const(1)), i32.const(FLAT_BYTES)));
      const doublings = Array.from({ length: width }, (_, i) =>
        module.call(i === width - 1 ? "doubleT" : "double", result.get, result.get),
      );
      body.add(
        place.set(i32.const(digitsPerRow)),
        whilst(i32.gtS(place.get, i32.const(0)), [
          digitsPerRow === 1 ? [] : when(i32.ltS(place.get, i32.const(digitsPerRow)), doublings),
          step(place, -1),
          row.set(i32.const(0)),
          at.set(table.get),
          whilst(i32.ltS(row.get, i32.const(rows)), [
            digit.set(
              i32.load8S(i32.add(digits.get, i32.add(i32.mul(row.get, i32.const(digitsPerRow)), place.get)), 0),
            ),
            addDigit(digit, entry, add("giveFlat"), add("takeFlat")),
            step(row, 1),
            step(at, 2 ** (width - 1) * FLAT_BYTES),
          ]),
        ]),
      );
    });
  }
}
