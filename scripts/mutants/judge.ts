import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { UnsatisfiedError, WitnessCalculator } from "../../matcher/prover/groth16/witness-calculator.ts";
import { R1csSystem, witnessValues } from "../../test/circuits/r1cs-system.ts";
import { looseWires, undeterminedWires } from "../../test/circuits/r1cs-wires.ts";
import { isAllowed, LOOSE_WIRES, WITNESS_OUTPUTS } from "../../test/circuits/wires-loose.ts";
import { type Attack, nearestFirst } from "./attack-corpus.ts";
import type { Mutation } from "./mutations.ts";
import type { WorkTree } from "./work-tree.ts";

/** How a mutant ended: killed by something, or by nothing. */
export interface Verdict {
  readonly killedBy: "attack" | "honest batch" | "wires" | "gadgets" | "compiler" | undefined;
  /** The attack that gets through, the wire that is loose, circom's words; for a survivor, how many attacks another rule refuses instead. */
  readonly detail: string;
}

const GADGET_SUITES = ["test/circuits/lib*.test.ts", "test/circuits/attack-tree.test.ts"];
/** Batches that the wires are looked at in: the first has nothing in it. */
const WIRE_BATCHES = 4;

/** Tries the attacks on a compiled mutant, the nearest first, up to the first that gets through. */
export async function tryAttacks(folder: string, attacks: readonly Attack[], at: Mutation): Promise<Verdict> {
  const calculator = await WitnessCalculator.compile(readFileSync(join(folder, "circuit.wasm")));
  let elsewhere = 0;
  for (const { title, input, refusal } of nearestFirst(attacks, at.template, at.line)) {
    const now = refusalOf(calculator, input);
    if (refusal !== undefined && now === undefined) return { killedBy: "attack", detail: title };
    if (refusal === undefined && now !== undefined) return { killedBy: "honest batch", detail: title };
    if (refusal !== now) elsewhere++;
  }
  return { killedBy: undefined, detail: `${elsewhere} attacks are refused by another rule` };
}

function refusalOf(calculator: WitnessCalculator, input: Attack["input"]): string | undefined {
  try {
    calculator.calculate(input);
    return undefined;
  } catch (error) {
    if (error instanceof UnsatisfiedError) return error.message;
    throw error;
  }
}

/** Looks for a wire of a compiled mutant that nothing holds. */
export async function tryWires(folder: string, attacks: readonly Attack[]): Promise<Verdict> {
  const calculator = await WitnessCalculator.compile(readFileSync(join(folder, "circuit.wasm")));
  const system = R1csSystem.load(join(folder, "circuit.r1cs"), join(folder, "circuit.sym"));
  const honest = attacks.filter(({ refusal }) => refusal === undefined);
  const empty = honest.find(({ title }) => title.endsWith("an empty batch")) ?? honest[0];
  const chosen = [empty, ...honest.filter((attack) => attack !== empty)].slice(0, WIRE_BATCHES) as Attack[];
  const witnesses = chosen.map(({ input }) => witnessValues(calculator.calculate(input)));
  for (const values of witnesses) {
    for (const [wire, to] of looseWires(system, values)) {
      const signals = system.names[wire] as readonly string[];
      const allowed = LOOSE_WIRES.some((entry) => isAllowed(entry, signals, to, values[wire] as bigint));
      if (!allowed) return { killedBy: "wires", detail: `${signals[0]} may become ${to}` };
    }
  }
  const decided = new Set(WITNESS_OUTPUTS.map((name) => system.wireOf(`main.${name}`)));
  const values = witnesses[0] as bigint[];
  for (const wire of undeterminedWires(system, values, (w) => w < system.inputEnd && !decided.has(w))) {
    const signals = system.names[wire] as readonly string[];
    const allowed = LOOSE_WIRES.some((entry) => isAllowed(entry, signals, "any", values[wire] as bigint));
    if (!allowed) return { killedBy: "wires", detail: `${signals[0]} is not determined` };
  }
  return { killedBy: undefined, detail: "every wire is bound" };
}

/** Runs the tests of gadgets in the mutated copy. */
export function tryGadgets(tree: WorkTree): Verdict {
  const mocha = createRequire(import.meta.url).resolve("mocha/bin/mocha.js");
  const suites = GADGET_SUITES.flatMap((suite) => globSync(suite, { cwd: tree.root }));
  if (suites.length === 0) return { killedBy: undefined, detail: "no gadget tests" };
  const { status, stdout } = spawnSync(process.execPath, [mocha, "--bail", "--reporter", "json", ...suites], {
    cwd: tree.root,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    // Found by content: only the gadgets that the mutation changes are compiled anew.
    env: { ...process.env, CLEARBOOK_CACHE: join(tree.root, "build/cache") },
  });
  if (status === 0) return { killedBy: undefined, detail: "" };
  const failed = /"failures": \[\s*\{[^{}]*?"fullTitle": "((?:[^"\\]|\\.)*)"/.exec(stdout)?.[1];
  return { killedBy: "gadgets", detail: failed ?? `exit code ${status}` };
}
