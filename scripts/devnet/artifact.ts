import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { InterfaceAbi } from "ethers";

const ARTIFACTS = resolve(fileURLToPath(new URL("../../artifacts/contracts", import.meta.url)));

/** What the Solidity compiler left of a contract. */
export interface Artifact {
  readonly abi: InterfaceAbi;
  /** Empty ("0x") for an interface. */
  readonly bytecode: string;
  /** By file and name the libraries that it must be linked with, and where in the bytecode their addresses belong. */
  readonly linkReferences: Record<
    string,
    Record<string, readonly { readonly start: number; readonly length: number }[]>
  >;
}

/** The contracts were not compiled, or what the compiler left is damaged. */
export class ArtifactError extends Error {
  override readonly name = "ArtifactError";
}

/** @param path below artifacts/contracts: "Exchange.sol/Exchange". @throws ArtifactError in one sentence. */
export function readArtifact(path: string): Artifact {
  const file = join(ARTIFACTS, `${path}.json`);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new ArtifactError(`The contracts are not compiled (${file} is missing): run "npm run build".`);
  }
  try {
    const { abi, bytecode, linkReferences } = JSON.parse(text) as Partial<Artifact>;
    if (abi === undefined || typeof bytecode !== "string" || linkReferences === undefined)
      throw new SyntaxError("fields are missing");
    return { abi, bytecode, linkReferences };
  } catch {
    throw new ArtifactError(`${file} is damaged: run "npm run reset", then "npm run build".`);
  }
}

/** The contract's bytecode with the addresses of its libraries, by name. @throws RangeError naming one that is missing. */
export function linkedBytecode({ bytecode, linkReferences }: Artifact, libraries: Record<string, string>): string {
  let linked = bytecode;
  for (const [name, places] of Object.values(linkReferences).flatMap((file) => Object.entries(file))) {
    const address = libraries[name];
    if (address === undefined) throw new RangeError(`the contract must be linked with the library ${name}`);
    for (const { start, length } of places) {
      const [from, to] = [2 + 2 * start, 2 + 2 * (start + length)];
      linked = linked.slice(0, from) + address.slice(2).toLowerCase() + linked.slice(to);
    }
  }
  return linked;
}
