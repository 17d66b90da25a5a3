import {
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";

/**
 * What the journal asks of a disk, and nothing else does: tests put in another one that fails, fills up or dies at any of these calls.
 * Whatever throws has an error of the file system's kind.
 */
export interface FileOperations {
  /** Creates the folder and those above it, unless it is there. */
  makeDirectory(path: string): void;
  /** Names in a folder, sorted. */
  list(directory: string): string[];
  read(path: string): Uint8Array;
  /** Opens for writing at any place; creates the file if it is not there. */
  open(path: string): number;
  /** May take fewer bytes than it is given. @returns how many it took */
  write(descriptor: number, bytes: Uint8Array, at: number): number;
  truncate(descriptor: number, length: number): void;
  /** Resolves once content and length are on the disk. */
  sync(descriptor: number): Promise<void>;
  close(descriptor: number): void;
  /** Puts a file in the place of another, or of none, at once. */
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Resolves once the folder's names are on the disk. */
  syncDirectory(path: string): Promise<void>;
}

/** The disk of the machine. */
export const REAL_FILES: FileOperations = {
  makeDirectory: (path) => void mkdirSync(path, { recursive: true }),
  list: (directory) => readdirSync(directory).sort(),
  read: (path) => readFileSync(path),
  open: (path) => {
    try {
      return openSync(path, "r+");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return openSync(path, "wx+");
    }
  },
  write: (descriptor, bytes, at) => writeSync(descriptor, bytes, 0, bytes.length, at),
  truncate: (descriptor, length) => ftruncateSync(descriptor, length),
  // Off the thread: commands go on meanwhile, and share the next one.
  sync: (descriptor) =>
    new Promise((resolve, reject) => fdatasync(descriptor, (error) => (error === null ? resolve() : reject(error)))),
  close: (descriptor) => closeSync(descriptor),
  rename: (from, to) => renameSync(from, to),
  remove: (path) => unlinkSync(path),
  syncDirectory: async (path) => {
    const descriptor = openSync(path, "r");
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  },
};

/** Writes all of it, however little each write takes. @throws what the file system says */
export function writeAll(files: FileOperations, descriptor: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) {
    const took = files.write(descriptor, bytes.subarray(done), at + done);
    if (took <= 0) throw new Error("the disk takes nothing");
    done += took;
  }
}
