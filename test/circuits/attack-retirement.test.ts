import { expect } from "chai";
import { type AccountLeaf, leafInputs } from "../../matcher/protocol/account.ts";
import type { Epoch, EpochMarket } from "../../matcher/protocol/epoch.ts";
import { HEADER, INSURANCE_ACCOUNT, MARKETS, PICO_PER_MICRO } from "../../matcher/protocol/spec.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import type { AccountTrace, BatchTrace } from "../../matcher/state/trace.ts";
import { add, write } from "./attack-inputs.ts";
import { BatchCircuit, type Tamper } from "./batch-circuit.ts";
import { type BatchPlan, type LiquidationPlan, type RowPlan, testEpoch, World } from "./forge.ts";

const MICRO = PICO_PER_MICRO;
const PICO = 1_000_000n * MICRO;
const LONG = 3;
const SHORT = 9;
/** Settlement price of market 0, ticks. */
const PRICE = 1_234n;
const INDEX = 77n;
const sizes = (...lots: bigint[]) => [...lots, ...new Array(MARKETS - lots.length).fill(0n)];

/** A retired market: its price stays for good, and whoever is touched has the position settled at it (docs/protocol.md §5). */
describe("batch circuit: a retired market", function () {
  this.timeout(300_000);
  let circuit: BatchCircuit;
  let world: World;
  before(async () => {
    circuit = await BatchCircuit.load("test", await buildFastPoseidon());
  });
  beforeEach(() => exchange());

  /** One long and one short of 100 lots, who last settled funding at an index of zero. */
  function exchange(): void {
    const epoch = testEpoch();
    const retired: Partial<EpochMarket> = {
      ...{ retired: true, priceTicks: Number(PRICE), priceMinTicks: 1, priceMaxTicks: 0 },
      ...{ fundingIndexPicoUsd: INDEX, grossOpenInterestCapLots: 0n },
    };
    const markets = epoch.markets.with(0, { ...(epoch.markets[0] as EpochMarket), ...retired });
    world = new World(circuit.hash, { ...epoch, markets } satisfies Epoch);
    world.seed(LONG, { collateralPicoUsd: PICO, sizesLots: sizes(100n) });
    world.seed(SHORT, { collateralPicoUsd: PICO, sizesLots: sizes(-100n) });
  }
  const leafOf = (account: number) => world.holders.get(account)?.leaf as AccountLeaf;
  const totalPicoUsd = () => [...world.holders.values()].reduce((sum, { leaf }) => sum + leaf.collateralPicoUsd, 0n);
  async function accepted(trace: BatchTrace): Promise<void> {
    expect(await circuit.refusal(trace)).to.equal(undefined);
  }
  async function refused(template: string, trace: BatchTrace, tamper?: Tamper): Promise<void> {
    expect(await circuit.refusal(trace, tamper)).to.match(new RegExp(`^${template}\\b`));
  }
  /** Both trade a market that lives. */
  function elsewhere(): RowPlan[] {
    return ([LONG, SHORT] as const).map((account) => ({
      message: world.order({ account, side: account === LONG ? "buy" : "sell", market: 1, limitPriceTicks: 500 }),
      quantityLots: 10,
      quoteMicroUsd: 5_000n,
    }));
  }
  function row(change: Partial<LiquidationPlan>): LiquidationPlan {
    return {
      ...{ kind: "liquidation", account: LONG, market: 0, side: "sell", quantityLots: 1, quoteMicroUsd: PRICE },
      ...{ feePicoUsd: 0n, payoutPicoUsd: 0n, coveredPicoUsd: 0n },
      ...change,
    };
  }

  describe("settles", () => {
    it("a long and a short through nothing but a touch, and what one gains the other loses", async () => {
      await accepted(world.forge({ touch: [LONG, SHORT] }));
      expect(leafOf(LONG).sizesLots).to.deep.equal(sizes());
      expect(leafOf(LONG).collateralPicoUsd).to.equal(PICO + 100n * PRICE * MICRO - 100n * INDEX);
      expect(leafOf(SHORT).collateralPicoUsd).to.equal(PICO - 100n * PRICE * MICRO + 100n * INDEX);
      expect(totalPicoUsd()).to.equal(2n * PICO);
      expect(world.grossOpenInterestLots[0]).to.equal(0n);
    });
    it("one after the other: a second touch finds nothing", async () => {
      await accepted(world.forge({ touch: [LONG] }));
      expect(world.grossOpenInterestLots[0]).to.equal(100n);
      await accepted(world.forge({ touch: [SHORT] }));
      await accepted(world.forge({ touch: [LONG, SHORT] }));
      expect(totalPicoUsd()).to.equal(2n * PICO);
    });
    it("through a row in another market", async () => {
      await accepted(world.forge({ rows: elsewhere() }));
      expect(leafOf(LONG).sizesLots).to.deep.equal(sizes(0n, 10n));
      expect(totalPicoUsd()).to.equal(2n * PICO);
    });
    it("before anything else: its value may be withdrawn, to the micro-USD", async () => {
      // 1 USD and the long's value less funding, rounded down.
      const all = 1_000_000n + 100n * PRICE - 1n;
      for (const [amountMicroUsd, template] of [
        [all, undefined],
        [all + 1n, "ValidTransition"],
      ] as const) {
        exchange();
        const message = world.sign({
          ...{ kind: "withdrawal", account: LONG, sequence: 0, expirySeconds: 2_000_000, amountMicroUsd },
        });
        if (template === undefined) await accepted(world.forge({ rows: [{ message }] }));
        else await refused(template, world.forge({ rows: [{ message }] }));
      }
    });
    it("an account in debt afterwards too: nothing that it did", async () => {
      world.seed(SHORT, { collateralPicoUsd: 0n, sizesLots: sizes(-100n) });
      await accepted(world.forge({ touch: [SHORT] }));
      expect(leafOf(SHORT).collateralPicoUsd < 0n).to.equal(true);
    });
    it("other positions stay, and margin is measured without the settled one", async () => {
      // Ten lots of market 1 need 250 micro-USD: all that the settled long leaves.
      const short = 100n * PRICE * MICRO - 100n * INDEX;
      for (const [spare, template] of [
        [0n, undefined],
        [-1n, "SizeGrowth"],
      ] as const) {
        exchange();
        world.seed(LONG, { collateralPicoUsd: 250n * MICRO - short + spare, sizesLots: sizes(100n) });
        const trace = world.forge({ rows: elsewhere() });
        if (template === undefined) await accepted(trace);
        else await refused(template, trace);
      }
    });
    it("a liquidated account, who is liquidatable by what is left", async () => {
      // 1,000 lots of market 1 need 12,500 micro-USD of maintenance; the settled long leaves one pico-USD less, or exactly that.
      for (const [spare, template] of [
        [-1n, undefined],
        [0n, "LiquidationBounds"],
      ] as const) {
        exchange();
        world.seed(INSURANCE_ACCOUNT, { collateralPicoUsd: PICO });
        world.seed(LONG, {
          collateralPicoUsd: 12_500n * MICRO + spare - 500_000n * MICRO - 100n * PRICE * MICRO + 100n * INDEX,
          sizesLots: sizes(100n, 1_000n),
        });
        const message = world.order({ account: SHORT, side: "buy", market: 1, limitPriceTicks: 500 });
        const trace = world.forge({
          rows: [{ message, quantityLots: 1, quoteMicroUsd: 500n }],
          liquidations: [row({ market: 1, quoteMicroUsd: 500n })],
        });
        if (template === undefined) await accepted(trace);
        else await refused(template, trace);
      }
    });
  });

  describe("does not settle", () => {
    const bent = (change: (leaf: AccountLeaf) => void): BatchTrace =>
      world.forge({ touch: [LONG], finally: (_, leaf) => change(leaf) });

    it("at another price, a tick or a pico-USD off", async () => {
      for (const gain of [1n, -1n, 100n * MICRO]) {
        exchange();
        const trace = bent((leaf) => {
          leaf.collateralPicoUsd += gain;
        });
        await refused("Batch", trace);
      }
      exchange();
      const words: Tamper = { input: (input) => write(input, ["price", 0], PRICE + 1n) };
      await refused("Batch", world.forge({ touch: [LONG] }), words);
    });
    it("without what was owed in funding", async () => {
      const trace = bent((leaf) => {
        leaf.collateralPicoUsd += 100n * INDEX;
      });
      await refused("Batch", trace);
    });
    it("by leaving the position where it is, with its value or without", async () => {
      for (const kept of [100n * PRICE * MICRO, 0n]) {
        exchange();
        const trace = bent((leaf) => {
          leaf.sizesLots = sizes(100n);
          leaf.collateralPicoUsd -= kept;
        });
        await refused("(AccountSlot|Batch)", trace);
      }
    });
    it("by half", async () => {
      const trace = bent((leaf) => {
        leaf.sizesLots = sizes(50n);
        leaf.collateralPicoUsd -= 50n * PRICE * MICRO;
      });
      await refused("AccountSlot", trace);
    });
    it("twice: the credit comes again, the position does not", async () => {
      world.forge({ touch: [LONG] });
      const trace = bent((leaf) => {
        leaf.collateralPicoUsd += 100n * PRICE * MICRO;
      });
      await refused("Batch", trace);
    });
    it("as if it were not retired", async () => {
      const trace = bent((leaf) => {
        leaf.sizesLots = sizes(100n);
        leaf.collateralPicoUsd -= 100n * PRICE * MICRO;
      });
      await refused("Batch", trace, { input: (input) => write(input, ["retired", 0], 0n) });
    });
    it("a market that is not", async () => {
      world.seed(LONG, { collateralPicoUsd: PICO, sizesLots: sizes(0n, 100n) });
      const trace = world.forge({
        touch: [LONG],
        finally: (_, leaf) => {
          leaf.collateralPicoUsd += 100n * 500n * MICRO;
          leaf.sizesLots = sizes();
        },
      });
      await refused("AccountSlot", trace);
      const pretended: Tamper = { input: (input) => write(input, ["retired", 1], 1n) };
      await refused("Batch", trace, pretended);
    });
  });

  it("an unused slot cannot lower the open interest of positions that stay", async () => {
    // The account is in no slot that is used; its position is, and ends.
    const trace = world.forge({ touch: [LONG, SHORT] });
    const hidden = trace.accounts[1] as AccountTrace;
    world.tree.set(SHORT, world.hash(leafInputs(hidden.before)));
    trace.newRoot = world.tree.root;
    const honest = circuit.inputOf(trace);
    trace.accounts.pop();
    await refused("AccountSlot", trace, {
      input: (input) => {
        for (const name of Object.keys(input).filter((key) => key.startsWith("slot") && key !== "slotActive")) {
          (input[name] as bigint[])[1] = (honest[name] as bigint[])[1] as bigint;
        }
      },
    });
    // Nor one with a position that is nobody's.
    for (const market of [0, 4, 7]) {
      exchange();
      const retired = world.epoch.markets.map((m) => ({ ...m, retired: true }));
      world.epoch = { ...world.epoch, markets: retired };
      world.grossOpenInterestLots[market] = 100n;
      const empty = world.forge({});
      empty.grossOpenInterestAfterLots = empty.grossOpenInterestBeforeLots.with(market, 0n);
      await refused("AccountSlot", empty, { input: (input) => add(input, ["slotLane", 2, market], 100n) });
    }
  });

  it("a new account cannot have been there", async () => {
    const queue = [world.registration(20)];
    const trace = world.forge({
      queue,
      finally: (_, leaf) => {
        leaf.collateralPicoUsd = 100n * PRICE * MICRO - 100n * INDEX;
      },
    });
    const born = trace.accounts[0] as AccountTrace;
    born.before = { ...born.before, sizesLots: sizes(100n) };
    trace.grossOpenInterestAfterLots = trace.grossOpenInterestBeforeLots.with(0, 100n);
    await refused("AccountSlot", trace);
  });

  it("cannot be traded in, at no price", async () => {
    for (const limitPriceTicks of [1, Number(PRICE)]) {
      for (const quoteMicroUsd of [0n, 1n, PRICE]) {
        exchange();
        const rows = ([LONG, SHORT] as const).map((account) => ({
          message: world.order({ account, side: account === LONG ? "sell" : "buy", limitPriceTicks }),
          quantityLots: 1,
          quoteMicroUsd,
        }));
        await refused("(Execution|AccountSlot)", world.forge({ rows } satisfies BatchPlan));
      }
    }
  });

  it("has no liquidation and no deleveraging in it", async () => {
    const debt = 100n * PRICE * MICRO - 100n * INDEX + 50n;
    for (const [kind, side, counterparty] of [
      ["liquidation", "sell", undefined],
      ["deleveraging", "sell", SHORT],
      ["deleveraging", "buy", SHORT],
    ] as const) {
      exchange();
      world.seed(INSURANCE_ACCOUNT, { collateralPicoUsd: PICO });
      world.seed(LONG, { collateralPicoUsd: -debt, sizesLots: sizes(100n) });
      const named = counterparty === undefined ? {} : { counterparty };
      const covered = { payoutPicoUsd: 50n, coveredPicoUsd: 50n };
      await refused("LiquidationRow", world.forge({ liquidations: [row({ kind, side, ...covered, ...named })] }));
    }
  });

  it("says so in its published word", async () => {
    const trace = world.forge({ touch: [LONG] });
    const flags: Tamper = {
      data: (words) => {
        words[HEADER.markets] = (words[HEADER.markets] as bigint) ^ (1n << 201n);
      },
    };
    await refused("Batch", trace, flags);
  });
});
