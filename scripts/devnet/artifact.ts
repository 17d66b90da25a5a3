import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Artifact as IgnitionArtifact } from "@nomicfoundation/ignition-core";

const ARTIFACTS = resolve(fileURLToPath(new URL("../../artifacts", import.meta.url)));

/** What the Solidity compiler left of a contract. Its bytecode is empty ("0x") for an interface. */
export interface Artifact extends IgnitionArtifact {
  /** Name of the source in the compiler's input. */
  readonly inputSourceName: string;
  readonly buildInfoId: string;
}

/** The contracts were not compiled, or what the compiler left is damaged. */
export class ArtifactError extends Error {
  override readonly name = "ArtifactError";
}

/** The compiler's input that an artifact came from. */
export interface CompilerRun {
  readonly solcLongVersion: string;
  readonly input: {
    readonly language: string;
    readonly settings: Readonly<Record<string, unknown>> & { readonly remappings?: readonly string[] };
    readonly sources: Readonly<Record<string, { readonly content: string }>>;
  };
}

/** @param path below contracts, "Exchange.sol/Exchange", or a package's own, "@…". @throws ArtifactError in one sentence. */
export function readArtifact(path: string): Artifact {
  const file = join(ARTIFACTS, path.startsWith("@") ? "" : "contracts", `${path}.json`);
  const artifact = readBuilt<Artifact>(file);
  if (artifact.abi === undefined || typeof artifact.bytecode !== "string") throw damaged(file);
  return artifact;
}

/** @throws ArtifactError in one sentence. */
export function readCompilerRun({ buildInfoId }: Pick<Artifact, "buildInfoId">): CompilerRun {
  const file = join(ARTIFACTS, "build-info", `${buildInfoId}.json`);
  const run = readBuilt<CompilerRun>(file);
  if (typeof run.input?.sources !== "object") throw damaged(file);
  return run;
}

function readBuilt<T>(file: string): T {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new ArtifactError(`The contracts are not compiled (${file} is missing): run "npm run build".`);
  }
  try {
    return JSON.parse(text) as T;
  } catch {
    throw damaged(file);
  }
}

function damaged(file: string): ArtifactError {
  return new ArtifactError(`${file} is damaged: run "npm run reset", then "npm run build".`);
}
