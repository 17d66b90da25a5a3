import { FIELD_ORDER } from "../../matcher/protocol/spec.ts";
import { inverse, mod, type R1csSystem } from "./r1cs-system.ts";

/** The solver met a kind of constraint that it has no rule for; its answer would not be complete. */
export class UnsolvedError extends Error {
  override readonly name = "UnsolvedError";
}

/** All values of one family of witnesses by wire; a wire in `free` may have any value. */
export interface Solution {
  readonly values: readonly (bigint | undefined)[];
  readonly free: readonly number[];
}

/** Most combinations of the other unknowns that a wire's possible values are looked up in. */
const COMBINATIONS_MOST = 16;

type State = { values: (bigint | undefined)[]; domains: Map<number, readonly bigint[]> };
/** "any", or the finitely many values. */
type Roots = "any" | readonly bigint[];

/**
 * All witnesses of a small circuit that agree with the known wires: a complete enumeration, so that none means none, whatever a prover writes.
 *
 * Three rules: a constraint whose other wires are known, or have few possible values, gives a wire's possible values; a sum of two-valued
 * wires with weights s·2^e, no e twice, is read off the bits of its integers v, v + r, …; else a wire of few values is tried with each.
 * @throws UnsolvedError when none of them applies.
 */
export function solutionsOf(system: R1csSystem, known: ReadonlyMap<number, bigint>): Solution[] {
  const values: (bigint | undefined)[] = new Array(system.wireCount).fill(undefined);
  values[0] = 1n;
  for (const [wire, value] of known) values[wire] = mod(value);
  const found: Solution[] = [];
  const open: State[] = [{ values, domains: new Map() }];
  const solver = new Solver(system);
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const rest = solver.propagate(state);
    if (rest === undefined) continue;
    if (rest.length === 0) found.push({ values: state.values, free: solver.freeWires(state) });
    else open.push(...solver.branch(state, rest));
  }
  return found;
}

/** A linear combination split into what is known and its unknown wires' coefficients. */
type Split = { constant: bigint; unknown: Map<number, bigint> };

const ZERO: Split = { constant: 0n, unknown: new Map() };
const vanishes = ({ constant, unknown }: Split) => constant === 0n && unknown.size === 0;

class Solver {
  readonly #system: R1csSystem;
  readonly #constraintsOf: number[][];

  constructor(system: R1csSystem) {
    this.#system = system;
    const { starts, combinations } = system.termsByWire;
    this.#constraintsOf = Array.from({ length: system.wireCount }, (_, wire) => {
      const own = new Set<number>();
      for (let j = starts[wire]!; j < starts[wire + 1]!; j++) own.add(Math.floor(combinations[j]! / 3));
      return [...own];
    });
  }

  /** Applies the first rule until nothing changes. Returns the constraints that still hold back something, undefined for a contradiction. */
  propagate(state: State): number[] | undefined {
    const waiting = new Set(Array.from({ length: this.#system.constraintCount }, (_, i) => i));
    const unsettled = new Set<number>();
    for (const constraint of waiting) {
      waiting.delete(constraint);
      unsettled.delete(constraint);
      const changed = this.#apply(state, constraint);
      if (changed === "contradiction") return undefined;
      if (changed === "settled") continue;
      unsettled.add(constraint);
      if (changed === "nothing") continue;
      for (const touched of this.#constraintsOf[changed]!) waiting.add(touched);
    }
    return [...unsettled];
  }

  freeWires({ values }: State): number[] {
    return values.flatMap((value, wire) => (value === undefined ? [wire] : []));
  }

  /** The second rule, else the third. */
  branch(state: State, constraints: readonly number[]): State[] {
    for (const constraint of constraints) {
      const states = this.#readBits(state, constraint);
      if (states !== undefined) return states;
    }
    const wire = this.#busiest(state, constraints);
    const domain = wire === undefined ? undefined : state.domains.get(wire);
    if (domain !== undefined) return domain.map((value) => withValues(state, [[wire as number, value]]));
    throw new UnsolvedError(`no rule for ${constraints.length} constraints`);
  }

  /** The wire of few values that most constraints wait for: a choice between rules, rather than one bit of many. */
  #busiest(state: State, constraints: readonly number[]): number | undefined {
    const waiting = new Map<number, number>();
    for (const constraint of constraints) {
      for (const wire of this.#unknownsOf(state, constraint)) {
        if (state.domains.has(wire)) waiting.set(wire, (waiting.get(wire) ?? 0) + 1);
      }
    }
    return [...waiting].sort((a, b) => b[1] - a[1])[0]?.[0];
  }

  #split(state: State, combination: number): Split {
    const { starts, wires, coefficients } = this.#system;
    let constant = 0n;
    const unknown = new Map<number, bigint>();
    for (let t = starts[combination]!; t < starts[combination + 1]!; t++) {
      const value = state.values[wires[t]!];
      if (value === undefined) unknown.set(wires[t]!, coefficients[t]!);
      else constant += coefficients[t]! * value;
    }
    return { constant: constant % FIELD_ORDER, unknown };
  }

  #splits(state: State, constraint: number): [Split, Split, Split] {
    const [a, b, c] = [0, 1, 2].map((side) => this.#split(state, 3 * constraint + side)) as [Split, Split, Split];
    // A product with a known zero says nothing about the other factor.
    return vanishes(a) || vanishes(b) ? [ZERO, ZERO, c] : [a, b, c];
  }

  #unknownsOf(state: State, constraint: number): Set<number> {
    return new Set(this.#splits(state, constraint).flatMap(({ unknown }) => [...unknown.keys()]));
  }

  /** Returns the wire that it learned something about. */
  #apply(state: State, constraint: number): number | "nothing" | "settled" | "contradiction" {
    const splits = this.#splits(state, constraint);
    const unknowns = [...new Set(splits.flatMap(({ unknown }) => [...unknown.keys()]))];
    const [a, b, c] = splits;
    if (unknowns.length === 0) {
      return (a.constant * b.constant - c.constant) % FIELD_ORDER === 0n ? "settled" : "contradiction";
    }
    const undecided = unknowns.filter((wire) => !state.domains.has(wire));
    if (undecided.length > 1 || unknowns.length > 4) return "nothing";
    const wire = undecided[0] ?? (unknowns[0] as number);
    if (undecided.length === 0 && unknowns.length > 1) return "nothing";
    const roots = rootsOver(
      splits,
      wire,
      unknowns.filter((other) => other !== wire),
      state.domains,
    );
    if (roots === "any") return "nothing";
    return learn(state, wire, roots);
  }

  #readBits(state: State, constraint: number): State[] | undefined {
    const [a, b, c] = this.#splits(state, constraint);
    const sum = linearForm(a, b, c);
    if (sum === undefined) return undefined;
    const terms: { wire: number; low: bigint; high: bigint; weight: bigint }[] = [];
    let target = -sum.constant;
    for (const [wire, coefficient] of sum.unknown) {
      const domain = state.domains.get(wire);
      if (domain?.length !== 2) return undefined;
      const [low, high] = domain as [bigint, bigint];
      target -= coefficient * low;
      terms.push({ wire, low, high, weight: mod(coefficient * (high - low)) });
    }
    for (const { weight: unit } of terms) {
      const scaled = terms.map(({ weight }) => mod(weight * inverse(unit)));
      if (new Set(scaled).size < scaled.length || !scaled.every((x) => (x & (x - 1n)) === 0n)) continue;
      const most = scaled.reduce((total, x) => total + x, 0n);
      const states: State[] = [];
      for (let integer = mod(target * inverse(unit)); integer <= most; integer += FIELD_ORDER) {
        const bits = scaled.map((x) => (integer & x) !== 0n);
        const reached = scaled.reduce((total, x, i) => total + (bits[i] ? x : 0n), 0n);
        if (reached !== integer) continue;
        states.push(
          withValues(
            state,
            terms.map(({ wire, low, high }, i) => [wire, bits[i] ? high : low]),
          ),
        );
      }
      return states;
    }
    return undefined;
  }
}

function withValues(state: State, assigned: readonly (readonly [number, bigint])[]): State {
  const next: State = { values: [...state.values], domains: new Map(state.domains) };
  for (const [wire, value] of assigned) {
    next.values[wire] = value;
    next.domains.delete(wire);
  }
  return next;
}

function learn(state: State, wire: number, roots: readonly bigint[]): number | "nothing" | "contradiction" {
  const before = state.domains.get(wire);
  const domain = before === undefined ? roots : before.filter((value) => roots.includes(value));
  if (domain.length === 0) return "contradiction";
  if (domain.length === 1) {
    state.values[wire] = domain[0] as bigint;
    state.domains.delete(wire);
    return wire;
  }
  if (before !== undefined && before.length === domain.length) return "nothing";
  state.domains.set(wire, domain);
  return wire;
}

/** A·B − C as a linear form, when one factor is a constant. */
function linearForm(a: Split, b: Split, c: Split): Split | undefined {
  if (a.unknown.size > 0 && b.unknown.size > 0) return undefined;
  const [factor, rest] = a.unknown.size === 0 ? [a.constant, b] : [b.constant, a];
  const unknown = new Map<number, bigint>();
  for (const [wire, coefficient] of rest.unknown) unknown.set(wire, mod(coefficient * factor));
  for (const [wire, coefficient] of c.unknown) unknown.set(wire, mod((unknown.get(wire) ?? 0n) - coefficient));
  for (const [wire, coefficient] of unknown) if (coefficient === 0n) unknown.delete(wire);
  return { constant: mod(rest.constant * factor - c.constant), unknown };
}

/** The values of `wire` that a constraint allows for some choice of the other wires' possible values. */
function rootsOver(
  splits: readonly [Split, Split, Split],
  wire: number,
  others: readonly number[],
  domains: ReadonlyMap<number, readonly bigint[]>,
): Roots {
  let choices: ReadonlyMap<number, bigint>[] = [new Map()];
  for (const other of others) {
    choices = (domains.get(other) as readonly bigint[]).flatMap((value) =>
      choices.map((choice) => new Map([...choice, [other, value]])),
    );
    if (choices.length > COMBINATIONS_MOST) return "any";
  }
  const union = new Set<bigint>();
  for (const choice of choices) {
    const constants = splits.map(({ constant, unknown }) => {
      let sum = constant;
      for (const [other, value] of choice) sum += (unknown.get(other) ?? 0n) * value;
      return mod(sum);
    }) as [bigint, bigint, bigint];
    const own = splits.map(({ unknown }) => unknown.get(wire) ?? 0n) as [bigint, bigint, bigint];
    const roots = rootsOf(own, constants);
    if (roots === "any") return "any";
    for (const root of roots) union.add(root);
  }
  return [...union];
}

/** Roots x of (a·x + p)·(b·x + q) = c·x + s. */
function rootsOf([a, b, c]: readonly [bigint, bigint, bigint], [p, q, s]: readonly [bigint, bigint, bigint]): Roots {
  const quadratic = mod(a * b);
  const linear = mod(a * q + b * p - c);
  const constant = mod(p * q - s);
  if (quadratic === 0n) {
    if (linear !== 0n) return [mod(-constant * inverse(linear))];
    return constant === 0n ? "any" : [];
  }
  if (constant === 0n) return [...new Set([0n, mod(-linear * inverse(quadratic))])];
  if (c === 0n && s === 0n) return [...new Set([mod(-p * inverse(a)), mod(-q * inverse(b))])];
  throw new UnsolvedError("a quadratic equation without a factorization");
}
