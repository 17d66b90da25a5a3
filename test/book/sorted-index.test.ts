import { expect } from "chai";
import fc from "fast-check";
import { NIL } from "../../matcher/book/order-pool.ts";
import { SortedIndex } from "../../matcher/book/sorted-index.ts";

/** The same map, kept as a sorted array. */
class SortedArray {
  readonly keys: number[] = [];
  toggle(key: number): boolean {
    const at = this.keys.indexOf(key);
    if (at >= 0) this.keys.splice(at, 1);
    else {
      this.keys.push(key);
      this.keys.sort((a, b) => a - b);
    }
    return at < 0;
  }
  below(key: number): number {
    return this.keys.filter((candidate) => candidate < key).at(-1) ?? NIL;
  }
}

function expectSame(index: SortedIndex, model: SortedArray, probes: readonly number[]): void {
  expect(index.size).to.equal(model.keys.length);
  expect(index.top()).to.equal(idOf(model.keys.at(-1) ?? NIL));
  for (const key of probes) {
    expect(index.find(key)).to.equal(model.keys.includes(key) ? idOf(key) : NIL);
    expect(index.below(key)).to.equal(idOf(model.below(key)));
  }
}

/** Ids are int32, keys uint32: any fixed one-to-one map will do for keys that stand for themselves. */
function idOf(key: number): number {
  return key === NIL ? NIL : key >>> 1;
}

describe("book: sorted index", () => {
  it("agrees with a sorted array over random inserts and removals of clustered keys", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 20 })), { maxLength: 1_500 }),
        (draws) => {
          const index = new SortedIndex();
          const model = new SortedArray();
          for (const draw of draws) {
            const key = draw * 2;
            if (model.toggle(key)) index.insert(key, idOf(key));
            else index.remove(key);
          }
          expectSame(index, model, [0, 1, 2, 39, 40, 41, 399, 400, 401, 799, 800, 801]);
        },
      ),
      { numRuns: 150, seed: 5 },
    );
  });

  it("holds the smallest and the greatest 32-bit key", () => {
    const index = new SortedIndex();
    index.insert(2 ** 32 - 1, 7);
    index.insert(0, 8);
    expect(index.top()).to.equal(7);
    expect(index.find(0)).to.equal(8);
    expect(index.below(2 ** 32 - 1)).to.equal(8);
    expect(index.below(0)).to.equal(NIL);
  });

  it("walks 20,000 keys downwards in order after half of them were removed", () => {
    const index = new SortedIndex();
    const keys = Array.from({ length: 20_000 }, (_, i) => (i * 7_919) % 65_521);
    for (const key of keys) index.insert(key, key);
    for (const key of keys) if (key % 2 === 0) index.remove(key);
    const left = keys.filter((key) => key % 2 === 1).sort((a, b) => b - a);
    const walked: number[] = [];
    for (let key = index.top(); key !== NIL; key = index.below(key)) walked.push(key);
    expect(walked).to.deep.equal(left);
  });

  it("stays within 32 bytes a key when a hostile sender leaves one key per block", () => {
    const index = new SortedIndex();
    for (let key = 0; key < 100_000; key++) index.insert(key, key);
    for (let key = 0; key < 100_000; key++) if (key % 128 !== 0) index.remove(key);
    expect(index.bytesAllocated).to.be.at.most(32 * index.size + 2_048);
  });

  it("throws when a key to remove is not there", () => {
    const index = new SortedIndex();
    index.insert(4, 1);
    expect(() => index.remove(5)).to.throw("key 5 is not in the index");
    expect(() => index.remove(3)).to.throw("key 3 is not in the index");
  });
});
