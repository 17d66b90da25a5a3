/** Writes unsigned integers of fixed width, big-endian. */
export class ByteWriter {
  private buffer = new Uint8Array(256);
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
    while (this.length + width > this.buffer.length) {
      const grown = new Uint8Array(this.buffer.length * 2);
      grown.set(this.buffer);
      this.buffer = grown;
    }
    let rest = value;
    for (let at = this.length + width - 1; at >= this.length; at--) {
      this.buffer[at] = Number(rest & 0xffn);
      rest >>= 8n;
    }
    this.length += width;
  }

  /** What was written, as a copy. */
  bytes(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }
}

/** Reads what {@link ByteWriter} wrote. */
export class ByteReader {
  private readonly source: Uint8Array;
  private at = 0;

  constructor(source: Uint8Array) {
    this.source = source;
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
    let value = 0n;
    for (const end = this.at + width; this.at < end; this.at++) {
      value = (value << 8n) | BigInt(this.source[this.at] as number);
    }
    return value;
  }

  /** @throws RangeError when bytes are left. */
  end(): void {
    const left = this.source.length - this.at;
    if (left !== 0) throw new RangeError(`${left} bytes are left over`);
  }
}
