import { globSync } from "node:fs";
import { runMochaFile } from "./mocha-file.ts";
import type { Unit } from "./outcome.ts";
import { runSolidityTests } from "./solidity.ts";

/** Estimates for a first run, when nothing is recorded: proofs and circuits are long, the rest is short. */
const expectedSecondsByFolder: readonly (readonly [RegExp, number])[] = [
  [/^test\/(end-to-end|deep)\//, 120],
  [/^test\/(circuits|prover|simulation|browser)\//, 60],
  [/^test\/(contracts|parity)\//, 15],
];

/** Test files that touch no compiled contract and no deployed tier's circuit or key. */
const buildless =
  /^test\/((protocol|book|risk|state|sequencer)\/|scripts\/(?!funding)|sdk\/(client|wallet)|page\/(?!weight)|circuits\/(attack|honest)|house\.test|assurance\.test)/;

function expectedSecondsOf(file: string): number {
  return expectedSecondsByFolder.find(([folder]) => folder.test(file))?.[1] ?? 3;
}

export interface Selection {
  /** A glob, or a part of a path; absent for everything. */
  readonly only?: string;
  /** Leaves out test/deep. */
  readonly quick: boolean;
}

function select(pattern: string, { only, quick }: Selection): string[] {
  const matched = new Set(only === undefined ? [] : globSync(only));
  return globSync(pattern)
    .filter((file) => only === undefined || matched.has(file) || file.includes(only))
    .filter((file) => !quick || !file.startsWith("test/deep/"))
    .sort();
}

/** The test files of the selection, as units: every mocha file by itself, all Solidity tests as one. */
export function unitsOf(selection: Selection): Unit[] {
  const units: Unit[] = select("test/**/*.test.ts", selection).map((file) => ({
    label: file,
    expectedSeconds: expectedSecondsOf(file),
    needsBuild: !buildless.test(file),
    run: () => runMochaFile(file),
  }));
  const solidityFiles = select("contracts/test/**/*.t.sol", selection);
  if (solidityFiles.length > 0) {
    const label = `contracts/test (${solidityFiles.length} Solidity files)`;
    units.push({ label, expectedSeconds: 60, needsBuild: true, run: () => runSolidityTests(solidityFiles) });
  }
  return units;
}
