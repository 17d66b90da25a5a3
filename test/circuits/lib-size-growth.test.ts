import { expect } from "chai";
import { FIELD_ORDER, MARKETS } from "../../matcher/protocol/spec.ts";
import { Gadget } from "./lib-gadget.ts";

const field = (x: bigint) => ((x % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;
const two = (bits: number) => 1n << BigInt(bits);
const ZERO = new Array<bigint>(MARKETS).fill(0n);
const every = (value: bigint) => new Array<bigint>(MARKETS).fill(value);
const sizes = (...lots: bigint[]) => [...lots, ...ZERO.slice(lots.length)];
const magnitude = (x: bigint) => (x < 0n ? -x : x);
const markets = Array.from({ length: MARKETS }, (_, market) => market);

interface Terms {
  healthy: bigint;
  outgoing: bigint;
  priced: bigint;
  restricted: bigint[];
  isolatedOnly: bigint[];
  positionCap: bigint[];
  /** Those that grow, unless the prover says otherwise. */
  grows: bigint[];
}

describe("circuit gadgets: which sizes may grow", function () {
  this.timeout(120_000);
  let growth: Gadget;
  before(async () => {
    growth = await Gadget.build("risk/size-growth.circom", "SizeGrowth()");
  });

  function witnesses(from: bigint[], to: bigint[], terms: Partial<Terms> = {}): number {
    const grows = to.map((lots, m) => (magnitude(lots) > magnitude(from[m] as bigint) ? 1n : 0n));
    const all: Terms = {
      ...{
        healthy: 1n,
        outgoing: 0n,
        priced: 0n,
        restricted: ZERO,
        isolatedOnly: ZERO,
        positionCap: every(100n),
        grows,
      },
      ...terms,
    };
    return growth.solutions({
      ...all,
      grows: all.grows.map(field),
      positive: to.map((lots) => (lots >= 0n ? 1n : 0n)),
      magnitude: to.map(magnitude),
      positive0: from.map((lots) => (lots >= 0n ? 1n : 0n)),
      magnitude0: from.map(magnitude),
    }).length;
  }
  const fits = (from: bigint[], to: bigint[], terms?: Partial<Terms>, what?: string) =>
    expect(witnesses(from, to, terms), what).to.equal(1);
  const none = (from: bigint[], to: bigint[], terms?: Partial<Terms>, what?: string) =>
    expect(witnesses(from, to, terms), what).to.equal(0);

  it("up to the market's cap, not a lot beyond, on either side", () => {
    for (const market of markets) {
      for (const side of [1n, -1n]) {
        const to = (lots: bigint) => ZERO.with(market, side * lots);
        fits(ZERO, to(100n), undefined, `market ${market}`);
        none(ZERO, to(101n), undefined, `market ${market}`);
        fits(to(99n), to(100n));
        none(to(100n), to(101n));
      }
    }
    const most = two(40) - 1n;
    fits(ZERO, sizes(most), { positionCap: every(most) });
    none(ZERO, sizes(-two(40)), { positionCap: every(most) });
    none(ZERO, sizes(1n), { positionCap: ZERO });
  });
  it("not without saying so, and by no other choice than zero or one", () => {
    none(sizes(10n), sizes(11n), { grows: ZERO });
    none(ZERO, sizes(two(40) - 1n), { grows: ZERO });
    // Twice the way from the size to its cap; and back from a cap that was lowered below the size.
    none(sizes(10n), sizes(150n), { grows: sizes(2n) });
    none(sizes(100n), sizes(120n), { grows: sizes(-1n), positionCap: every(50n) });
    none(sizes(10n), sizes(10n), { grows: sizes(2n) });
  });
  it("beyond a lowered cap it stays or shrinks", () => {
    fits(sizes(300n), sizes(300n));
    fits(sizes(-300n), sizes(-299n));
    none(sizes(300n), sizes(301n));
    none(sizes(300n), sizes(299n), { grows: sizes(1n) });
    // Who may grow and shrinks instead loses nothing by saying so.
    fits(sizes(90n), sizes(80n), { grows: sizes(1n) });
  });
  it("only of an account with initial margin", () => {
    const healthy = 0n;
    for (const market of markets) {
      const at = (lots: bigint) => ZERO.with(market, lots);
      fits(at(10n), at(10n), { healthy });
      fits(at(-10n), at(-9n), { healthy });
      none(at(10n), at(11n), { healthy }, `market ${market}`);
      none(at(10n), at(-9n), { healthy }, `market ${market}`);
      none(at(-10n), at(9n), { healthy }, `market ${market}`);
      fits(at(10n), at(0n), { healthy });
      fits(at(-10n), at(0n), { healthy });
    }
  });
  it("never in a restricted market, where no sign changes either", () => {
    for (const market of markets) {
      const restricted = ZERO.with(market, 1n);
      const at = (lots: bigint) => ZERO.with(market, lots);
      none(at(10n), at(11n), { restricted }, `market ${market}`);
      none(ZERO, at(-1n), { restricted }, `market ${market}`);
      none(at(10n), at(-9n), { restricted }, `market ${market}`);
      none(at(-10n), at(9n), { restricted }, `market ${market}`);
      fits(at(10n), at(10n), { restricted });
      fits(at(10n), at(1n), { restricted });
      fits(at(-10n), at(0n), { restricted });
      // Its neighbour is not.
      const next = (market + 1) % MARKETS;
      fits(at(10n), at(10n).with(next, 5n), { restricted });
    }
  });
  it("beside a position in an isolated-only market nothing grows, in no market", () => {
    for (const market of markets) {
      const isolatedOnly = ZERO.with(market, 1n);
      const other = (market + 3) % MARKETS;
      const held = (here: bigint, there: bigint) => ZERO.with(market, here).with(other, there);
      none(ZERO, held(1n, 1n), { isolatedOnly }, `market ${market}`);
      none(held(5n, 5n), held(6n, 5n), { isolatedOnly }, `market ${market}`);
      none(held(5n, 5n), held(5n, -6n), { isolatedOnly }, `market ${market}`);
      none(held(5n, 5n), held(4n, 6n), { isolatedOnly }, `market ${market}`);
      // Elsewhere, while the two stand beside each other.
      none(held(5n, 5n), held(5n, 5n).with((market + 5) % MARKETS, 1n), { isolatedOnly });
      fits(held(5n, 5n), held(5n, 5n), { isolatedOnly });
      fits(held(5n, 5n), held(4n, 5n), { isolatedOnly });
      fits(held(5n, 5n), held(5n, 0n), { isolatedOnly });
      // Alone at the end: here or there.
      fits(held(5n, 5n), held(6n, 0n), { isolatedOnly });
      fits(held(5n, 5n), held(0n, 6n), { isolatedOnly });
      fits(held(5n, 0n), held(6n, 0n), { isolatedOnly });
    }
    // Two isolated-only markets beside each other are mixed too; a flag on an empty market says nothing.
    none(sizes(5n, 5n), sizes(5n, 6n), { isolatedOnly: every(1n) });
    fits(sizes(0n, 5n, 5n), sizes(0n, 5n, 6n), { isolatedOnly: sizes(1n) });
    none(every(5n), every(5n).with(7, 6n), { isolatedOnly: every(1n) });
  });
  it("who pays out ends without a position in a restricted market", () => {
    for (const market of markets) {
      const restricted = ZERO.with(market, 1n);
      const at = (lots: bigint) => ZERO.with(market, lots);
      none(at(1n), at(1n), { restricted, outgoing: 1n }, `market ${market}`);
      none(at(-5n), at(-1n), { restricted, outgoing: 1n }, `market ${market}`);
      fits(at(1n), at(0n), { restricted, outgoing: 1n });
      fits(at(1n), at(1n), { outgoing: 1n });
    }
    none(every(1n), every(1n), { restricted: every(1n), outgoing: 1n });
  });
  it("whom a liquidation names started without one", () => {
    for (const market of markets) {
      const restricted = ZERO.with(market, 1n);
      const at = (lots: bigint) => ZERO.with(market, lots);
      none(at(1n), at(1n), { restricted, priced: 1n }, `market ${market}`);
      none(at(-1n), at(0n), { restricted, priced: 1n }, `market ${market}`);
      fits(at(1n), at(0n), { priced: 1n });
      fits(at(0n).with((market + 1) % MARKETS, 4n), at(0n), { restricted, priced: 1n });
    }
    none(every(1n), every(0n), { restricted: every(1n), priced: 1n });
  });
});
