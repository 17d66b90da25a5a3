import { FIELD_ORDER } from "../../matcher/protocol/spec.ts";
import { inverse, mod, type R1csSystem } from "./r1cs-system.ts";

/** "any": every value does. Otherwise the one other value that does. */
export type Freedom = "any" | bigint;

/**
 * The wires that could have another value in this witness, all others unchanged, with every constraint still holding.
 *
 * Exact, over all values of the field: with wire w moved by d, a constraint A·B = C that holds becomes
 * d·(a·B + b·A − c) + d²·a·b = 0, where a, b, c are w's coefficients. So each constraint allows every d, none, or one.
 */
export function looseWires(system: R1csSystem, witness: readonly bigint[]): Map<number, Freedom> {
  const values = system.combinationValues(witness);
  const { starts, terms, combinations } = system.termsByWire;
  const loose = new Map<number, Freedom>();
  for (let wire = 1; wire < system.wireCount; wire++) {
    let allowed: Freedom | undefined = "any";
    for (let j = starts[wire]!; j < starts[wire + 1]! && allowed !== undefined; ) {
      const constraint = Math.floor(combinations[j]! / 3);
      const own = [0n, 0n, 0n];
      for (; j < starts[wire + 1]! && Math.floor(combinations[j]! / 3) === constraint; j++) {
        own[combinations[j]! % 3] = system.coefficients[terms[j]!]!;
      }
      const [a, b, c] = own as [bigint, bigint, bigint];
      const linear = (a * values[3 * constraint + 1]! + b * values[3 * constraint]! - c) % FIELD_ORDER;
      const quadratic = (a * b) % FIELD_ORDER;
      if (linear === 0n && quadratic === 0n) continue;
      const move: bigint | undefined =
        linear === 0n || quadratic === 0n ? undefined : mod(-linear * inverse(quadratic));
      allowed = move !== undefined && (allowed === "any" || allowed === move) ? move : undefined;
    }
    if (allowed !== undefined) loose.set(wire, allowed === "any" ? "any" : mod(witness[wire]! + allowed));
  }
  return loose;
}

/**
 * The wires that the known ones do not determine near this witness: those that move along some direction in which, to the first order, no
 * constraint changes. None left means that the Jacobian over the unknown wires has full column rank, so the witness is an isolated one.
 *
 * Sparse elimination, the shortest row first: a row with one unknown wire determines it, and most rows are of that kind.
 */
export function undeterminedWires(
  system: R1csSystem,
  witness: readonly bigint[],
  isKnown: (wire: number) => boolean,
): Set<number> {
  const rows = derivativeRows(system, system.combinationValues(witness), isKnown);
  const columns = new Map<number, Set<number>>();
  const byLength: Set<number>[] = [];
  const place = (row: number) => {
    const { size } = rows[row]!;
    byLength[size] ??= new Set();
    byLength[size].add(row);
  };
  for (const [row, entries] of rows.entries()) {
    place(row);
    for (const wire of entries.keys()) {
      const column = columns.get(wire);
      if (column === undefined) columns.set(wire, new Set([row]));
      else column.add(row);
    }
  }
  const pivots: { wire: number; others: number[] }[] = [];
  for (let length = 1; length < byLength.length; ) {
    const next = byLength[length]?.values().next().value;
    if (next === undefined) {
      length++;
      continue;
    }
    const pivotRow = rows[next]!;
    const wire = rarest(pivotRow, columns);
    byLength[length]!.delete(next);
    for (const other of pivotRow.keys()) columns.get(other)!.delete(next);
    const scale = inverse(pivotRow.get(wire)!);
    pivotRow.delete(wire);
    for (const row of columns.get(wire)!) {
      const entries = rows[row]!;
      byLength[entries.size]!.delete(row);
      const factor = mod(-entries.get(wire)! * scale);
      entries.delete(wire);
      for (const [other, coefficient] of pivotRow) {
        const sum = ((entries.get(other) ?? 0n) + factor * coefficient) % FIELD_ORDER;
        if (sum === 0n) {
          entries.delete(other);
          columns.get(other)!.delete(row);
        } else {
          entries.set(other, sum);
          columns.get(other)!.add(row);
        }
      }
      place(row);
      length = Math.max(1, Math.min(length, entries.size));
    }
    columns.delete(wire);
    pivots.push({ wire, others: [...pivotRow.keys()] });
  }

  const undetermined = new Set<number>();
  const pivoted = new Set(pivots.map((pivot) => pivot.wire));
  for (let wire = 1; wire < system.wireCount; wire++) {
    if (!isKnown(wire) && !pivoted.has(wire)) undetermined.add(wire);
  }
  for (const { wire, others } of pivots.reverse()) {
    if (others.some((other) => undetermined.has(other))) undetermined.add(wire);
  }
  return undetermined;
}

function rarest(row: ReadonlyMap<number, bigint>, columns: ReadonlyMap<number, ReadonlySet<number>>): number {
  let best = -1;
  let count = Number.POSITIVE_INFINITY;
  for (const wire of row.keys()) {
    const size = columns.get(wire)!.size;
    if (size >= count) continue;
    best = wire;
    count = size;
  }
  return best;
}

/** The constraints' derivatives by unknown wire at a witness. */
function derivativeRows(
  system: R1csSystem,
  values: readonly bigint[],
  isKnown: (wire: number) => boolean,
): Map<number, bigint>[] {
  const rows: Map<number, bigint>[] = [];
  for (let constraint = 0; constraint < system.constraintCount; constraint++) {
    const factors = [values[3 * constraint + 1]!, values[3 * constraint]!, -1n];
    const row = new Map<number, bigint>();
    for (let side = 0; side < 3; side++) {
      const k = 3 * constraint + side;
      const factor = factors[side]!;
      if (factor === 0n) continue;
      for (let t = system.starts[k]!; t < system.starts[k + 1]!; t++) {
        const wire = system.wires[t]!;
        if (wire === 0 || isKnown(wire)) continue;
        const sum = mod((row.get(wire) ?? 0n) + system.coefficients[t]! * factor);
        if (sum === 0n) row.delete(wire);
        else row.set(wire, sum);
      }
    }
    if (row.size > 0) rows.push(row);
  }
  return rows;
}
