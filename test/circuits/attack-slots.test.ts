import { expect } from "chai";
import { type AccountLeaf, leafInputs } from "../../matcher/protocol/account.ts";
import { dataLayout, FIELD_ORDER, MARKETS, tierById } from "../../matcher/protocol/spec.ts";
import { invertScalar } from "../../matcher/prover/setup/bn254.ts";
import type { BatchInput } from "../../matcher/prover/witness.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import type { AccountTrace, BatchTrace } from "../../matcher/state/trace.ts";
import { read, write } from "./attack-inputs.ts";
import { BatchCircuit, type Tamper } from "./batch-circuit.ts";
import { type RowPlan, World } from "./forge.ts";

const PICO = 1_000_000_000_000n;
const A = 3;
const B = 9;
const NEW = 20;

const tier = tierById(0);
const FIRST_ROW_WORD = dataLayout(tier).rows;
const FIRST_SLOT_WORD = FIRST_ROW_WORD + tier.rows + tier.liquidations;
const NEW_ROOT_WORD = 2;

/** What a prover would like an account slot to be. Everything else in these batches is consistent, so one rule alone refuses each. */
describe("batch circuit: account slots that a dishonest prover would like", function () {
  this.timeout(240_000);
  let circuit: BatchCircuit;
  let world: World;
  before(async () => {
    circuit = await BatchCircuit.load("test", await buildFastPoseidon());
  });
  beforeEach(() => {
    world = new World(circuit.hash);
    for (const account of [A, B]) world.seed(account, { collateralPicoUsd: 1_000n * PICO });
  });

  const refusal = (trace: BatchTrace, input?: Tamper["input"], data?: Tamper["data"]) =>
    circuit.refusal(trace, { ...(input && { input }), ...(data && { data }) });
  async function refused(trace: BatchTrace, template: string, input?: Tamper["input"], data?: Tamper["data"]) {
    expect(await refusal(trace, input, data)).to.match(new RegExp(`^${template}\\b`));
  }
  const slot = (trace: BatchTrace, j: number) => trace.accounts[j] as AccountTrace;
  const trade = (): RowPlan[] => [
    { message: world.order({ account: A, side: "buy" }), quantityLots: 400, quoteMicroUsd: 400_000n },
    { message: world.order({ account: B, side: "sell" }), quantityLots: 400, quoteMicroUsd: 400_000n },
  ];

  describe("a new account", () => {
    const gifts: [string, Partial<AccountLeaf>][] = [
      ["collateral", { collateralPicoUsd: PICO }],
      ["a withdrawal nonce", { withdrawalNonce: 1 }],
      ["a minimum sequence", { minSequence: 1 }],
      ["an order tree of its own making", { orderRoot: 5n }],
      ["a position in the first market", { sizesLots: [10n, ...new Array(MARKETS - 1).fill(0n)] }],
      [
        "a position in the last market",
        { collateralPicoUsd: 0n, sizesLots: [...new Array(MARKETS - 1).fill(0n), 10n] },
      ],
    ];
    for (const [name, gift] of gifts) {
      it(`does not start with ${name}`, async () => {
        const plan = {
          queue: [world.registration(NEW)],
          finally: (_: number, leaf: AccountLeaf) => void Object.assign(leaf, structuredClone(gift)),
        };
        const trace = world.forge(plan);
        Object.assign(slot(trace, 0).before, structuredClone(gift));
        // The position was there before the batch, as far as the open interest knows.
        trace.grossOpenInterestAfterLots = [...trace.grossOpenInterestBeforeLots];
        await refused(trace, "AccountSlot");
      });
    }
    it("has the owner and the key of its registration", async () => {
      for (const field of ["owner", "ax", "ay"] as const) {
        world = new World(circuit.hash);
        const entry = world.registration(NEW);
        // The leaf is honest; the queue said something else.
        await refused(world.forge({ queue: [{ ...entry, [field]: entry[field] + 1n }] }), "QueueEntry");
      }
    });
  });

  it("refuses a position that no row explains", async () => {
    const trace = world.forge({
      touch: [A],
      finally: (_, leaf) => {
        leaf.sizesLots[1] = 7n;
      },
    });
    await refused(trace, "AccountSlot");
  });

  it("refuses two cancel-alls of one account that add up", async () => {
    const all = (sequence: number) => ({
      message: world.sign({ kind: "cancelAll" as const, account: A, sequence }),
    });
    const trace = world.forge({
      rows: [all(10), all(12)],
      finally: (_, leaf) => {
        leaf.minSequence = 22;
      },
    });
    await refused(trace, "AccountSlot");
  });

  it("refuses a deposit for the insurance fund that is credited to nobody", async () => {
    world.seed(0, {});
    const trace = world.forge({
      queue: [{ kind: "deposit", minSequence: 0, account: 0, amountMicroUsd: 50n, owner: 0n, ax: 0n, ay: 0n }],
      finally: (_, leaf) => {
        leaf.collateralPicoUsd = 0n;
      },
    });
    await refused(trace, "QueueEntry", (input) => write(input, ["queueChoice", 0, 0], 0n));
  });

  it("refuses collateral from 2^96 on, and below −2^96", async () => {
    const most = 1n << 96n;
    for (const collateralPicoUsd of [most, -most - 1n]) {
      world.seed(NEW, { collateralPicoUsd });
      const trace = world.forge({ touch: [NEW] });
      // The word is the circuit's sum; 97 bits cannot hold it.
      slot(trace, 0).after = { ...slot(trace, 0).after, collateralPicoUsd: 0n };
      const data = (words: bigint[]) => {
        const word = (words[FIRST_SLOT_WORD] as bigint) + (collateralPicoUsd << 99n);
        words[FIRST_SLOT_WORD] = ((word % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;
      };
      await refused(trace, "AccountSlot", (input) => write(input, ["slotHealthy", 0], 0n), data);
    }
  });

  /** B's slot as unused as its words say, but with B in it. */
  function hideSecondSlot(trace: BatchTrace): Tamper["input"] {
    const hidden = slot(trace, 1);
    world.tree.set(B, world.hash(leafInputs(hidden.before)));
    trace.newRoot = world.tree.root;
    const honest = circuit.inputOf(trace);
    trace.accounts.pop();
    return (input: BatchInput) => {
      for (const name of Object.keys(input).filter((key) => key.startsWith("slot") && key !== "slotActive")) {
        (input[name] as bigint[])[1] = (honest[name] as bigint[])[1] as bigint;
      }
    };
  }

  it("refuses a trade against an account that is not stored", async () => {
    const trace = world.forge({ rows: trade() });
    await refused(trace, "AccountSlot", hideSecondSlot(trace));
  });

  it("refuses a slot that is used in part: any leaf would fit the tree", async () => {
    const trace = world.forge({ touch: [A] });
    const { before, path } = slot(trace, 0);
    const stored = path[0]?.[A] as bigint;
    const fake: AccountLeaf = { ...before, collateralPicoUsd: 1_000_000n * PICO };
    const fakeHash = circuit.hash(leafInputs(fake));
    const part = (stored * invertScalar(fakeHash)) % FIELD_ORDER;
    // The slot stores `part` of the difference between two roots: no tree's root, but the one that follows.
    world.tree.set(A, fakeHash);
    const newRoot =
      (((trace.oldRoot + part * (world.tree.root - trace.oldRoot)) % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;
    const change = (input: BatchInput) => {
      write(input, ["slotActive", 0], part);
      write(input, ["slotCollateral", 0], fake.collateralPicoUsd);
      write(input, ["newRoot"], newRoot);
    };
    const data = (words: bigint[]) => {
      words[NEW_ROOT_WORD] = newRoot;
      words[FIRST_SLOT_WORD] =
        (words[FIRST_SLOT_WORD] as bigint) + ((fake.collateralPicoUsd - before.collateralPicoUsd) << 99n);
      for (let w = 0; w < 3; w++) {
        words[FIRST_SLOT_WORD + w] = ((words[FIRST_SLOT_WORD + w] as bigint) * part) % FIELD_ORDER;
      }
    };
    await refused(trace, "AccountSlot", change, data);
  });

  it("refuses an active row behind a padding row, its word where its row is", async () => {
    const message = world.sign({ kind: "cancel", account: A, slot: 1, sequence: 1 });
    const trace = world.forge({ rows: [{ message }] });
    const swap = (input: BatchInput) => {
      for (const [name, list] of Object.entries(input)) if (name.startsWith("row")) (list as bigint[]).reverse();
    };
    const data = (words: bigint[]) => {
      const [first, second] = words.slice(FIRST_ROW_WORD, FIRST_ROW_WORD + 2) as [bigint, bigint];
      words.splice(FIRST_ROW_WORD, 2, second, first);
    };
    await refused(trace, "Batch", swap, data);
  });

  it("refuses growth below initial margin although the ratio rises", async () => {
    // 5 % of the requirement; ten lots bought at 950 bring a gain of 500 micro-USD.
    world.seed(A, {
      collateralPicoUsd: 5_000n * 1_000_000n - 1_000n * 1_000n * 1_000_000n,
      sizesLots: [1_000n, ...new Array(MARKETS - 1).fill(0n)],
    });
    const cheap = { quantityLots: 10, quoteMicroUsd: 9_500n };
    const trace = world.forge({
      rows: [
        { message: world.order({ account: A, side: "buy" }), ...cheap },
        { message: world.order({ account: B, side: "sell", limitPriceTicks: 950 }), ...cheap },
      ],
    });
    expect(read(circuit.inputOf(trace), ["slotHealthy", 0])).to.equal(0n);
    await refused(trace, "SizeGrowth");
  });
});
