import { closeSync, openSync, readSync } from "node:fs";
import { FIELD_BYTES, fieldFromBytes, SCALAR_FIELD_ORDER } from "./bn254.ts";

/**
 * A circuit's rank-1 constraints as circom writes them.
 * Format: https://github.com/iden3/r1csfile/blob/master/doc/r1cs_bin_format.md
 */
export type R1csHeader = {
  readonly wireCount: number;
  readonly publicOutputCount: number;
  readonly publicInputCount: number;
  readonly privateInputCount: number;
  readonly labelCount: number;
  readonly constraintCount: number;
};

type Section = { readonly offset: number; readonly bytes: number };

const MAGIC = "r1cs";
const HEADER_SECTION = 1;
const CONSTRAINT_SECTION = 2;
const CUSTOM_GATE_SECTIONS = [4, 5];

/** The file is not an r1cs that this project can use. The message is one sentence that names the file. */
export class R1csError extends Error {
  override readonly name = "R1csError";
}

/** An open r1cs file. Close it. */
export class R1csFile {
  readonly path: string;
  readonly header: R1csHeader;
  readonly #descriptor: number;
  readonly #sections: Map<number, Section>;

  /** @throws R1csError when the file is cut short, of another field, or uses custom gates. */
  constructor(path: string) {
    this.path = path;
    this.#descriptor = openSync(path, "r");
    try {
      this.#sections = this.#readSections();
      this.header = this.#readHeader();
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
  }

  /** nPublic as Groth16 counts it: outputs and public inputs, without the constant one. */
  get publicCount(): number {
    return this.header.publicOutputCount + this.header.publicInputCount;
  }

  /** log2 of the domain: room for every constraint and one more for each public wire and the constant one. */
  get domainPower(): number {
    return Math.max(1, Math.ceil(Math.log2(this.header.constraintCount + this.publicCount + 1)));
  }

  get constraintBytes(): number {
    return this.#section(CONSTRAINT_SECTION).bytes;
  }

  /** Copies bytes of the constraint section into `target`; the caller stays inside the section. */
  readConstraints(target: Uint8Array, targetOffset: number, bytes: number, sectionOffset: number): void {
    this.#read(target, targetOffset, bytes, this.#section(CONSTRAINT_SECTION).offset + sectionOffset);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #read(target: Uint8Array, targetOffset: number, bytes: number, position: number): void {
    for (let done = 0; done < bytes; ) {
      const got = readSync(this.#descriptor, target, targetOffset + done, bytes - done, position + done);
      if (got === 0) throw new R1csError(`${this.path} is cut short at byte ${position + done}`);
      done += got;
    }
  }

  #view(position: number, bytes: number): DataView {
    const buffer = new Uint8Array(bytes);
    this.#read(buffer, 0, bytes, position);
    return new DataView(buffer.buffer);
  }

  #section(type: number): Section {
    const section = this.#sections.get(type);
    if (!section) throw new R1csError(`${this.path} has no section ${type}`);
    return section;
  }

  #readSections(): Map<number, Section> {
    const start = this.#view(0, 12);
    const magic = String.fromCharCode(...new Uint8Array(start.buffer, 0, 4));
    if (magic !== MAGIC || start.getUint32(4, true) !== 1) throw new R1csError(`${this.path} is not an r1cs file`);
    const sections = new Map<number, Section>();
    let position = 12;
    for (let i = start.getUint32(8, true); i > 0; i--) {
      const entry = this.#view(position, 12);
      const bytes = Number(entry.getBigUint64(4, true));
      sections.set(entry.getUint32(0, true), { offset: position + 12, bytes });
      position += 12 + bytes;
    }
    return sections;
  }

  #readHeader(): R1csHeader {
    for (const type of CUSTOM_GATE_SECTIONS) {
      if ((this.#sections.get(type)?.bytes ?? 0) > 4) throw new R1csError(`${this.path} uses custom gates`);
    }
    const { offset } = this.#section(HEADER_SECTION);
    if (this.#view(offset, 4).getUint32(0, true) !== FIELD_BYTES) {
      throw new R1csError(`${this.path} is not over a field of ${FIELD_BYTES} bytes`);
    }
    const view = this.#view(offset + 4, FIELD_BYTES + 28);
    if (fieldFromBytes(new Uint8Array(view.buffer, 0, FIELD_BYTES)) !== SCALAR_FIELD_ORDER) {
      throw new R1csError(`${this.path} is not over BN254's scalar field`);
    }
    return {
      wireCount: view.getUint32(FIELD_BYTES, true),
      publicOutputCount: view.getUint32(FIELD_BYTES + 4, true),
      publicInputCount: view.getUint32(FIELD_BYTES + 8, true),
      privateInputCount: view.getUint32(FIELD_BYTES + 12, true),
      labelCount: Number(view.getBigUint64(FIELD_BYTES + 16, true)),
      constraintCount: view.getUint32(FIELD_BYTES + 24, true),
    };
  }
}

/** Only the counts, without keeping the file open. */
export function readR1csHeader(path: string): R1csHeader {
  const file = new R1csFile(path);
  file.close();
  return file.header;
}
