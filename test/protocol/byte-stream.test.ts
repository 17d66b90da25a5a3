import { expect } from "chai";
import { ByteReader, ByteWriter } from "../../matcher/protocol/byte-stream.ts";
import { Xorshift } from "../fixtures/xorshift.ts";

/** Big-endian bytes of a value, the obvious way. */
function bytesOf(value: bigint, width: number): number[] {
  return Array.from({ length: width }, (_, place) => Number((value >> BigInt(8 * (width - 1 - place))) & 0xffn));
}

describe("byte stream", () => {
  it("writes numbers of any width big-endian, and reads them back, wherever they stand", () => {
    const random = new Xorshift(4);
    for (let round = 0; round < 60; round++) {
      const writer = new ByteWriter();
      const written: { value: bigint; width: number }[] = [];
      for (let item = 0; item < 40; item++) {
        const width = random.between(0, 40);
        const bound = 1n << BigInt(8 * width);
        const wide = (random.next64() << 256n) | (random.next64() << 128n) | random.next64();
        const value = random.pick([0n, bound - 1n, wide % bound]);
        writer.bigUint(value, width);
        written.push({ value, width });
      }
      const expected = written.flatMap(({ value, width }) => bytesOf(value, width));
      expect([...writer.bytes()]).to.deep.equal(expected);
      // A view that does not begin where its memory does.
      const reader = new ByteReader(Uint8Array.from([9, 9, 9, ...expected]).subarray(3));
      for (const { value, width } of written) expect(reader.bigUint(width)).to.equal(value);
      reader.end();
    }
  });

  it("refuses what does not fit, is negative or not exact", () => {
    for (const width of [0, 1, 7, 8, 9, 32]) {
      const writer = new ByteWriter();
      const bound = 1n << BigInt(8 * width);
      expect(() => writer.bigUint(bound, width)).to.throw(RangeError, `does not fit in ${width} bytes`);
      expect(() => writer.bigUint(-1n, width)).to.throw(RangeError);
      writer.bigUint(bound - 1n, width);
      expect(writer.bytes()).to.have.length(width);
    }
    expect(() => new ByteWriter().uint(2 ** 53, 8)).to.throw(RangeError, "not a safe integer");
    expect(() => new ByteWriter().uint(256, 1)).to.throw(RangeError, "does not fit");
    expect(() => new ByteWriter().uint(-1, 8)).to.throw(RangeError, "does not fit");
  });

  it("ends where the bytes end", () => {
    const reader = new ByteReader(new Uint8Array(9));
    expect(() => reader.bigUint(10)).to.throw(RangeError, "too early");
    expect(reader.bigUint(8)).to.equal(0n);
    expect(() => reader.bigUint(2)).to.throw(RangeError, "too early");
    expect(() => reader.end()).to.throw(RangeError, "1 bytes are left over");
    expect(() => new ByteReader(new Uint8Array(8).fill(255)).uint(8)).to.throw(RangeError, "not exact");
  });
});
