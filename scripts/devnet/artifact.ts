import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { InterfaceAbi } from "ethers";

const ARTIFACTS = resolve(fileURLToPath(new URL("../../artifacts", import.meta.url)));

/** What the Solidity compiler left of a contract. */
export interface Artifact {
  readonly abi: InterfaceAbi;
  /** Empty ("0x") for an interface. */
  readonly bytecode: string;
}

/** The contracts were not compiled, or what the compiler left is damaged. */
export class ArtifactError extends Error {
  override readonly name = "ArtifactError";
}

/** @param path below contracts, "Exchange.sol/Exchange", or a package's own, "@…". @throws ArtifactError in one sentence. */
export function readArtifact(path: string): Artifact {
  const file = join(ARTIFACTS, path.startsWith("@") ? "" : "contracts", `${path}.json`);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new ArtifactError(`The contracts are not compiled (${file} is missing): run "npm run build".`);
  }
  try {
    const { abi, bytecode } = JSON.parse(text) as Partial<Artifact>;
    if (abi === undefined || typeof bytecode !== "string") throw new SyntaxError("fields are missing");
    return { abi, bytecode };
  } catch {
    throw new ArtifactError(`${file} is damaged: run "npm run reset", then "npm run build".`);
  }
}
