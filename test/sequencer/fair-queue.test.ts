import { expect } from "chai";
import { FairQueue, type FairQueueLimits, RANKS, type Rank } from "../../matcher/sequencer/fair-queue.ts";
import { Xorshift } from "../fixtures/xorshift.ts";

const LIMITS: FairQueueLimits = { waitingMax: 12, perOriginMax: 6, perAccountMax: 4 };

function drained(queue: FairQueue<string>): string[] {
  const items: string[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item);
  return items;
}

describe("the queue of signatures", () => {
  it("gives turns to origins, then to an origin's accounts, and keeps an account's order", () => {
    const queue = new FairQueue<string>(LIMITS);
    for (const item of ["a1", "a2", "a3", "a4"]) queue.push("a", 1, item);
    for (const item of ["b1", "b2"]) queue.push("b", 1, item);
    queue.push("a", 2, "a'1");
    queue.push("a", 2, "a'2");
    queue.push("c", 9, "c1");
    expect(queue.length).to.equal(9);
    expect(drained(queue)).to.deep.equal(["a1", "b1", "c1", "a'1", "b2", "a2", "a'2", "a3", "a4"]);
    expect(queue.length).to.equal(0);
  });

  it("refuses what is beyond an account's room from one origin, and not what names it from another", () => {
    const queue = new FairQueue<string>(LIMITS);
    for (let i = 0; i < 4; i++) expect(queue.push("a", 1, `a${i}`)).to.deep.equal({ refused: false, displaced: null });
    expect(queue.push("a", 1, "a4")).to.deep.equal({ refused: true, displaced: null });
    expect(queue.push("b", 1, "b0")).to.deep.equal({ refused: false, displaced: null });
    expect(queue.length).to.equal(5);
  });

  it("takes an origin's room from its account with most waiting, as long as that one stays no shorter", () => {
    const queue = new FairQueue<string>(LIMITS);
    for (let i = 0; i < 4; i++) queue.push("a", 1, `x${i}`);
    for (let i = 0; i < 2; i++) queue.push("a", 2, `y${i}`);
    expect(queue.push("a", 3, "z0")).to.deep.equal({ refused: false, displaced: "x3" });
    expect(queue.push("a", 3, "z1")).to.deep.equal({ refused: false, displaced: "x2" });
    expect(queue.push("a", 3, "z2")).to.deep.equal({ refused: true, displaced: null });
    expect(queue.length).to.equal(6);
  });

  it("when full, takes room from the longest line for a shorter one, and refuses between equals", () => {
    const queue = new FairQueue<string>({ ...LIMITS, waitingMax: 6 });
    for (let i = 0; i < 3; i++) queue.push("flood", 1, `f${i}`);
    for (let i = 0; i < 3; i++) queue.push("flood", 2, `g${i}`);
    expect(queue.push("b", 1, "b0")).to.deep.equal({ refused: false, displaced: "f2" });
    expect(queue.push("flood", 3, "h0").refused).to.equal(true);
    expect(queue.push("b", 1, "b1")).to.deep.equal({ refused: false, displaced: "g2" });
    expect(queue.push("c", 1, "c0")).to.deep.equal({ refused: false, displaced: "f1" });
    expect(queue.push("d", 1, "d0")).to.deep.equal({ refused: false, displaced: "g1" });
    // flood 2, b 2, c 1, d 1: nobody has two more than the next one would.
    expect(queue.push("c", 1, "c1").refused).to.equal(true);
    expect(queue.push("e", 1, "e0").displaced).to.be.oneOf(["f0", "g0", "b1"]);
    expect(queue.length).to.equal(6);
  });

  it("when full, takes room from struck origins first, and never for them", () => {
    const queue = new FairQueue<string>({ ...LIMITS, waitingMax: 4 });
    queue.push("bad", 1, "s0", "struck");
    for (const origin of ["a", "b", "c"]) queue.push(origin, 1, origin);
    expect(queue.push("worse", 1, "s1", "struck").refused).to.equal(true);
    expect(queue.push("d", 1, "d")).to.deep.equal({ refused: false, displaced: "s0" });
    expect(queue.push("e", 1, "e").refused).to.equal(true);
  });

  it("gives the struck one turn in eight while others wait, and every turn when nobody does", () => {
    const queue = new FairQueue<string>({ waitingMax: 100, perOriginMax: 100, perAccountMax: 100 });
    for (let i = 0; i < 6; i++) queue.push("bad", 1, "struck", "struck");
    for (let i = 0; i < 28; i++) queue.push("a", 1, "clear");
    const order = drained(queue);
    expect(
      order
        .slice(0, 32)
        .map((item, i) => (item === "struck" ? i : -1))
        .filter((i) => i >= 0),
    ).to.deep.equal([7, 15, 23, 31]);
    expect(order.slice(32)).to.deep.equal(["struck", "struck"]);
  });

  it("gives new origins two turns in eight beside proven ones, and one of them to the struck if any wait", () => {
    const turnsOf = (struckCount: number) => {
      const queue = new FairQueue<string>({ waitingMax: 100, perOriginMax: 100, perAccountMax: 100 });
      for (let i = 0; i < 20; i++) queue.push("known", 1, ".", "proven");
      for (let i = 0; i < 20; i++) queue.push("fresh", 1, "n");
      for (let i = 0; i < struckCount; i++) queue.push("bad", 1, "s", "struck");
      expect(queue.best).to.equal("proven");
      return drained(queue).slice(0, 16).join("");
    };
    expect(turnsOf(0)).to.equal("...n...n...n...n");
    expect(turnsOf(20)).to.equal("...n...s...n...s");
  });

  it("when full, takes room for a proven origin from a new one before another proven one", () => {
    const queue = new FairQueue<string>({ ...LIMITS, waitingMax: 4 });
    for (let i = 0; i < 3; i++) queue.push("known", 1, `k${i}`, "proven");
    queue.push("fresh", 1, "f0");
    expect(queue.push("other", 1, "o0", "proven")).to.deep.equal({ refused: false, displaced: "f0" });
    expect(queue.push("fresh", 1, "f1").refused).to.equal(true);
    expect(queue.push("other", 1, "o1", "proven")).to.deep.equal({ refused: false, displaced: "k2" });
    expect(queue.push("other", 1, "o2", "proven").refused).to.equal(true);
  });

  it("moves what an origin has waiting when it is struck and when it is clear again", () => {
    const queue = new FairQueue<string>(LIMITS);
    queue.push("a", 1, "a0");
    queue.push("a", 1, "a1");
    queue.push("b", 1, "b0");
    queue.setRank("a", "struck");
    expect(queue.shift()).to.equal("b0");
    queue.push("b", 1, "b1");
    queue.setRank("a", "new");
    queue.setRank("nobody", "struck");
    expect(drained(queue)).to.deep.equal(["b1", "a0", "a1"]);
    expect(queue.best).to.equal(undefined);
  });

  it("loses nothing, repeats nothing and keeps its bounds, over 20,000 random steps", () => {
    const random = new Xorshift(7);
    const queue = new FairQueue<number>(LIMITS);
    const inside = new Map<number, { origin: string; account: number }>();
    const ranks = new Map<string, Rank>();
    const leave = (item: number) => expect(inside.delete(item), `item ${item}`).to.equal(true);
    for (let item = 0; item < 20_000; item++) {
      const origin = `o${random.below(5)}`;
      const account = random.below(4);
      if (random.below(3) > 0) {
        const { refused, displaced } = queue.push(origin, account, item, ranks.get(origin));
        if (displaced !== null) leave(displaced);
        if (!refused) inside.set(item, { origin, account });
      } else if (random.below(4) > 0) {
        const next = queue.shift();
        expect(next === undefined).to.equal(inside.size === 0);
        if (next !== undefined) {
          const { origin: from, account: of } = inside.get(next) as { origin: string; account: number };
          const earlier = [...inside].some(([n, other]) => n < next && other.origin === from && other.account === of);
          expect(earlier, `item ${next} came before an earlier one of its account`).to.equal(false);
          leave(next);
        }
      } else {
        const rank = random.pick(RANKS);
        ranks.set(origin, rank);
        queue.setRank(origin, rank);
      }
      expect(queue.length).to.equal(inside.size);
      expect(queue.length).to.be.at.most(LIMITS.waitingMax);
      const waiting = [...inside.values()].filter((other) => other.origin === origin);
      expect(waiting.length).to.be.at.most(LIMITS.perOriginMax);
      expect(waiting.filter((other) => other.account === account).length).to.be.at.most(LIMITS.perAccountMax);
    }
  });
});
