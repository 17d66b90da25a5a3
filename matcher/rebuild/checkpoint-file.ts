import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { checkpointFrom, checkpointLines } from "./checkpoint.ts";
import type { RebuildOptions } from "./rebuild.ts";
import type { RebuiltState } from "./rebuild-state.ts";

const CHUNK_CHARACTERS = 256 * 1024;

/** Writes a rebuild; the file takes its name once it is whole and on disk. @throws what the file system says */
export function writeCheckpoint(path: string, state: RebuiltState): void {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.unfinished`;
  const file = openSync(unfinished, "w");
  try {
    let text = "";
    for (const line of checkpointLines(state)) {
      text += line;
      if (text.length < CHUNK_CHARACTERS) continue;
      writeSync(file, text);
      text = "";
    }
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
}

/** @returns undefined when there is no such file. @throws CheckpointRefused for one that cannot be gone on from */
export function readCheckpoint(path: string, options: RebuildOptions): RebuiltState | undefined {
  return existsSync(path) ? checkpointFrom(readFileSync(path), options) : undefined;
}
