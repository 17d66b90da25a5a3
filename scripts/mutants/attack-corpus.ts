import { spawnSync } from "node:child_process";
import { globSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { TIERS } from "../../matcher/protocol/spec.ts";
import type { CircuitInput } from "../../matcher/prover/groth16/proof.ts";

/** One input that a test gave the batch circuit, and what the circuit said: undefined for "it has a witness". */
export interface Attack {
  readonly title: string;
  readonly refusal?: string;
  readonly input: CircuitInput;
}

const SUITES = ["test/circuits/attack-*.test.ts", "test/circuits/honest.test.ts", "test/circuits/wires-inputs.test.ts"];

/** Runs the attack suites against the circuits as they are. @throws when they fail. */
export function recordAttacks(root: string, file: string): Attack[] {
  rmSync(file, { force: true });
  const mocha = createRequire(import.meta.url).resolve("mocha/bin/mocha.js");
  const suites = SUITES.flatMap((suite) => globSync(suite, { cwd: root }));
  const recorder = join(root, "scripts/mutants/attack-record.ts");
  const { status } = spawnSync(process.execPath, [mocha, "--reporter", "dot", "--require", recorder, ...suites], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, CLEARBOOK_ATTACK_RECORD: file },
  });
  if (status !== 0) throw new Error("the attack suites fail on the circuits as they are");
  return readAttacks(file);
}

/** What an earlier run recorded, of the tier that mutants are compiled for. */
export function readAttacks(file: string): Attack[] {
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  const tier = TIERS.find(({ name }) => name === "test") as (typeof TIERS)[number];
  const length = (attack: Attack, signal: string) => (attack.input[signal] as unknown[]).length;
  return lines
    .map((line) => JSON.parse(line) as Attack)
    .filter((attack) => length(attack, "rowIsOrder") === tier.rows && length(attack, "queueAmount") === tier.queue);
}

/** Those first that were refused where the mutation is: they are the likeliest to notice. */
export function nearestFirst(attacks: readonly Attack[], template: string, line: number): Attack[] {
  const here = new RegExp(`template ${template}_\\d+ line: ${line}\\b`);
  const near = new RegExp(`template ${template}_\\d+ line: `);
  const rank = ({ refusal = "" }: Attack) => (here.test(refusal) ? 0 : near.test(refusal) ? 1 : 2);
  return [...attacks].sort((a, b) => rank(a) - rank(b));
}
