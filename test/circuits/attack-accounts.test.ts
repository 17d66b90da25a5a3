import { expect } from "chai";
import type { AccountLeaf } from "../../matcher/protocol/account.ts";
import { FIELD_ORDER, MARKETS } from "../../matcher/protocol/spec.ts";
import type { BatchInput, Signal } from "../../matcher/prover/witness.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { BatchCircuit, dataOf, type Tamper } from "./batch-circuit.ts";
import { type BatchPlan, type RowPlan, testEpoch, World } from "./forge.ts";

const PICO = 1_000_000_000_000n;
const MICRO = 1_000_000n;
const A = 3;
const B = 9;
const sizes = (...lots: bigint[]) => [...lots, ...new Array(MARKETS - lots.length).fill(0n)];

/** A nested signal of the input, to be changed in place. */
function at(input: BatchInput, name: string, ...path: number[]): { get: () => bigint; set: (value: bigint) => void } {
  let list = input as unknown as Record<string | number, Signal>;
  let key: string | number = name;
  for (const index of path) {
    list = list[key] as unknown as Record<number, Signal>;
    key = index;
  }
  return {
    get: () => list[key] as bigint,
    set: (value) => {
      list[key] = value;
    },
  };
}

describe("batch circuit: accounts, queue and words that a dishonest prover would like", function () {
  this.timeout(240_000);
  let circuit: BatchCircuit;
  let world: World;
  before(async () => {
    circuit = await BatchCircuit.load("test", await buildFastPoseidon());
  });
  beforeEach(() => {
    world = new World(circuit.hash);
  });

  const refusal = (plan: BatchPlan, tamper?: Tamper) => circuit.refusal(world.forge(plan), tamper);
  const refused = async (plan: BatchPlan, template: string, tamper?: Tamper) =>
    expect(await refusal(plan, tamper)).to.match(new RegExp(`^${template}\\b`));
  const accepted = async (plan: BatchPlan) => expect(await refusal(plan)).to.equal(undefined);

  /** A buys q lots of market 0 from B at 1,000 ticks. */
  function buy(q: number, sequence = 1): RowPlan[] {
    const terms = { quantityLots: 1_000_000, sequence };
    return [
      {
        message: world.order({ account: A, side: "buy", ...terms }),
        quantityLots: q,
        quoteMicroUsd: BigInt(q) * 1_000n,
      },
      {
        message: world.order({ account: B, side: "sell", ...terms }),
        quantityLots: q,
        quoteMicroUsd: BigInt(q) * 1_000n,
      },
    ];
  }
  /** The other way round. */
  function sell(q: number): RowPlan[] {
    const terms = { quantityLots: 1_000_000 };
    return [
      {
        message: world.order({ account: A, side: "sell", ...terms }),
        quantityLots: q,
        quoteMicroUsd: BigInt(q) * 1_000n,
      },
      {
        message: world.order({ account: B, side: "buy", ...terms }),
        quantityLots: q,
        quoteMicroUsd: BigInt(q) * 1_000n,
      },
    ];
  }
  /** A long of `lots` at 1,000 ticks whose total value is `value` pico-USD. */
  const longWorth = (lots: bigint, value: bigint): Partial<AccountLeaf> => ({
    collateralPicoUsd: value - lots * 1_000n * MICRO,
    sizesLots: sizes(lots),
  });

  describe("margin", () => {
    beforeEach(() => world.seed(B, { collateralPicoUsd: 1_000_000n * PICO }));

    it("accepts growth at exactly initial margin", async () => {
      // 400 lots · 1,000 ticks · 10 % = 40,000 micro-USD.
      world.seed(A, { collateralPicoUsd: 40_000n * MICRO });
      await accepted({ rows: buy(400) });
    });
    it("refuses growth one pico-USD below initial margin", async () => {
      world.seed(A, { collateralPicoUsd: 40_000n * MICRO - 1n });
      await refused({ rows: buy(400) }, "SizeGrowth");
    });
    it("lets an account below initial margin reduce", async () => {
      world.seed(A, longWorth(1_000n, 60_000n * MICRO));
      await accepted({ rows: sell(400) });
    });
    it("does not let it grow by one lot", async () => {
      world.seed(A, longWorth(1_000n, 60_000n * MICRO));
      await refused({ rows: buy(1) }, "SizeGrowth");
    });
    it("does not let it flip, even to a smaller position", async () => {
      world.seed(A, longWorth(1_000n, 5_000n * MICRO));
      await refused({ rows: sell(1_400) }, "SizeGrowth");
    });
    it("does not let its ratio fall by one pico-USD of fee beyond the reduction", async () => {
      // Value 1, requirement 100: reducing by 1 % keeps the ratio when 1 % of the value may be lost. Here a fee takes more.
      world.seed(A, longWorth(1_000n, 10_000n * MICRO));
      const rows = sell(10);
      (rows[0] as RowPlan).feePicoUsd = 100n * MICRO + 1n;
      (rows[0] as RowPlan).message = world.order({
        account: A,
        side: "sell",
        quantityLots: 1_000_000,
        maxFeePpm: 100_000,
      });
      await refused({ rows }, "ValidTransition");
    });
    it("accepts the same fee at exactly the ratio", async () => {
      world.seed(A, longWorth(1_000n, 10_000n * MICRO));
      const rows = sell(10);
      (rows[0] as RowPlan).feePicoUsd = 100n * MICRO;
      (rows[0] as RowPlan).message = world.order({
        account: A,
        side: "sell",
        quantityLots: 1_000_000,
        maxFeePpm: 100_000,
      });
      await accepted({ rows });
    });
    it("does not let a bankrupt account close at the mark: its ratio would fall to minus infinity", async () => {
      world.seed(A, longWorth(1_000n, -1n));
      await refused({ rows: sell(1_000) }, "ValidTransition");
    });
    it("does not let a flat account in debt lose more", async () => {
      world.seed(A, { collateralPicoUsd: -5n });
      const rows = buy(10).concat();
      const both = [
        { ...(rows[0] as RowPlan), message: world.order({ account: A, side: "buy" }) },
        {
          message: world.order({ account: A, side: "sell", slot: 2 }),
          quantityLots: 10,
          quoteMicroUsd: 10_000n,
          feePicoUsd: 1n,
        },
      ];
      await refused({ rows: both }, "ValidTransition");
    });
    it("lets a flat account in debt receive a deposit", async () => {
      world.seed(A, { collateralPicoUsd: -5n });
      await accepted({
        queue: [{ kind: "deposit", minSequence: 0, account: A, amountMicroUsd: 1n, owner: 0n, ax: 0n, ay: 0n }],
      });
    });
  });

  describe("state", () => {
    beforeEach(() => {
      world.seed(A, { collateralPicoUsd: 1_000n * PICO });
      world.seed(B, { collateralPicoUsd: 1_000n * PICO });
    });
    it("refuses a final leaf with one pico-USD more", () =>
      refused(
        {
          rows: buy(1),
          finally: (account, leaf) => {
            if (account === A) leaf.collateralPicoUsd += 1n;
          },
        },
        "(AccountTree|Batch)",
      ));
    for (const [field, change] of [
      [
        "owner",
        (l: AccountLeaf) => {
          l.owner += 1n;
        },
      ],
      [
        "key",
        (l: AccountLeaf) => {
          l.ax += 1n;
        },
      ],
      [
        "withdrawal nonce",
        (l: AccountLeaf) => {
          l.withdrawalNonce += 1;
        },
      ],
      [
        "minimum sequence",
        (l: AccountLeaf) => {
          l.minSequence += 1;
        },
      ],
      [
        "order root",
        (l: AccountLeaf) => {
          l.orderRoot += 1n;
        },
      ],
      [
        "funding index",
        (l: AccountLeaf) => {
          l.fundingIndexPicoUsd[0] = 1n;
        },
      ],
    ] as const) {
      it(`refuses a final leaf with another ${field}`, () =>
        refused(
          {
            rows: buy(1),
            finally: (account, leaf) => {
              if (account === A) change(leaf);
            },
          },
          "(AccountTree|Batch)",
        ));
    }
    it("refuses an old leaf that is not in the tree", async () => {
      const trace = world.forge({ rows: buy(1) });
      (trace.accounts[0] as { before: AccountLeaf }).before.collateralPicoUsd += 5n;
      (trace.accounts[0] as { after: AccountLeaf }).after.collateralPicoUsd += 5n;
      expect(await circuit.refusal(trace)).to.match(/^PathLevel/);
    });
    it("refuses funding that was skipped", async () => {
      const epoch = testEpoch();
      (epoch.markets[0] as { fundingIndexPicoUsd: bigint }).fundingIndexPicoUsd = 1n;
      world = new World(circuit.hash, epoch);
      world.seed(A, { collateralPicoUsd: PICO, sizesLots: sizes(10n) });
      await refused(
        {
          touch: [A],
          finally: (_, leaf) => {
            leaf.collateralPicoUsd += 10n;
          },
        },
        "Batch",
      );
    });
    it("refuses one account in two slots", async () => {
      const trace = world.forge({ rows: buy(1) });
      (trace.accounts[1] as { account: number }).account = A;
      expect(await circuit.refusal(trace)).to.be.a("string");
    });
    it("refuses account slots out of order", async () => {
      const trace = world.forge({ touch: [A, B] });
      trace.accounts.reverse();
      expect(await circuit.refusal(trace)).to.match(/^AccountTree|^PathLevel/);
    });
    it("refuses a size that leaves its lane for its neighbour's", async () => {
      const trace = world.forge({ rows: buy(1) });
      await tampered(trace, "SizeLane", (input) => {
        const low = at(input, "slotLaneAfter", 0, 0);
        const next = at(input, "slotLaneAfter", 0, 1);
        low.set(low.get() + (1n << 48n));
        next.set(next.get() - 1n);
      });
    });
    it("refuses open interest above its cap by one lot, accepts the cap", async () => {
      const epoch = testEpoch();
      (epoch.markets[0] as { grossOpenInterestCapLots: bigint }).grossOpenInterestCapLots = 800n;
      world.epoch = epoch;
      await accepted({ rows: buy(400) });
      await refused({ rows: buy(1, 2) }, "OpenInterest");
    });
    it("lets open interest above a lowered cap shrink", async () => {
      world = new World(circuit.hash);
      world.seed(A, { collateralPicoUsd: 1_000n * PICO, sizesLots: sizes(1_000n) });
      world.seed(B, { collateralPicoUsd: 1_000n * PICO, sizesLots: sizes(-1_000n) });
      const epoch = testEpoch();
      (epoch.markets[0] as { grossOpenInterestCapLots: bigint }).grossOpenInterestCapLots = 800n;
      world.epoch = epoch;
      await accepted({ rows: sell(100) });
    });
  });

  async function tampered(
    trace: ReturnType<World["forge"]>,
    templates: string,
    change: (input: BatchInput) => void,
    data?: Tamper["data"],
  ) {
    const tamper: Tamper = { input: change };
    if (data !== undefined) tamper.data = data;
    expect(await circuit.refusal(trace, tamper)).to.match(new RegExp(`^(${templates})\\b`));
  }

  describe("queue", () => {
    const deposit = {
      kind: "deposit" as const,
      minSequence: 0,
      account: A,
      amountMicroUsd: 50n,
      owner: 0n,
      ax: 0n,
      ay: 0n,
    };
    beforeEach(() => {
      world.seed(A, { collateralPicoUsd: PICO });
      world.seed(B, { collateralPicoUsd: PICO });
    });
    it("credits a deposit", () => accepted({ queue: [deposit] }));
    it("refuses a deposit credited to another account", async () => {
      const trace = world.forge({ queue: [deposit], touch: [B] });
      await tampered(trace, "QueueEntry", (input) => {
        at(input, "queueChoice", 0, 0).set(0n);
        at(input, "queueChoice", 0, 1).set(1n);
      });
    });
    it("refuses a deposit credited to nobody", async () => {
      const trace = world.forge({ queue: [deposit] });
      await tampered(trace, "QueueEntry", (input) => at(input, "queueChoice", 0, 0).set(0n));
    });
    it("refuses a deposit credited twice over", async () => {
      const trace = world.forge({ queue: [deposit] });
      await tampered(trace, "AtMostOne", (input) => at(input, "queueChoice", 0, 0).set(2n));
    });
    it("refuses a registration with another key than the queue's", async () => {
      const entry = world.registration(20);
      const trace = world.forge({ queue: [entry] });
      (trace.accounts[0] as { before: AccountLeaf }).before.ax += 1n;
      expect(await circuit.refusal(trace)).to.match(/^QueueEntry/);
    });
    it("refuses a registration over an existing account", async () => {
      const trace = world.forge({ touch: [A] });
      trace.queue.push(world.registration(A));
      (trace.accounts[0] as { isNew: boolean }).isNew = true;
      expect(await circuit.refusal(trace)).to.be.a("string");
    });
    it("refuses a new account that starts with collateral", async () => {
      const trace = world.forge({ queue: [world.registration(20)] });
      (trace.accounts[0] as { before: AccountLeaf }).before.collateralPicoUsd = 1n;
      expect(await circuit.refusal(trace)).to.match(/^AccountSlot/);
    });
    it("refuses reserved queue kinds", async () => {
      const trace = world.forge({ queue: [deposit] });
      await tampered(trace, "QueueEntry", (input) => at(input, "queueIsDeposit", 0).set(2n));
    });
    it("refuses an amount beyond its width that would spill into nothing", async () => {
      const trace = world.forge({ queue: [deposit] });
      await tampered(trace, "QueueEntry", (input) => at(input, "queueAmount", 0).set(1n << 64n));
    });
  });

  describe("selectors and padding", () => {
    beforeEach(() => {
      world.seed(A, { collateralPicoUsd: 1_000n * PICO });
      world.seed(B, { collateralPicoUsd: 1_000n * PICO });
    });
    const flags: [string, number[]][] = [
      ["rowIsOrder", [0]],
      ["rowIsCancel", [0]],
      ["rowIsCancelAll", [0]],
      ["rowIsWithdrawal", [0]],
      ["rowSide", [0]],
      ["rowKeepFilled", [0]],
      ["rowNewer", [0]],
      ["rowChoice", [0, 0]],
      ["rowMarket", [0, 2]],
      ["rowSlot", [0, 11]],
      ["slotActive", [0]],
      ["slotHealthy", [0]],
      ["slotGrows", [0, 0]],
      ["slotGrows", [0, 7]],
      ["restricted", [0]],
      ["retired", [0]],
      ["isolatedOnly", [0]],
      ["liquidationIsLiquidation", [0]],
      ["liquidationIsDeleveraging", [0]],
      ["liquidationAccount", [0, 1]],
      ["liquidationCounterparty", [0, 1]],
      ["liquidationMarket", [0, 2]],
      ["liquidationSide", [0]],
      ["liquidationPays", [0]],
      ["liquidationCapped", [0]],
      ["withinCap", [0]],
      ["queueIsDeposit", [0]],
      ["queueIsRegistration", [0]],
      ["queueChoice", [0, 0]],
    ];
    for (const [name, path] of flags) {
      for (const value of [2n, FIELD_ORDER - 1n]) {
        it(`refuses ${name} = ${value === 2n ? "2" : "−1"}`, async () => {
          const trace = world.forge({ rows: buy(1) });
          await tampered(trace, "\\w+", (input) => at(input, name, ...path).set(value));
        });
      }
    }
    it("refuses a padding row that carries a quantity, a quote or a fee", async () => {
      for (const name of ["rowQuantity", "rowQuote", "rowFee"]) {
        const trace = world.forge({ touch: [A] });
        await tampered(trace, "SignedRow", (input) => at(input, name, 0).set(1n));
      }
    });
    it("refuses a row without a kind on an account", async () => {
      const trace = world.forge({ touch: [A] });
      await tampered(trace, "SignedRow", (input) => at(input, "rowChoice", 0, 0).set(1n));
    });
    it("refuses a row on an account slot that is not active: it would trade against a leaf that exists nowhere", async () => {
      const trace = world.forge({ rows: buy(1) });
      await tampered(trace, "AccountSlot", (input) => at(input, "slotActive", 1).set(0n));
    });
    it("refuses an active row behind a padding row", async () => {
      const cancel = world.sign({ kind: "cancel", account: A, slot: 1, sequence: 1 });
      const trace = world.forge({ rows: [{ message: cancel }] });
      await tampered(trace, "\\w+", (input) => {
        for (const [name, list] of Object.entries(input))
          if (name.startsWith("row") && Array.isArray(list)) list.reverse();
      });
    });
  });

  describe("ranges behind packed words", () => {
    it("refuses header fields beyond their width, however their word comes out", async () => {
      for (const [name, bits, path] of [
        ["batchNumber", 64, []],
        ["epochNumber", 64, []],
        ["epochTime", 32, []],
        ["rebateCap", 20, []],
        ["price", 32, [0]],
        ["imf", 20, [0]],
        ["mmf", 20, [0]],
        ["priceMin", 32, [0]],
        ["priceMax", 32, [0]],
        ["fundingIndexOffset", 64, [0]],
        ["positionCap", 40, [0]],
        ["liquidationFeeCap", 20, []],
        ["liquidationSpread", 22, []],
        ["bankruptcyAdjustment", 24, []],
        ["insuranceCap", 64, []],
        ["openInterestBefore", 48, [0]],
        ["openInterestCap", 48, [0]],
      ] as [string, number, number[]][]) {
        const trace = world.forge({});
        await tampered(trace, "Batch|MarketTerms|LiquidationTerms|OpenInterest", (input) =>
          at(input, name, ...path).set(1n << BigInt(bits)),
        );
      }
    });
  });

  describe("public data", () => {
    it("refuses any single changed word", async () => {
      world.seed(A, { collateralPicoUsd: 1_000n * PICO });
      world.seed(B, { collateralPicoUsd: 1_000n * PICO });
      const trace = world.forge({ rows: buy(1) });
      const length = dataOf(trace).length;
      for (let i = 0; i < length; i++) {
        const reason = await circuit.refusal(trace, {
          data: (words) => {
            words[i] = ((words[i] as bigint) + 1n) % FIELD_ORDER;
          },
        });
        expect(reason, `word ${i}`).to.match(/^Batch/);
      }
    });
    it("refuses a changed commitment, challenge or evaluation", async () => {
      const trace = world.forge({});
      for (const name of ["commitment", "z", "y"]) {
        await tampered(trace, "Batch", (input) => at(input, name).set(at(input, name).get() + 1n));
      }
    });
  });
});
