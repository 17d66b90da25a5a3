import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { DEV_KEY_VERSION, INSECURE_DEV_MARK, writeDevKey } from "../../matcher/prover/setup/dev-key.ts";
import { DEV_TRAPDOOR_TEXT } from "../../matcher/prover/setup/dev-trapdoor.ts";
import { type R1csHeader, readR1csHeader } from "../../matcher/prover/setup/r1cs-file.ts";
import { readVerificationKey, type VerificationKey } from "../../matcher/prover/setup/verification-key.ts";
import { lintVerificationKey } from "../../matcher/prover/setup/verification-key-lint.ts";
import { cacheFolder } from "./cache-folder.ts";
import { circomVersion, compileCircuit, INCLUDE_FOLDERS, type Optimization } from "./compile-circuit.ts";
import { type CacheManifest, ContentCache } from "./content-cache.ts";
import { includeClosure } from "./include-closure.ts";
import type { CircuitProgress, ProgressListener } from "./progress.ts";

/** Changes whenever the same sources and flags would leave other files in the cache. */
const PIPELINE_VERSION = 1;
const TICK_MS = 1000;

export type CircuitSpec = {
  /** The file with the main component, relative to the root: "circuits/main/small.circom". */
  readonly main: string;
  readonly optimization: Optimization;
  /** The folder that receives the files, relative to the root: "build/circuits/small". */
  readonly out: string;
  /** Circuits that are only checked, never proven, need no key. Default true. */
  readonly devKey?: boolean;
};

export type BuildOptions = {
  readonly onProgress?: ProgressListener;
  /** The checkout that paths are relative to and that circom runs in. Default: this one. */
  readonly root?: string;
  /** Default: `circuits` in Clearbook's cache folder. */
  readonly cache?: string;
  readonly threads?: number;
};

export type BuiltCircuit = {
  readonly name: string;
  readonly folder: string;
  readonly r1csPath: string;
  readonly wasmPath: string;
  readonly symPath: string;
  readonly r1csSha256: string;
  readonly header: R1csHeader;
  readonly nonLinearConstraints: number;
  readonly linearConstraints: number;
  /** Absent without a key. */
  readonly key?: { readonly zkeyPath: string; readonly vkeyPath: string; readonly verificationKey: VerificationKey };
  readonly cached: { readonly compile: boolean; readonly key: boolean };
};

export const REPOSITORY_ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/**
 * Compiles a circuit and makes its insecure development key, unless the cache has them. What the cache holds is found by
 * content: every included file, circom's version and flags for the compilation; the r1cs and the trapdoor for the key.
 *
 * Leaves in `out`, with x the main file's name: x.r1cs, x.wasm, x.sym, x.insecure-dev.zkey, x.insecure-dev.vkey.json.
 *
 * @throws CircuitCompileError with circom's words, MissingIncludeError.
 */
export async function buildCircuit(spec: CircuitSpec & BuildOptions): Promise<BuiltCircuit> {
  const root = spec.root ?? REPOSITORY_ROOT;
  const folder = resolve(root, spec.out);
  const name = basename(spec.main, ".circom");
  const cache = new ContentCache(spec.cache ?? join(cacheFolder(), "circuits"));
  const rename = (file: string) => file.replace(/^circuit\./, `${name}.`);
  const report = (progress: Omit<CircuitProgress, "circuit">) => spec.onProgress?.({ circuit: name, ...progress });

  const compiled = await provide(cache, compilationKey(root, spec), folder, rename, {
    phase: "compile",
    report,
    // circom writes only below its working directory.
    staging: join(root, "build"),
    make: (staging) => compileCircuit(root, spec.main, spec.optimization, staging),
  });
  const r1csPath = join(folder, `${name}.r1cs`);
  const r1csSha256 = compiled.manifest.files["circuit.r1cs"]!.sha256;
  const base = {
    name,
    folder,
    r1csPath,
    wasmPath: join(folder, `${name}.wasm`),
    symPath: join(folder, `${name}.sym`),
    r1csSha256,
    header: readR1csHeader(r1csPath),
    nonLinearConstraints: Number(compiled.manifest.notes.nonLinearConstraints),
    linearConstraints: Number(compiled.manifest.notes.linearConstraints),
  };
  if (spec.devKey === false) return { ...base, cached: { compile: compiled.cached, key: false } };

  const zkeyName = `circuit.${INSECURE_DEV_MARK}.zkey`;
  const made = await provide(cache, devKeyKey(r1csSha256), folder, rename, {
    phase: "dev-key",
    report,
    make: async (staging, progress) => {
      const threads = spec.threads === undefined ? {} : { threads: spec.threads };
      await writeDevKey({ r1csPath, zkeyPath: join(staging, zkeyName), onProgress: progress, ...threads });
      return {};
    },
  });
  const zkeyPath = join(folder, rename(zkeyName));
  const vkeyPath = join(folder, `${name}.${INSECURE_DEV_MARK}.vkey.json`);
  const verificationKey = readVerificationKey(zkeyPath);
  const problems = lintVerificationKey(verificationKey, { allowDev: true });
  if (problems.length > 0) throw new Error(`${zkeyPath}: ${problems.map(({ sentence }) => sentence).join(" ")}`);
  // A new file each time: whoever has the old one linked elsewhere keeps what belongs to its key.
  writeFileSync(`${vkeyPath}.new`, `${JSON.stringify(verificationKey, null, 2)}\n`);
  renameSync(`${vkeyPath}.new`, vkeyPath);
  report({ phase: "ready", elapsedMs: 0 });
  return {
    ...base,
    key: { zkeyPath, vkeyPath, verificationKey },
    cached: { compile: compiled.cached, key: made.cached },
  };
}

/** Builds one circuit after the other: compiler and key generation each use all of a small machine. */
export async function buildAll(specs: readonly CircuitSpec[], options: BuildOptions = {}): Promise<BuiltCircuit[]> {
  const built: BuiltCircuit[] = [];
  for (const spec of specs) built.push(await buildCircuit({ ...spec, ...options }));
  return built;
}

type Provision = {
  readonly phase: CircuitProgress["phase"];
  readonly report: (progress: Omit<CircuitProgress, "circuit">) => void;
  readonly staging?: string;
  make(folder: string, progress: (at: { fraction: number }) => void): Promise<CacheManifest["notes"]>;
};

/** Restores an entry into the folder, after making it if the cache lacks a sound one. One process at a time does so. */
function provide(
  cache: ContentCache,
  key: string,
  ...rest: [folder: string, rename: (file: string) => string, provision: Provision]
): Promise<{ manifest: CacheManifest; cached: boolean }> {
  return cache.locked(key, () => provideLocked(cache, key, ...rest));
}

async function provideLocked(
  cache: ContentCache,
  key: string,
  folder: string,
  rename: (file: string) => string,
  { phase, report, staging, make }: Provision,
): Promise<{ manifest: CacheManifest; cached: boolean }> {
  const startMs = performance.now();
  const elapsedMs = () => Math.round(performance.now() - startMs);
  const found = cache.restore(key, folder, rename);
  if (found) {
    report({ phase, elapsedMs: elapsedMs(), done: "cached" });
    return { manifest: found, cached: true };
  }
  mkdirSync(folder, { recursive: true });
  let fraction: number | undefined;
  const tell = () => report({ phase, elapsedMs: elapsedMs(), ...(fraction === undefined ? {} : { fraction }) });
  tell();
  const ticker = setInterval(tell, TICK_MS);
  try {
    const progress = (at: { fraction: number }) => {
      fraction = at.fraction;
    };
    await cache.put(key, (into) => make(into, progress), staging);
  } finally {
    clearInterval(ticker);
  }
  const manifest = cache.restore(key, folder, rename);
  if (!manifest) throw new Error(`the cache in ${cache.folder} lost what was just written to it`);
  report({ phase, elapsedMs: elapsedMs(), done: "built" });
  return { manifest, cached: false };
}

/** Changes with anything that could change what circom writes. */
export function compilationKey(
  root: string,
  { main, optimization }: Pick<CircuitSpec, "main" | "optimization">,
): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify(["compile", PIPELINE_VERSION, circomVersion(), optimization, main, INCLUDE_FOLDERS]));
  for (const file of includeClosure(root, main, INCLUDE_FOLDERS)) {
    const content = createHash("sha256")
      .update(readFileSync(join(root, file)))
      .digest("hex");
    hash.update(`\n${file} ${content}`);
  }
  return `compile-${hash.digest("hex").slice(0, 40)}`;
}

function devKeyKey(r1csSha256: string): string {
  const parts = JSON.stringify(["dev-key", PIPELINE_VERSION, DEV_KEY_VERSION, DEV_TRAPDOOR_TEXT, r1csSha256]);
  return `dev-key-${createHash("sha256").update(parts).digest("hex").slice(0, 40)}`;
}
