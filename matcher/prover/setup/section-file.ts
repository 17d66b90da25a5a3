import { closeSync, openSync, readSync } from "node:fs";

/** The file is not one that this project can use. The message is one sentence that names the file. */
export class SectionFileError extends Error {
  override readonly name = "SectionFileError";
}

/** A key, or the powers of τ of a phase 1. */
export type SectionFileKind = "zkey" | "ptau";

type Section = { readonly offset: number; readonly bytes: number };

/** An open file of snarkjs' container format: numbered sections behind a magic word. Close it. */
export class SectionFile {
  readonly path: string;
  readonly #descriptor: number;
  readonly #sections = new Map<number, Section>();

  /** @throws SectionFileError when it is of another kind, cut short, or has a section twice: programs would differ in which one counts. */
  constructor(path: string, kind: SectionFileKind) {
    this.path = path;
    this.#descriptor = openSync(path, "r");
    try {
      this.#readDirectory(kind);
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
  }

  /** @param bytes only so many from its start; the whole section unless told. @throws SectionFileError when it is missing */
  read(type: number, bytes?: number): Uint8Array<ArrayBuffer> {
    const found = this.#sections.get(type);
    if (!found) throw new SectionFileError(`${this.path} has no section ${type}`);
    if (bytes !== undefined && bytes > found.bytes)
      throw new SectionFileError(`${this.path}: section ${type} is cut short`);
    return this.#bytes(found.offset, bytes ?? found.bytes);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #readDirectory(kind: SectionFileKind): void {
    const start = this.#bytes(0, 12);
    const magic = String.fromCharCode(...start.subarray(0, 4));
    if (magic !== kind) throw new SectionFileError(`${this.path} is not a ${kind} file`);
    let position = 12;
    for (let i = new DataView(start.buffer).getUint32(8, true); i > 0; i--) {
      const entry = new DataView(this.#bytes(position, 12).buffer);
      const type = entry.getUint32(0, true);
      const bytes = Number(entry.getBigUint64(4, true));
      if (this.#sections.has(type)) throw new SectionFileError(`${this.path} has section ${type} twice`);
      this.#sections.set(type, { offset: position + 12, bytes });
      position += 12 + bytes;
    }
  }

  #bytes(position: number, bytes: number): Uint8Array<ArrayBuffer> {
    const buffer = new Uint8Array(bytes);
    if (readSync(this.#descriptor, buffer, 0, bytes, position) < bytes) {
      throw new SectionFileError(`${this.path} is cut short`);
    }
    return buffer;
  }
}
