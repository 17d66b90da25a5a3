import { expect } from "chai";
import { SlicedWork } from "../../matcher/prover/sliced-work.ts";

const moment = () => new Promise((wake) => setImmediate(wake));

function* counting(counts: number[], pieces: number): Generator<void, number> {
  for (let i = 0; i < pieces; i++) {
    counts.push(i);
    yield;
  }
  return pieces;
}

/** Each piece takes a millisecond of the clock. */
function* busy(pieces: number, done: () => void): Generator<void, void> {
  for (let i = 0; i < pieces; i++) {
    const endMs = performance.now() + 1;
    while (performance.now() < endMs);
    done();
    yield;
  }
}

describe("SlicedWork", () => {
  it("does nothing before its caller is through, and gives what the work returns", async () => {
    const counts: number[] = [];
    const outcome = new SlicedWork().run(counting(counts, 3));
    expect(counts).to.deep.equal([]);
    expect(await outcome).to.equal(3);
    expect(counts).to.deep.equal([0, 1, 2]);
  });

  it("lets others have their turn in between", async () => {
    let pieces = 0;
    const work = new SlicedWork().run(busy(12, () => pieces++));
    const seen: number[] = [];
    while (pieces < 12) {
      await moment();
      seen.push(pieces);
    }
    await work;
    // Between any two turns of others come no more than a few milliseconds of it.
    expect(seen.every((count, i) => count - (seen[i - 1] ?? 0) <= 3)).to.equal(true);
  });

  it("does one work after the other, whatever came of the one before", async () => {
    const order: string[] = [];
    const work = new SlicedWork();
    const failing = (function* (): Generator<void, void> {
      yield;
      throw new Error("it is not to be done");
    })();
    const first = work.run(busy(4, () => order.push("first")));
    const second = work.run(failing);
    const third = work.run(busy(2, () => order.push("third")));
    expect(await second.catch((error: Error) => error.message)).to.equal("it is not to be done");
    await Promise.all([first, third]);
    expect(order).to.deep.equal(["first", "first", "first", "first", "third", "third"]);
    expect(await work.run(counting([], 1))).to.equal(1);
  });

  it("gives up what is not done when it is stopped, and takes new work", async () => {
    const counts: number[] = [];
    const work = new SlicedWork();
    void work.run(counting(counts, 5));
    work.stop();
    await moment();
    await moment();
    expect(counts).to.deep.equal([]);
    expect(await work.run(counting([], 2))).to.equal(2);
  });
});
