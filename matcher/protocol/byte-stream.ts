const CHUNK_BYTES = 8;

/** Writes unsigned integers of fixed width, big-endian. */
export class ByteWriter {
  private buffer = new Uint8Array(256);
  private view = new DataView(this.buffer.buffer);
  private length = 0;

  /** @throws RangeError unless 0 ≤ value < 2^(8 · width), exact. */
  uint(value: number, width: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a safe integer`);
    this.bigUint(BigInt(value), width);
  }

  /** @throws RangeError unless 0 ≤ value < 2^(8 · width). */
  bigUint(value: bigint, width: number): void {
    if (value < 0n || value >> BigInt(8 * width) !== 0n)
      throw new RangeError(`${value} does not fit in ${width} bytes`);
    const start = this.length;
    this.length += width;
    this.reserve(this.length);
    let rest = value;
    let at = this.length;
    // Eight bytes at once: a record has some 150, and is written for every command.
    for (; at - CHUNK_BYTES >= start; rest >>= 64n) {
      at -= CHUNK_BYTES;
      this.view.setBigUint64(at, rest);
    }
    for (; at > start; rest >>= 8n) {
      at -= 1;
      this.buffer[at] = Number(rest & 0xffn);
    }
  }

  private reserve(length: number): void {
    if (length <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(length, this.buffer.length * 2));
    grown.set(this.buffer);
    this.buffer = grown;
    this.view = new DataView(grown.buffer);
  }

  /** What was written, as a copy. */
  bytes(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }
}

/** Reads what {@link ByteWriter} wrote. */
export class ByteReader {
  private readonly source: Uint8Array;
  private readonly view: DataView;
  private at = 0;

  constructor(source: Uint8Array) {
    this.source = source;
    this.view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  }

  /** @throws RangeError at the end of the bytes, or above 2^53 − 1. */
  uint(width: number): number {
    const value = Number(this.bigUint(width));
    if (!Number.isSafeInteger(value)) throw new RangeError("the number is not exact");
    return value;
  }

  /** @throws RangeError at the end of the bytes. */
  bigUint(width: number): bigint {
    if (this.at + width > this.source.length) throw new RangeError("the bytes end too early");
    const end = this.at + width;
    let value = 0n;
    for (; this.at + CHUNK_BYTES <= end; this.at += CHUNK_BYTES) {
      value = (value << 64n) | this.view.getBigUint64(this.at);
    }
    for (; this.at < end; this.at++) value = (value << 8n) | BigInt(this.source[this.at] as number);
    return value;
  }

  /** @throws RangeError when bytes are left. */
  end(): void {
    const left = this.source.length - this.at;
    if (left !== 0) throw new RangeError(`${left} bytes are left over`);
  }
}
