import { expect } from "chai";
import type { AccountLeaf } from "../../matcher/protocol/account.ts";
import type { Epoch, EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { Side } from "../../matcher/protocol/message.ts";
import { MARKETS, PICO_PER_MICRO } from "../../matcher/protocol/spec.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { write } from "./attack-inputs.ts";
import { BatchCircuit, type Tamper } from "./batch-circuit.ts";
import { type BatchPlan, type RowPlan, testEpoch, World } from "./forge.ts";

const MICRO = PICO_PER_MICRO;
const PICO = 1_000_000n * MICRO;
const A = 3;
const B = 9;
const OWNER = 0xfeedn;
/** Ticks by market. */
const PRICES = [1_000n, 500n];
const sizes = (...lots: bigint[]) => [...lots, ...new Array(MARKETS - lots.length).fill(0n)];

/** What an epoch says of a market beyond its price: position cap, restricted, isolated-only (docs/protocol.md §5, rules 2 to 4). */
describe("batch circuit: markets that not everything may be done in", function () {
  this.timeout(300_000);
  let circuit: BatchCircuit;
  let world: World;
  before(async () => {
    circuit = await BatchCircuit.load("test", await buildFastPoseidon());
  });

  /** An exchange whose market 0 has these terms. */
  function exchange(terms: Partial<EpochMarket>): void {
    const epoch = testEpoch();
    const markets = epoch.markets.with(0, { ...(epoch.markets[0] as EpochMarket), ...terms });
    world = new World(circuit.hash, { ...epoch, markets } satisfies Epoch);
    for (const account of [A, B]) hold(account);
  }
  function hold(account: number, lots: bigint[] = sizes(), leaf: Partial<AccountLeaf> = {}): void {
    world.seed(account, { owner: OWNER, collateralPicoUsd: 1_000n * PICO, sizesLots: lots, ...leaf });
  }
  /** A on one side, B on the other, at the market's price. */
  function trade(side: Side, lots: number, market = 0): RowPlan[] {
    const price = PRICES[market] as bigint;
    return ([A, B] as const).map((account) => {
      const own: Side = account === A ? side : side === "buy" ? "sell" : "buy";
      const terms = { market, limitPriceTicks: Number(price), quantityLots: 1_000_000, slot: 7 + market };
      return {
        message: world.order({ account, side: own, ...terms }),
        quantityLots: lots,
        quoteMicroUsd: BigInt(lots) * price,
      };
    });
  }
  const withdrawal = (account = A): RowPlan => ({
    message: world.sign({ kind: "withdrawal", account, sequence: 0, expirySeconds: 2_000_000, amountMicroUsd: 1n }),
  });
  const transfer = (): RowPlan => ({
    message: world.sign({
      ...{ kind: "transfer", account: A, to: B, sequence: 0, expirySeconds: 2_000_000, amountMicroUsd: 1n },
    }),
    receiverSlot: 1,
  });
  async function accepted(plan: BatchPlan, what?: string): Promise<void> {
    expect(await circuit.refusal(world.forge(plan)), what).to.equal(undefined);
  }
  async function refused(template: string, plan: BatchPlan, tamper?: Tamper): Promise<void> {
    expect(await circuit.refusal(world.forge(plan), tamper)).to.match(new RegExp(`^${template}\\b`));
  }

  describe("a cap on positions", () => {
    const capped = (positionCapLots: bigint) => exchange({ positionCapLots });
    it("lets a position grow to it, not by a lot beyond", async () => {
      capped(400n);
      await accepted({ rows: trade("buy", 400) });
      capped(400n);
      await refused("SizeGrowth", { rows: trade("buy", 401) });
    });
    it("counts what was held before", async () => {
      for (const [lots, template] of [
        [100, undefined],
        [101, "SizeGrowth"],
      ] as const) {
        capped(400n);
        hold(A, sizes(300n));
        hold(B, sizes(-300n));
        if (template === undefined) await accepted({ rows: trade("buy", lots) });
        else await refused(template, { rows: trade("buy", lots) });
      }
    });
    it("binds shorts and buyers who flip likewise", async () => {
      for (const [lots, template] of [
        [500, undefined],
        [501, "SizeGrowth"],
      ] as const) {
        capped(400n);
        hold(A, sizes(100n));
        hold(B, sizes(-100n));
        if (template === undefined) await accepted({ rows: trade("sell", lots) });
        else await refused(template, { rows: trade("sell", lots) });
      }
    });
    it("that was lowered below a position lets it shrink, and by no lot grow", async () => {
      capped(400n);
      hold(A, sizes(1_000n));
      hold(B, sizes(-1_000n));
      await accepted({ rows: trade("sell", 1) });
      capped(400n);
      hold(A, sizes(1_000n));
      hold(B, sizes(-1_000n));
      await refused("SizeGrowth", { rows: trade("buy", 1) });
    });
    it("is not passed by keeping silent about growth", async () => {
      capped(400n);
      await refused("SizeGrowth", { rows: trade("buy", 401) }, { input: (i) => write(i, ["slotGrows", 0, 0], 0n) });
    });
    it("of another market is another cap", async () => {
      capped(0n);
      await accepted({ rows: trade("buy", 1, 1) });
    });
  });

  describe("a restricted market", () => {
    const stale = () => exchange({ restricted: true });
    it("lets both sides reduce", async () => {
      stale();
      hold(A, sizes(10n));
      hold(B, sizes(-20n));
      await accepted({ rows: trade("sell", 10) });
    });
    it("lets nobody open a position, nor take one over", async () => {
      stale();
      await refused("SizeGrowth", { rows: trade("buy", 1) });
      stale();
      hold(A, sizes(10n));
      await refused("SizeGrowth", { rows: trade("sell", 1) });
      stale();
      hold(B, sizes(-10n));
      await refused("SizeGrowth", { rows: trade("sell", 1) });
    });
    it("lets nobody change sides, not even for a smaller position", async () => {
      stale();
      hold(A, sizes(10n));
      hold(B, sizes(-20n));
      await refused("SizeGrowth", { rows: trade("sell", 11) });
      stale();
      hold(A, sizes(20n));
      hold(B, sizes(-10n));
      await refused("SizeGrowth", { rows: trade("sell", 11) });
    });
    it("does not stop the others", async () => {
      stale();
      hold(A, sizes(10n));
      hold(B, sizes(-10n));
      await accepted({ rows: trade("buy", 5, 1) });
    });
    it("lets nobody withdraw who holds a lot there", async () => {
      for (const lots of [1n, -1n]) {
        stale();
        hold(A, sizes(lots));
        await refused("SizeGrowth", { rows: [withdrawal()] });
      }
    });
    it("lets those withdraw who hold positions elsewhere only", async () => {
      stale();
      hold(A, sizes(0n, 10n));
      await accepted({ rows: [withdrawal()] });
    });
    it("lets who closes there withdraw in the same batch, whoever keeps a lot not", async () => {
      const small = await BatchCircuit.load("small", circuit.hash);
      for (const [lots, reason] of [
        [10n, undefined],
        [11n, /^SizeGrowth/],
      ] as const) {
        stale();
        hold(A, sizes(lots));
        hold(B, sizes(-20n));
        const trace = world.forge({ rows: [withdrawal(), ...trade("sell", 10)], tier: 1 });
        const refusal = await small.refusal(trace);
        if (reason === undefined) expect(refusal).to.equal(undefined);
        else expect(refusal).to.match(reason);
      }
    });
    it("lets nobody transfer away who holds a lot there, everybody else", async () => {
      stale();
      hold(A, sizes(1n));
      await refused("SizeGrowth", { rows: [transfer()], touch: [B] });
      // The receiver may.
      stale();
      hold(A, sizes(0n, 10n));
      hold(B, sizes(1n));
      await accepted({ rows: [transfer()], touch: [B] });
    });
    it("takes deposits", async () => {
      stale();
      hold(A, sizes(1n));
      await accepted({
        queue: [{ kind: "deposit", minSequence: 0, account: A, amountMicroUsd: 1n, owner: 0n, ax: 0n, ay: 0n }],
      });
    });
  });

  describe("an isolated-only market", () => {
    const isolated = () => exchange({ isolatedOnly: true });
    it("lets a position grow that is the only one", async () => {
      isolated();
      await accepted({ rows: trade("buy", 10) });
      await accepted({ rows: trade("buy", 10) });
    });
    it("does not open beside another one", async () => {
      isolated();
      hold(A, sizes(0n, 1n));
      await refused("SizeGrowth", { rows: trade("buy", 1) });
    });
    it("does not let another one be opened beside it", async () => {
      isolated();
      hold(A, sizes(1n));
      await refused("SizeGrowth", { rows: trade("buy", 1, 1) });
    });
    it("beside another one: neither of them grows by a lot", async () => {
      for (const market of [0, 1]) {
        isolated();
        hold(A, sizes(10n, 10n));
        await refused("SizeGrowth", { rows: trade("buy", 1, market) });
      }
    });
    it("beside another one: both may shrink", async () => {
      for (const market of [0, 1]) {
        isolated();
        hold(A, sizes(10n, 10n));
        hold(B, market === 0 ? sizes(-10n) : sizes(0n, -10n));
        await accepted({ rows: trade("sell", 1, market) });
      }
    });
    it("closed beside another one lets that one grow again", async () => {
      isolated();
      hold(A, sizes(10n, 10n));
      hold(B, sizes(-10n, 0n));
      await accepted({ rows: trade("sell", 10, 0) });
      hold(B);
      await accepted({ rows: trade("buy", 1, 1) });
    });
    it("is not passed by keeping silent about growth", async () => {
      isolated();
      hold(A, sizes(10n, 10n));
      const silent: Tamper = { input: (input) => write(input, ["slotGrows", 0, 1], 0n) };
      await refused("SizeGrowth", { rows: trade("buy", 1, 1) }, silent);
    });
  });
});
