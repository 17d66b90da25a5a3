import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";

/** Section numbers of a Groth16 zkey, as snarkjs 0.7 reads them. */
export const ZKEY_SECTION = {
  protocol: 1,
  header: 2,
  ic: 3,
  coefficients: 4,
  a: 5,
  b1: 6,
  b2: 7,
  c: 8,
  h: 9,
  contributions: 10,
} as const;

const MAX_WRITE_BYTES = 1 << 30;

/** Writes a zkey beside its final place and moves it there when complete, so that no reader ever finds half a key. */
export class ZkeyWriter {
  readonly #path: string;
  readonly #temporaryPath: string;
  readonly #descriptor: number;
  #position = 0;
  #sectionStart = 0;
  #open = true;

  constructor(path: string) {
    this.#path = path;
    this.#temporaryPath = `${path}.${process.pid}.partial`;
    this.#descriptor = openSync(this.#temporaryPath, "w");
    this.append(Buffer.from("zkey"));
    this.append(littleEndian(1, Object.keys(ZKEY_SECTION).length));
  }

  /** Starts a section; its length is filled in by `endSection`. */
  beginSection(section: number): void {
    this.append(littleEndian(section, 0, 0));
    this.#sectionStart = this.#position;
  }

  append(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.byteLength; ) {
      const wanted = Math.min(bytes.byteLength - done, MAX_WRITE_BYTES);
      const wrote = writeSync(this.#descriptor, bytes, done, wanted, this.#position);
      done += wrote;
      this.#position += wrote;
    }
  }

  /** Overwrites bytes at an offset from the current section's start. */
  patch(offset: number, bytes: Uint8Array): void {
    writeSync(this.#descriptor, bytes, 0, bytes.byteLength, this.#sectionStart + offset);
  }

  endSection(): void {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(this.#position - this.#sectionStart));
    this.patch(-8, length);
  }

  section(section: number, ...parts: readonly Uint8Array[]): void {
    this.beginSection(section);
    for (const part of parts) this.append(part);
    this.endSection();
  }

  finish(): void {
    this.#close();
    renameSync(this.#temporaryPath, this.#path);
  }

  /** Removes what was written, if the key was not finished. */
  abandon(): void {
    if (!this.#open) return;
    this.#close();
    rmSync(this.#temporaryPath, { force: true });
  }

  #close(): void {
    closeSync(this.#descriptor);
    this.#open = false;
  }
}

/** 32-bit words in the byte order of zkey files. */
export function littleEndian(...words: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * words.length);
  words.forEach((word, i) => {
    bytes.writeUInt32LE(word, 4 * i);
  });
  return bytes;
}
