import {
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { sha256OfFile } from "../../matcher/prover/setup/dev-key.ts";
import { withFileLock } from "./file-lock.ts";

/** What an entry must hold: names with the SHA-256 and size of their content, and notes of whoever made it. */
export type CacheManifest = {
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>;
  readonly notes: Readonly<Record<string, string | number>>;
};

const MANIFEST = "manifest.json";
/** Above this, the entries used longest ago are removed. A large circuit with its key takes 0.5 GB. */
const LIMIT_BYTES = 12e9;
const IN_USE_MS = 10 * 60_000;

/**
 * Files kept under a hash of everything that determines them. An entry is a folder that appears complete or not at all;
 * what is read is checked against the manifest, because a file linked into a checkout may have been written to there.
 */
export class ContentCache {
  readonly folder: string;
  readonly #limitBytes: number;

  constructor(folder: string, limitBytes = LIMIT_BYTES) {
    this.folder = folder;
    this.#limitBytes = limitBytes;
    mkdirSync(folder, { recursive: true });
  }

  /**
   * Links the entry's files into `target`, replacing what is there under their names.
   * @param rename from a file's name in the entry to its name in `target`.
   * @returns the manifest, or undefined when there is no sound entry; a damaged one is removed.
   */
  restore(key: string, target: string, rename: (name: string) => string): CacheManifest | undefined {
    const entry = join(this.folder, key);
    const manifest = readSoundManifest(entry);
    if (!manifest) {
      rmSync(entry, { recursive: true, force: true });
      return undefined;
    }
    mkdirSync(target, { recursive: true });
    for (const name of Object.keys(manifest.files)) linkOrCopy(join(entry, name), join(target, rename(name)));
    const now = new Date();
    utimesSync(join(entry, MANIFEST), now, now);
    return manifest;
  }

  /** Runs `work` while no other process works on the same entry. */
  locked<T>(key: string, work: () => Promise<T>): Promise<T> {
    return withFileLock(join(this.folder, `.${key}.lock`), work);
  }

  /** Lets `make` fill a folder and keeps it as the entry. Nothing is kept when it throws. */
  async put(
    key: string,
    make: (folder: string) => Promise<CacheManifest["notes"]>,
    stagingParent: string = this.folder,
  ): Promise<void> {
    mkdirSync(stagingParent, { recursive: true });
    const staging = mkdtempSync(join(stagingParent, ".staging-"));
    try {
      const notes = await make(staging);
      const files: Record<string, { sha256: string; bytes: number }> = {};
      for (const name of readdirSync(staging)) {
        const path = join(staging, name);
        files[name] = { sha256: sha256OfFile(path), bytes: statSync(path).size };
      }
      writeFileSync(join(staging, MANIFEST), JSON.stringify({ files, notes } satisfies CacheManifest, null, 2));
      this.#adopt(staging, join(this.folder, key));
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
    this.#evict(key);
  }

  #adopt(staging: string, entry: string): void {
    rmSync(entry, { recursive: true, force: true });
    try {
      renameSync(staging, entry);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EXDEV") throw error;
      const near = mkdtempSync(join(this.folder, ".staging-"));
      for (const name of readdirSync(staging)) copyFileSync(join(staging, name), join(near, name));
      this.#adopt(near, entry);
      rmSync(near, { recursive: true, force: true });
    }
  }

  #evict(kept: string): void {
    const entries = readdirSync(this.folder)
      .filter((name) => name !== kept && !name.startsWith("."))
      .flatMap((name) => describeEntry(join(this.folder, name)))
      .sort((left, right) => right.usedMs - left.usedMs);
    let total = describeEntry(join(this.folder, kept)).reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { path, bytes, usedMs } of entries) {
      total += bytes;
      // Another process may be linking what it has just found.
      const inUse = Date.now() - usedMs < IN_USE_MS;
      if (total > this.#limitBytes && !inUse) rmSync(path, { recursive: true, force: true });
    }
  }
}

function describeEntry(path: string): { path: string; bytes: number; usedMs: number }[] {
  try {
    const { files } = JSON.parse(readFileSync(join(path, MANIFEST), "utf8")) as CacheManifest;
    const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
    return [{ path, bytes, usedMs: statSync(join(path, MANIFEST)).mtimeMs }];
  } catch {
    return [];
  }
}

function readSoundManifest(entry: string): CacheManifest | undefined {
  try {
    const manifest = JSON.parse(readFileSync(join(entry, MANIFEST), "utf8")) as CacheManifest;
    for (const [name, { sha256, bytes }] of Object.entries(manifest.files)) {
      const path = join(entry, name);
      if (statSync(path).size !== bytes || sha256OfFile(path) !== sha256) return undefined;
    }
    return manifest;
  } catch {
    return undefined;
  }
}

/** Replaces `to` in one step, so that nobody who opens it finds it missing or half written. */
function linkOrCopy(from: string, to: string): void {
  const temporary = `${to}.${process.pid}.partial`;
  rmSync(temporary, { force: true });
  try {
    linkSync(from, temporary);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EXDEV" && code !== "EPERM" && code !== "EMLINK" && code !== "ENOTSUP") throw error;
    copyFileSync(from, temporary);
  }
  renameSync(temporary, to);
  // Renaming a link onto another link to the same file leaves both.
  rmSync(temporary, { force: true });
}
