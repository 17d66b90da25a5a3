import { expect } from "chai";
import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { OrderMessage } from "../../matcher/protocol/message.ts";
import type { BatchInput } from "../../matcher/prover/witness.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { add, carryDown, carryFraction, inverseOfTwoTo, type Place, write } from "./attack-inputs.ts";
import { BatchCircuit } from "./batch-circuit.ts";
import { type RowPlan, testEpoch, World } from "./forge.ts";

const PICO = 1_000_000_000_000n;
const A = 3;
const B = 9;

/**
 * The contract, a leaf or a signature fixes a word; the prover says which fields it is made of. Here the word stays and the fields are others,
 * so that nothing but a field's range can refuse the batch.
 */
describe("batch circuit: words taken apart otherwise", function () {
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

  async function refused(trace: BatchTrace, template: string, input: (input: BatchInput) => void, what?: string) {
    expect(await circuit.refusal(trace, { input }), what).to.match(new RegExp(`^${template}\\b`));
  }
  function trade(buy: Partial<RowPlan>, sell: Partial<RowPlan>, terms: Partial<OrderMessage>[] = []): RowPlan[] {
    return [
      {
        message: world.order({ account: A, side: "buy", ...terms[0] }),
        quantityLots: 400,
        quoteMicroUsd: 400_000n,
        ...buy,
      },
      {
        message: world.order({ account: B, side: "sell", ...terms[1] }),
        quantityLots: 400,
        quoteMicroUsd: 400_000n,
        ...sell,
      },
    ];
  }

  describe("that the contract wrote", () => {
    const epochWord: [Place, number][] = [
      [["batchNumber"], 64],
      [["epochNumber"], 64],
      [["epochTime"], 32],
      [["rebateCap"], 20],
    ];
    const marketWord: [Place, number][] = [
      [["price", 0], 32],
      [["imf", 0], 20],
      [["mmf", 0], 20],
      [["priceMin", 0], 32],
      [["priceMax", 0], 32],
      [["fundingIndexOffset", 0], 64],
      [["restricted", 0], 1],
      [["retired", 0], 1],
      [["isolatedOnly", 0], 1],
      [["positionCap", 0], 40],
    ];
    const liquidationWord: [Place, number][] = [
      [["liquidationFeeCap"], 20],
      [["liquidationSpread"], 22],
      [["bankruptcyAdjustment"], 24],
      [["insuranceCap"], 64],
    ];
    /** A flag has room for one step: down from true, up from false. */
    const flagged = (flag: boolean) => {
      const epoch = testEpoch();
      const flags = { restricted: flag, retired: flag, isolatedOnly: flag, positionCapLots: 5n };
      return { ...epoch, markets: epoch.markets.with(0, { ...(epoch.markets[0] as EpochMarket), ...flags }) };
    };
    for (const [template, word] of [
      ["Batch", epochWord],
      ["MarketTerms", marketWord],
      ["LiquidationTerms", liquidationWord],
    ] as const) {
      const pairs = word.slice(1).map((upper, i) => [word[i], upper] as [[Place, number], [Place, number]]);
      for (const [[lower, width], [upper]] of pairs) {
        it(`refuses a ${lower[0]} that overflows into ${upper[0]}`, async () => {
          world.epoch = flagged(true);
          const trace = world.forge({});
          await refused(trace, template, (input) => carryDown(input, lower, upper, width));
        });
        it(`refuses a negative ${lower[0]} that ${upper[0]} makes up for`, async () => {
          world.epoch = flagged(false);
          const trace = world.forge({});
          await refused(trace, template, (input) => carryDown(input, lower, upper, width, -1n));
        });
      }
      const [[lower, width], [upper]] = pairs.at(-1) as [[Place, number], [Place, number]];
      it(`refuses a fraction of ${upper[0]} that ${lower[0]} makes up for`, async () => {
        const trace = world.forge({});
        await refused(trace, template, (input) => carryFraction(input, lower, upper, width));
      });
    }
    it("refuses to trade beyond a market's cap at the cost of the next market's", async () => {
      const epoch = testEpoch();
      (epoch.markets[0] as { grossOpenInterestCapLots: bigint }).grossOpenInterestCapLots = 799n;
      world.epoch = epoch;
      await refused(world.forge({ rows: trade({}, {}) }), "OpenInterest", (input) => {
        carryDown(input, ["openInterestCap", 0], ["openInterestCap", 1], 48);
        write(input, ["withinCap", 0], 1n);
      });
    });
    it("refuses a 64th of a micro-USD less of the insurance cap for a quarter more of the bankruptcy adjustment", async () => {
      // 10^6 of it is a whole number of pico-USD: what is left of the cap is in range.
      await refused(world.forge({}), "LiquidationTerms", (input) => {
        add(input, ["insuranceCap"], -inverseOfTwoTo(6));
        add(input, ["bankruptcyAdjustment"], 1n << 18n);
      });
    });
    it("refuses to consume a deposit as nothing", async () => {
      const deposit = {
        kind: "deposit" as const,
        minSequence: 0,
        account: A,
        amountMicroUsd: 50n,
        owner: 0n,
        ax: 0n,
        ay: 0n,
      };
      const trace = world.forge({ queue: [deposit] });
      const head = 2n + (BigInt(A) << 4n) + (50n << 22n);
      // The account keeps what it had before the deposit.
      world.tree.set(A, (trace.accounts[0] as { path: bigint[][] }).path[0]?.[A] as bigint);
      const eaten: BatchTrace = { ...trace, newRoot: world.tree.root, accounts: [] };
      await refused(eaten, "QueueEntry", (input) => {
        for (const name of ["queueIsDeposit", "queueAccount"]) write(input, [name, 0], 0n);
        for (const slot of [0, 1, 2]) write(input, ["queueChoice", 0, slot], 0n);
        write(input, ["queueAmount", 0], head * inverseOfTwoTo(22));
      });
    });
  });

  describe("that a leaf keeps", () => {
    const balanced = (trace: BatchTrace, input: (input: BatchInput) => void) => refused(trace, "AccountSlot", input);
    it("refuses an order behind a cancel-all, its minimum hidden in the withdrawal nonce", async () => {
      world.seed(A, { collateralPicoUsd: 1_000n * PICO, minSequence: 2 });
      await balanced(world.forge({ rows: trade({}, {}) }), (input) => {
        carryDown(input, ["slotWithdrawalNonce", 0], ["slotMinSequence", 0], 32);
      });
    });
    it("refuses a withdrawal ahead of its nonce, the rest of it hidden in the minimum", async () => {
      const message = world.sign({
        kind: "withdrawal",
        account: A,
        sequence: 1,
        expirySeconds: 2_000_000,
        amountMicroUsd: 5n,
      });
      // The leaf after has the nonce 1 too: 1 + 1 and a minimum of −2^−32, in one word 2 − 1.
      await balanced(world.forge({ rows: [{ message }] }), (input) => {
        carryFraction(input, ["slotWithdrawalNonce", 0], ["slotMinSequence", 0], 32);
      });
    });
  });

  describe("that a trader signed", () => {
    const bySignature = async (rows: RowPlan[], change: (input: BatchInput) => void) =>
      refused(world.forge({ rows }), "SignedWord", change);
    it("refuses an expired order whose maximum fee lends it 136 years", () =>
      bySignature(trade({}, {}, [{ expirySeconds: 999_999 }]), (input) => {
        carryDown(input, ["rowExpiry", 0], ["rowMaxFee", 0], 32);
      }));
    it("refuses a fee above the maximum, which the limit price makes up for", () =>
      bySignature(trade({ feePicoUsd: 400_000n * 2_000n }, {}, [{ limitPriceTicks: 1_001 }]), (input) => {
        carryDown(input, ["rowMaxFee", 0], ["rowLimitPrice", 0], 20);
      }));
    it("refuses a price above the limit, which the quantity makes up for", () => {
      const rows = trade({ quoteMicroUsd: 400_001n }, { quoteMicroUsd: 400_001n });
      return bySignature(rows, (input) => carryDown(input, ["rowLimitPrice", 0], ["rowSignedQuantity", 0], 32));
    });
    it("refuses an amend read as a fresh order, its flag hidden in the other flags", () => {
      world.seed(A, { collateralPicoUsd: 1_000n * PICO }, [[1, { sequence: 1, filledLots: 601 }]]);
      const amend = { sequence: 2, keepFilled: true };
      const rows = trade({ slotAfter: { sequence: 2, filledLots: 400 } }, {}, [amend]);
      return bySignature(rows, (input) => {
        write(input, ["rowKeepFilled", 0], 0n);
        add(input, ["rowFlags", 0], inverseOfTwoTo(1));
      });
    });
    it("refuses a filled order on the next slot, its own hidden in the flags", () => {
      world.seed(A, { collateralPicoUsd: 1_000n * PICO }, [[1, { sequence: 1, filledLots: 1_000 }]]);
      const { signature } = world.order({ account: A, side: "buy" });
      const elsewhere = { ...world.order({ account: A, side: "buy", slot: 0 }), signature };
      return bySignature(trade({ message: elsewhere }, {}), (input) => add(input, ["rowFlags", 0], 256n));
    });
  });
});
