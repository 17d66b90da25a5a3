import { readFileSync } from "node:fs";
import { join } from "node:path";
import solc from "solc";
import { REPOSITORY_ROOT } from "../../scripts/circuits/build-circuit.ts";

export type CompiledContract = { readonly abi: object[]; readonly bytecode: string };

const SOURCES = [
  "contracts/generated/InsecureDevPoints.sol",
  "contracts/interfaces/IBatchVerifier.sol",
  "contracts/verifier/BatchVerifier.sol",
  "contracts/verifier/InsecureDevBatchVerifier.sol",
];

const compiled = new Map<string, CompiledContract>();

/** Compiles a rendered verifier with the settings of the project. Warnings count as errors. */
export function compileVerifier(source: string, name: string): CompiledContract {
  const known = compiled.get(source);
  if (known) return known;
  const sources = Object.fromEntries(
    SOURCES.map((path) => [path, { content: readFileSync(join(REPOSITORY_ROOT, path), "utf8") }]),
  );
  const file = `contracts/generated/${name}.sol`;
  const input = {
    language: "Solidity",
    sources: { ...sources, [file]: { content: source } },
    settings: {
      optimizer: { enabled: true, runs: 200 },
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  if (output.errors)
    throw new Error(output.errors.map((error: { formattedMessage: string }) => error.formattedMessage).join("\n"));
  const { abi, evm } = output.contracts[file][name];
  const contract = { abi, bytecode: `0x${evm.bytecode.object}` };
  compiled.set(source, contract);
  return contract;
}
