import { cpSync, globSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { REPOSITORY_ROOT } from "../circuits/build-circuit.ts";
import { MUTATED } from "./contract-record.ts";
import {
  type AstNode,
  SELECTOR_SOURCE,
  SELECTOR_WORD,
  type SolidityMutation,
  SolidityMutator,
} from "./solidity-mutations.ts";

const require = createRequire(import.meta.url);

interface SolcOutput {
  readonly errors?: readonly { severity: string; formattedMessage: string }[];
  readonly sources: Readonly<Record<string, { ast: AstNode }>>;
}

/** The contracts with all their mutants in one source each. */
export interface MutatedContracts {
  readonly mutations: readonly SolidityMutation[];
  readonly sources: ReadonlyMap<string, string>;
}

/** @throws Error with the compiler's words */
export function mutatedContracts(): MutatedContracts {
  const files = globSync(MUTATED, { cwd: REPOSITORY_ROOT }).sort();
  const trees = syntaxTrees(files);
  const mutator = new SolidityMutator();
  const sources = files.map((file) => {
    const path = relative(dirname(file), "contracts/Mutant.sol");
    const { ast } = trees[file] as { ast: AstNode };
    const selector = path.startsWith(".") ? path : `./${path}`;
    return [file, mutator.instrument(file, sourceOf(file), ast, selector)] as const;
  });
  return { mutations: mutator.mutations, sources: new Map(sources) };
}

/** A copy of the checkout whose contracts are all their mutants; which one runs is a word in the compiled code. */
export class ContractTree {
  readonly root: string;
  /** Compiled code that names the selector's word, as it was compiled. */
  #compiled: { path: string; text: string }[] = [];

  constructor(root: string, { sources }: MutatedContracts) {
    this.root = root;
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root, { recursive: true });
    for (const name of ["contracts", "matcher", "scripts", "test", "package.json", "hardhat.config.ts"]) {
      cpSync(join(REPOSITORY_ROOT, name), join(root, name), { recursive: true });
    }
    symlinkSync(join(REPOSITORY_ROOT, "node_modules"), join(root, "node_modules"));
    for (const [file, source] of sources) writeFileSync(join(root, file), source);
    writeFileSync(join(root, "contracts/Mutant.sol"), SELECTOR_SOURCE);
  }

  /** After they were compiled. */
  readCompiled(): void {
    this.#compiled = globSync("artifacts/**/*.json", { cwd: this.root })
      .map((name) => ({ path: join(this.root, name), text: readFileSync(join(this.root, name), "utf8") }))
      .filter(({ text }) => text.includes(SELECTOR_WORD));
  }

  /** From now on this mutant runs; none for 0. */
  select(id: number): void {
    const word = id.toString(16).padStart(SELECTOR_WORD.length, "0");
    for (const { path, text } of this.#compiled) writeFileSync(path, text.replaceAll(SELECTOR_WORD, word));
  }
}

function sourceOf(path: string): string {
  return readFileSync(join(REPOSITORY_ROOT, path), "utf8");
}

function syntaxTrees(files: readonly string[]): SolcOutput["sources"] {
  const compiler = require("solc") as { compile(input: string, callbacks: object): string };
  const sources = Object.fromEntries(files.map((path) => [path, { content: sourceOf(path) }]));
  const input = { language: "Solidity", sources, settings: { outputSelection: { "*": { "": ["ast"] } } } };
  const found = (path: string) => ({ contents: sourceOf(path.startsWith("@") ? join("node_modules", path) : path) });
  const output = JSON.parse(compiler.compile(JSON.stringify(input), { import: found })) as SolcOutput;
  const errors = (output.errors ?? []).filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join("\n"));
  return output.sources;
}
