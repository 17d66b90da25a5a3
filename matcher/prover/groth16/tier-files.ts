import { existsSync } from "node:fs";
import { join } from "node:path";
import { INSECURE_DEV_MARK } from "../setup/dev-key.ts";

export type TierFiles = {
  readonly wasmPath: string;
  readonly zkeyPath: string;
  readonly vkeyPath: string;
};

/**
 * The files of a tier in `<circuitsDir>/<tier>/`: `<tier>.wasm` with `<tier>.zkey` and `<tier>.vkey.json` of a ceremony, or
 * with the development key's, whose names carry "insecure-dev".
 *
 * @throws Error with one sentence when a file is missing, or when both kinds of key are there and it would be a guess.
 */
export function tierFiles(circuitsDir: string, tier: string): TierFiles {
  if (!/^[A-Za-z0-9_-]+$/.test(tier)) throw new Error(`"${tier}" cannot be a tier's name`);
  const path = (ending: string) => join(circuitsDir, tier, `${tier}.${ending}`);
  const wasmPath = path("wasm");
  if (!existsSync(wasmPath)) throw new Error(`${wasmPath} is missing: build the circuits first`);
  const kinds = ["", `${INSECURE_DEV_MARK}.`].filter((kind) => existsSync(path(`${kind}zkey`)));
  if (kinds.length === 0) throw new Error(`${path("zkey")} is missing, and so is a development key: build them first`);
  if (kinds.length > 1)
    throw new Error(`${join(circuitsDir, tier)} has both a ceremony's and a development key: remove one`);
  const vkeyPath = path(`${kinds[0]}vkey.json`);
  if (!existsSync(vkeyPath)) throw new Error(`${vkeyPath} is missing: build the circuits again`);
  return { wasmPath, zkeyPath: path(`${kinds[0]}zkey`), vkeyPath };
}
