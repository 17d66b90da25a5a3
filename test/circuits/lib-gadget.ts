import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CircuitInput } from "../../matcher/prover/groth16/proof.ts";
import { UnsatisfiedError, WitnessCalculator } from "../../matcher/prover/groth16/witness-calculator.ts";
import { buildCircuit, REPOSITORY_ROOT } from "../../scripts/circuits/build-circuit.ts";
import { type Solution, solutionsOf } from "./r1cs-solver.ts";
import { R1csSystem, witnessValues } from "./r1cs-system.ts";

/** Signal values by name, arrays flat in circom's order. */
export type GadgetInput = Record<string, bigint | readonly bigint[]>;

/** One template by itself, as constraints: who solves it is any prover, not circom's witness generator. */
export class Gadget {
  readonly system: R1csSystem;
  readonly #wasmPath: string;
  #calculator: WitnessCalculator | undefined;

  private constructor(system: R1csSystem, wasmPath: string) {
    this.system = system;
    this.#wasmPath = wasmPath;
  }

  /** @param file below circuits/;  @param call the template's call */
  static async build(file: string, call: string): Promise<Gadget> {
    const slug = call.replace(/\W+/g, "-").replace(/-$/, "").toLowerCase();
    const folder = join("build/gadgets", slug);
    mkdirSync(join(REPOSITORY_ROOT, folder), { recursive: true });
    const main = join(folder, `${slug}.circom`);
    const lines = ["pragma circom 2.2.2;", `include "../../../circuits/${file}";`, `component main = ${call};`, ""];
    writeFileSync(join(REPOSITORY_ROOT, main), lines.join("\n"));
    const built = await buildCircuit({ main, optimization: "O1", out: folder, devKey: false });
    return new Gadget(R1csSystem.load(built.r1csPath, built.symPath), built.wasmPath);
  }

  /** The wires of a main signal, in circom's order of its elements. */
  wiresOf(signal: string): number[] {
    const own = new RegExp(`^main\\.${signal}(\\[\\d+\\])*$`);
    return this.system.names.flatMap((names, wire) => (names.some((name) => own.test(name)) ? [wire] : []));
  }

  /** Every witness with these signals: an empty list when there is none. Signals that are left out may be anything. */
  solutions(input: GadgetInput): Solution[] {
    const known = new Map<number, bigint>();
    for (const [signal, value] of Object.entries(input)) {
      const wires = this.wiresOf(signal);
      const values = typeof value === "bigint" ? [value] : value;
      if (wires.length !== values.length) {
        throw new RangeError(`${signal} has ${wires.length} wires, not ${values.length}`);
      }
      wires.forEach((wire, i) => {
        known.set(wire, values[i] as bigint);
      });
    }
    return solutionsOf(this.system, known);
  }

  /**
   * A signal's values in circom's own witness; undefined when that has none. For gadgets whose intermediate signals are all computed: quicker
   * than every witness.
   */
  async computed(input: CircuitInput, signal: string): Promise<bigint[] | undefined> {
    this.#calculator ??= await WitnessCalculator.compile(readFileSync(this.#wasmPath));
    try {
      const values = witnessValues(this.#calculator.calculate(input));
      return this.wiresOf(signal).map((wire) => values[wire] as bigint);
    } catch (error) {
      if (error instanceof UnsatisfiedError) return undefined;
      throw error;
    }
  }

  /** A signal's values in a solution; undefined where they are free. */
  read(solution: Solution, signal: string): (bigint | undefined)[] {
    return this.wiresOf(signal).map((wire) => solution.values[wire]);
  }
}
