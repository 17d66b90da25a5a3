import { dirname } from "node:path";
import type { FileOperations } from "../../matcher/journal/file-operations.ts";

const SECTOR_BYTES = 512;

interface MemoryFile {
  /** As the system has it: what a killed process leaves. */
  content: Uint8Array;
  /** As the disk has it for sure. */
  durable: Uint8Array;
}

/** What every call fails with once the process is dead. */
export class Dead extends Error {}

/**
 * A disk in memory that a test can break: it fails from some operation on with an error of its choice, or the process dies at one, in
 * the middle of a write if it is one. What survives is another disk: all that was written after a kill; after a power failure what was
 * synced, and of the rest, sector by sector, the old or the new.
 */
export class CrashDisk implements FileOperations {
  readonly #files: Map<string, MemoryFile>;
  /** Names that the disk has for sure, with their files. */
  #names: Map<string, MemoryFile>;
  readonly #directories = new Set<string>();
  readonly #open = new Map<number, MemoryFile>();
  #nextDescriptor = 3;
  /** Operations so far. */
  operations = 0;
  /** The process dies at this one. */
  dieAt = Number.POSITIVE_INFINITY;
  /** How much of the write that it dies in is done, of 1. */
  dieShare = 0.5;
  /** From this operation on, those that write or sync fail. */
  failAt = Number.POSITIVE_INFINITY;
  failure = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  /** A write takes at most so many bytes. */
  writeBytesMax = Number.POSITIVE_INFINITY;

  constructor(files: Map<string, MemoryFile> = new Map()) {
    this.#files = files;
    this.#names = new Map(files);
  }

  get isDead(): boolean {
    return this.operations >= this.dieAt;
  }

  // ── What is asked of a disk ────────────────────────────────────────────────────────────────────────────────────────────

  makeDirectory(path: string): void {
    this.#step(false);
    this.#directories.add(path);
  }

  list(directory: string): string[] {
    const inside = [...this.#files.keys()].filter((path) => dirname(path) === directory);
    return inside.map((path) => path.slice(directory.length + 1)).sort();
  }

  read(path: string): Uint8Array {
    return this.#fileAt(path).content.slice();
  }

  open(path: string): number {
    this.#step(false);
    let file = this.#files.get(path);
    if (file === undefined) {
      file = { content: new Uint8Array(), durable: new Uint8Array() };
      this.#files.set(path, file);
    }
    const descriptor = this.#nextDescriptor++;
    this.#open.set(descriptor, file);
    return descriptor;
  }

  write(descriptor: number, bytes: Uint8Array, at: number): number {
    const file = this.#opened(descriptor);
    if (this.operations + 1 >= this.dieAt && !this.isDead) {
      put(file, bytes.subarray(0, Math.floor(bytes.length * this.dieShare)), at);
    }
    this.#step(true);
    const taken = bytes.subarray(0, this.writeBytesMax);
    put(file, taken, at);
    return taken.length;
  }

  truncate(descriptor: number, length: number): void {
    this.#step(true);
    const file = this.#opened(descriptor);
    const content = new Uint8Array(length);
    content.set(file.content.subarray(0, length));
    file.content = content;
  }

  async sync(descriptor: number): Promise<void> {
    const file = this.#opened(descriptor);
    const { content } = file;
    const copy = content.slice();
    this.#step(true);
    await new Promise((resume) => setImmediate(resume));
    this.#step(true);
    file.durable = copy;
  }

  close(descriptor: number): void {
    this.#opened(descriptor);
    this.#open.delete(descriptor);
  }

  rename(from: string, to: string): void {
    this.#step(true);
    this.#files.set(to, this.#fileAt(from));
    this.#files.delete(from);
  }

  remove(path: string): void {
    this.#step(true);
    this.#fileAt(path);
    this.#files.delete(path);
  }

  async syncDirectory(path: string): Promise<void> {
    this.#step(true);
    await new Promise((resume) => setImmediate(resume));
    this.#step(true);
    const elsewhere = [...this.#names].filter(([name]) => dirname(name) !== path);
    const here = [...this.#files].filter(([name]) => dirname(name) === path);
    this.#names = new Map([...elsewhere, ...here]);
  }

  // ── What a test does to it ─────────────────────────────────────────────────────────────────────────────────────────────

  /** What is left when the process is killed. */
  afterKill(): CrashDisk {
    return new CrashDisk(copies(this.#files, ({ content }) => content));
  }

  /** What is left when the power fails. @param roll a whole number below n */
  afterPowerFailure(roll: (n: number) => number): CrashDisk {
    // Names that were not synced are there or not; a file that lost its name is gone.
    const names = new Map(this.#names);
    for (const [path, file] of this.#files) if (names.get(path) !== file && roll(2) === 0) names.set(path, file);
    for (const path of this.#names.keys()) if (!this.#files.has(path) && roll(2) === 0) names.delete(path);
    return new CrashDisk(copies(names, (file) => torn(file, roll)));
  }

  /** Replaces a file's content, as damage does. */
  damage(path: string, change: (content: Uint8Array) => Uint8Array): void {
    const file = this.#fileAt(path);
    file.content = change(file.content.slice());
    file.durable = file.content;
  }

  get paths(): string[] {
    return [...this.#files.keys()].sort();
  }

  #step(writes: boolean): void {
    this.operations += 1;
    if (this.isDead) throw new Dead("the process is dead");
    if (writes && this.operations >= this.failAt) throw this.failure;
  }

  #opened(descriptor: number): MemoryFile {
    if (this.isDead) throw new Dead("the process is dead");
    const file = this.#open.get(descriptor);
    if (file === undefined) throw new Error(`descriptor ${descriptor} is closed`);
    return file;
  }

  #fileAt(path: string): MemoryFile {
    const file = this.#files.get(path);
    if (file === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
    return file;
  }
}

function put(file: MemoryFile, bytes: Uint8Array, at: number): void {
  const content = new Uint8Array(Math.max(file.content.length, at + bytes.length));
  content.set(file.content);
  content.set(bytes, at);
  file.content = content;
}

function copies(files: Map<string, MemoryFile>, of: (file: MemoryFile) => Uint8Array): Map<string, MemoryFile> {
  return new Map(
    [...files].map(([path, file]) => {
      const content = of(file).slice();
      return [path, { content, durable: content }];
    }),
  );
}

function torn({ content, durable }: MemoryFile, roll: (n: number) => number): Uint8Array {
  const grown = Math.max(0, content.length - durable.length);
  const length =
    content.length < durable.length ? [content.length, durable.length][roll(2)] : durable.length + roll(grown + 1);
  const left = new Uint8Array(length as number);
  left.set(durable.subarray(0, left.length));
  for (let at = 0; at < left.length; at += SECTOR_BYTES) {
    if (roll(2) === 0) left.set(content.subarray(at, Math.min(at + SECTOR_BYTES, left.length, content.length)), at);
  }
  return left;
}
