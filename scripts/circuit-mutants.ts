/**
 * Deletes one constraint of the circuits at a time, compiles the test tier without it, and looks whether a test notices: an attack that now has
 * a witness, a wire that nothing holds any more, a gadget that answers otherwise. A long run, for a deep look: half a minute a mutant.
 *
 *   node scripts/circuit-mutants.ts                          every deleted constraint, range and bound
 *   node scripts/circuit-mutants.ts --kinds assignment       every <== that computes without constraining
 *   node scripts/circuit-mutants.ts --only account-slot --minutes 10
 *
 * Prints a line a mutant, and the survivors at the end; the whole report goes to build/mutants/report.json. Exits 1 when one survives that
 * scripts/mutants/equivalent.ts does not explain.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { REPOSITORY_ROOT } from "./circuits/build-circuit.ts";
import { CircuitCompileError, compileCircuit } from "./circuits/compile-circuit.ts";
import { type Attack, readAttacks, recordAttacks } from "./mutants/attack-corpus.ts";
import { reasonOf } from "./mutants/equivalent.ts";
import { tryAttacks, tryGadgets, tryWires, type Verdict } from "./mutants/judge.ts";
import { type Mutation, mutationsOf } from "./mutants/mutations.ts";
import { WorkTree } from "./mutants/work-tree.ts";

const program = new Command("circuit-mutants")
  .option("--kinds <list>", "constraint, range, boundary, assignment", "constraint,range,boundary")
  .option("--only <word>", "mutations whose file, template or statement contains this")
  .option("--skip <count>", "leave out the first ones", "0")
  .option("--every <count>", "take every n-th only", "1")
  .option("--minutes <count>", "start no mutant after this", "600")
  .option("--recorded", "take the attacks that an earlier run recorded", false);
const options = program
  .parse()
  .opts<Record<"kinds" | "skip" | "every" | "minutes", string> & { only?: string; recorded: boolean }>();

interface Report extends Verdict {
  readonly mutation: Mutation;
  readonly equivalent?: string;
}

const home = join(REPOSITORY_ROOT, "build/mutants");
const endMs = performance.now() + Number(options.minutes) * 60_000;
setPriority(constants.priority.PRIORITY_LOW);
mkdirSync(home, { recursive: true });

// Two copies: while one mutant is judged, the next compiles.
const trees = [0, 1].map((i) => WorkTree.create(REPOSITORY_ROOT, join(home, `tree-${i}`))) as [WorkTree, WorkTree];
const kinds = options.kinds.split(",");
const chosen = mutationsOf(join(trees[0].root, "circuits"))
  .filter(({ kind }) => kinds.includes(kind))
  .filter(({ file, template, before }) => `${file} ${template} ${before}`.includes(options.only ?? ""))
  .filter((_, i) => i >= Number(options.skip) && i % Number(options.every) === 0);
const recordFile = join(home, "attacks.jsonl");
const attacks = options.recorded ? readAttacks(recordFile) : recordAttacks(trees[0].root, recordFile);
console.log(`${chosen.length} mutants, ${attacks.length} recorded inputs`);

function compile(index: number): Promise<string> | undefined {
  const mutation = chosen[index];
  if (mutation === undefined || performance.now() > endMs) return undefined;
  const tree = trees[index % 2] as WorkTree;
  tree.apply(mutation);
  const folder = tree.emptyFolder("mutant");
  const compiled = compileCircuit(tree.root, "circuits/main/test.circom", "O1", folder).then(() => folder);
  // Awaited when its turn comes.
  compiled.catch(() => undefined);
  return compiled;
}

async function judge(
  mutation: Mutation,
  tree: WorkTree,
  compiled: Promise<string>,
  all: readonly Attack[],
): Promise<Verdict> {
  let folder: string;
  try {
    folder = await compiled;
  } catch (error) {
    if (!(error instanceof CircuitCompileError)) throw error;
    return { killedBy: "compiler", detail: error.report.split("\n").slice(0, 3).join(" ") };
  }
  // What a mutant computes is what the circuit computes when only a check is gone from an assignment.
  const attacked =
    mutation.kind === "assignment" ? { killedBy: undefined, detail: "" } : await tryAttacks(folder, all, mutation);
  if (attacked.killedBy !== undefined) return attacked;
  const wired = await tryWires(folder, all);
  if (wired.killedBy !== undefined) return wired;
  const gadgets = tryGadgets(tree);
  return gadgets.killedBy === undefined ? attacked : gadgets;
}

const reports: Report[] = [];
let next = compile(0);
for (let i = 0; next !== undefined; i++) {
  const compiled = next;
  // The other copy may be changed only after its own mutant was judged, which is now.
  next = compile(i + 1);
  const mutation = chosen[i] as Mutation;
  const verdict = await judge(mutation, trees[i % 2] as WorkTree, compiled, attacks);
  const reason = verdict.killedBy === undefined ? reasonOf(mutation) : undefined;
  reports.push({ mutation, ...verdict, ...(reason === undefined ? {} : { equivalent: reason }) });
  const outcome = verdict.killedBy === undefined ? (reason === undefined ? "SURVIVED" : "equivalent") : "killed";
  const how = [verdict.killedBy, verdict.detail].filter(Boolean).join(": ");
  const minutes = (performance.now() / 60_000).toFixed(1);
  console.log(
    `${i + 1}/${chosen.length} ${minutes} min ${outcome} ${mutation.file}:${mutation.line} ${mutation.kind} ` +
      `${mutation.before} — ${reason ?? how}`,
  );
  writeFileSync(join(home, "report.json"), `${JSON.stringify(reports, null, 2)}\n`);
}
for (const tree of trees) tree.apply(undefined);

const survivors = reports.filter(({ killedBy, equivalent }) => killedBy === undefined && equivalent === undefined);
const count = (by: Verdict["killedBy"]) => reports.filter(({ killedBy }) => killedBy === by).length;
console.log(`\n${reports.length} of ${chosen.length} mutants tried.`);
for (const by of ["attack", "honest batch", "wires", "gadgets", "compiler"] as const)
  console.log(`  killed by ${by}: ${count(by)}`);
console.log(`  equivalent: ${reports.filter(({ equivalent }) => equivalent !== undefined).length}`);
console.log(`  survived: ${survivors.length}`);
for (const { mutation, detail } of survivors) {
  console.log(`    ${mutation.file}:${mutation.line} ${mutation.template} ${mutation.before} (${detail})`);
}
process.exitCode = survivors.length > 0 ? 1 : 0;
