/**
 * Turns one condition of the contracts at a time into another (never, always, off by one, "and" for "or") and looks whether a test of
 * test/contracts or contracts/test notices. A long run: a quarter of a minute a mutant. Verdicts are kept in test/contracts/mutants.json, so that a
 * run after a change tries what is new; test/contracts/mutants.test.ts holds them to the sources.
 *
 *   npm run command contract-mutants                              what was never tried
 *   npm run command contract-mutants -- --again                   all of them
 *   npm run command contract-mutants -- --only Vault --minutes 10
 *
 * Exits 1 when one survives that scripts/mutants/solidity-equivalent.ts does not explain.
 */
import { globSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { REPOSITORY_ROOT } from "./circuits/build-circuit.ts";
import { ContractRecord, mutantNames, RECORD_PATH } from "./mutants/contract-record.ts";
import { ContractTree, mutatedContracts } from "./mutants/contract-tree.ts";
import { solidityReasonOf } from "./mutants/solidity-equivalent.ts";
import { type Ending, endChildrenOnSignals, run } from "./testing/process-group.ts";

const program = new Command("contract-mutants")
  .option("--only <word>", "mutants whose name contains this")
  .option("--every <count>", "take every n-th only", "1")
  .option("--minutes <count>", "start no mutant after this", "600")
  .option("--again", "try those again whose verdict is known", false);
const options = program.parse().opts<{ only?: string; every: string; minutes: string; again: boolean }>();

const hardhat = createRequire(import.meta.url)
  .resolve("hardhat/package.json")
  .replace("package.json", "dist/src/cli.js");
/** Enough for everything, and an end for a mutant that makes a test wait for ever. */
const LIMIT_MS = 5 * 60_000;

setPriority(constants.priority.PRIORITY_LOW);
endChildrenOnSignals();
const contracts = mutatedContracts();
const names = mutantNames(contracts.mutations);
const tree = new ContractTree(join(REPOSITORY_ROOT, "build/contract-mutants"), contracts);

function inTree(...what: string[]): Promise<Ending> {
  return run(process.execPath, ["--no-warnings", hardhat, ...what], {
    limitMs: LIMIT_MS,
    cwd: tree.root,
    env: { NO_COLOR: "1", FORCE_COLOR: undefined, CLEARBOOK_COVERAGE_FOLDER: ".", CLEARBOOK_MUTANTS: "1" },
  });
}

/** The name of the first test that failed, in either runner's output. */
function firstFailure({ output, stopped, code, signal }: Ending): string {
  const failures = output.slice(Math.max(0, output.search(/\d+ failing/)));
  const numbered = /^\s+1\) (.+(?:\n\s{5,}\S.*)?)/m.exec(failures)?.[1];
  return numbered?.replace(/\s+/g, " ").replace(/:$/, "") ?? stopped ?? `exit code ${code ?? signal}`;
}

/** The test that notices, or null. */
async function noticedBy(id: number): Promise<string | null> {
  tree.select(id);
  const mocha = await inTree("test", "mocha", ...mochaFiles, "--no-compile");
  if (mocha.code !== 0) return firstFailure(mocha);
  const solidity = await inTree("test", "solidity", ...solidityFiles, "--no-compile");
  return solidity.code === 0 ? null : firstFailure(solidity);
}

console.log(`${names.length} mutants; compiling all of them at once …`);
const built = await inTree("build");
if (built.code !== 0) throw new Error(`The mutants do not compile:\n${built.output}`);
tree.readCompiled();
const mochaFiles = globSync("test/contracts/**/*.test.ts", { cwd: tree.root }).filter((name) => !/mutants/.test(name));
const solidityFiles = globSync("contracts/test/**/*.t.sol", { cwd: tree.root });
const unchanged = await noticedBy(0);
if (unchanged !== null) throw new Error(`The tests fail without any mutant: ${unchanged}`);

const record = ContractRecord.read();
const chosen = contracts.mutations
  .filter(({ id }) => (names[id - 1] as string).includes(options.only ?? ""))
  .filter((_, i) => i % Number(options.every) === 0)
  .filter(({ id }) => options.again || record.verdictOf(names[id - 1] as string) === undefined);
const survivors: string[] = [];
for (const [index, mutation] of chosen.entries()) {
  const startMs = performance.now();
  if (startMs > Number(options.minutes) * 60_000) break;
  const name = names[mutation.id - 1] as string;
  const reason = solidityReasonOf(mutation);
  const noticed = reason === undefined ? await noticedBy(mutation.id) : `equivalent: ${reason}`;
  record.put(name, noticed);
  writeFileSync(RECORD_PATH, record.text(names));
  if (noticed === null) survivors.push(`${mutation.file}:${mutation.line} ${mutation.change} ${mutation.before}`);
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(0);
  console.log(
    `${index + 1}/${chosen.length} ${seconds} s ${noticed === null ? "SURVIVED" : "killed"} ${name} — ${noticed}`,
  );
}
console.log(`\n${chosen.length} tried, ${survivors.length} survived.`);
for (const survivor of survivors) console.log(`  ${survivor}`);
process.exitCode = survivors.length > 0 ? 1 : 0;
