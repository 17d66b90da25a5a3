import { expect } from "chai";
import { Point } from "../../matcher/protocol/curve.ts";
import { type Message, messageWord, type OrderMessage, type Signed } from "../../matcher/protocol/message.ts";
import { messageHash } from "../../matcher/protocol/message-hash.ts";
import { pack } from "../../matcher/protocol/packing.ts";
import { sign } from "../../matcher/protocol/signature.ts";
import {
  dataLayout,
  FIELD_ORDER,
  FILLED_CANCELLED,
  ROW_KIND,
  ROW_WORD,
  SUBGROUP_ORDER,
  TAG_MESSAGE,
  tierById,
} from "../../matcher/protocol/spec.ts";
import type { BatchInput } from "../../matcher/prover/witness.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { OrderTree, orderTreeShape } from "../../matcher/state/order-tree.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { write } from "./attack-inputs.ts";
import { BatchCircuit, type Tamper } from "./batch-circuit.ts";
import { type RowPlan, TEST_DOMAIN, testEpoch, World } from "./forge.ts";

const PICO = 1_000_000_000_000n;
const A = 3;
const B = 9;

const tier = tierById(0);
const FIRST_WITHDRAWAL_WORD = dataLayout(tier).withdrawals;
const FIRST_ROW_WORD = FIRST_WITHDRAWAL_WORD + tier.withdrawals;

describe("batch circuit: messages that a dishonest prover would read otherwise", function () {
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

  async function refused(trace: BatchTrace, template: string, tamper: Tamper = {}) {
    expect(await circuit.refusal(trace, tamper)).to.match(new RegExp(`^${template}\\b`));
  }
  function trade(buy: Partial<RowPlan> = {}, sell: Partial<RowPlan> = {}): RowPlan[] {
    const size = { quantityLots: 400, quoteMicroUsd: 400_000n };
    return [
      { message: world.order({ account: A, side: "buy" }), ...size, ...buy },
      { message: world.order({ account: B, side: "sell" }), ...size, ...sell },
    ];
  }
  const setRow = (input: BatchInput, row: number, values: Record<string, bigint>) => {
    for (const [name, value] of Object.entries(values)) write(input, [name, row], value);
  };

  describe("signature", () => {
    /** A signature of the buyer whose challenge names another R8 than the equation gives. */
    function misnamed(rename: (r8: { x: bigint; y: bigint }) => { x: bigint; y: bigint }): Signed<OrderMessage> {
      const order = world.order({ account: A, side: "buy" });
      const { signature: _, ...terms } = order;
      const { scalar, ax, ay } = world.keyOf(A);
      const nonce = 987_654_321n;
      const { x: r8x, y: r8y } = rename(Point.BASE.multiply(nonce).toAffine());
      const challenge = circuit.hash([r8x, r8y, ax, ay, messageHash(terms, TEST_DOMAIN)]);
      return { ...order, signature: { r8x, r8y, s: (nonce + 8n * challenge * scalar) % SUBGROUP_ORDER } };
    }
    it("accepts one whose challenge names the right point", async () => {
      const rows = trade({ message: misnamed((r8) => r8) });
      expect(await circuit.refusal(world.forge({ rows }))).to.equal(undefined);
    });
    it("refuses one for R8's mirror image", () =>
      refused(
        world.forge({ rows: trade({ message: misnamed(({ x, y }) => ({ x: FIELD_ORDER - x, y })) }) }),
        "SignatureOf",
      ));
    it("refuses one for R8 with another y", () =>
      refused(world.forge({ rows: trade({ message: misnamed(({ x, y }) => ({ x, y: y + 1n })) }) }), "SignatureOf"));
  });

  it("refuses an order of one account on another with the same key", async () => {
    const { ax, ay } = world.keyOf(A);
    world.seed(B, { collateralPicoUsd: 1_000n * PICO, ax, ay });
    const C = 30;
    world.seed(C, { collateralPicoUsd: 1_000n * PICO });
    const signed = world.order({ account: A, side: "buy" });
    const rows = trade({ message: { ...signed, account: B } }, { message: world.order({ account: C, side: "sell" }) });
    await refused(world.forge({ rows }), "SignedRow", {
      input: (input) => setRow(input, 0, { rowAccount: BigInt(A) }),
    });
  });

  it("refuses what a slot does not remember: a filled order, by a tree in which it is not", async () => {
    world.seed(A, { collateralPicoUsd: 1_000n * PICO }, [[1, { sequence: 1, filledLots: 1_000 }]]);
    const holder = world.holders.get(A) as { slots: Map<number, unknown>; orders: OrderTree };
    holder.slots.clear();
    holder.orders = new OrderTree(orderTreeShape(circuit.hash));
    await refused(world.forge({ rows: trade() }), "SignedRow");
  });

  it("refuses a trade with nobody: an order without account and signature", async () => {
    const trace = world.forge({ rows: [trade()[1] as RowPlan] });
    const nobody = {
      rowIsOrder: 1n,
      rowSequence: 1n,
      rowNewer: 1n,
      rowExpiry: 2_000_000n,
      rowLimitPrice: 1_000n,
      rowSignedQuantity: 400n,
      rowQuantity: 400n,
      rowQuote: 400_000n,
      rowMaxFee: 1n << 19n,
    };
    const data = (words: bigint[]) => {
      words[FIRST_ROW_WORD + 1] = pack(ROW_WORD, {
        kind: 1n,
        accountSlot: 0n,
        slot: 0n,
        // Only active rows publish their sequence.
        sequence: 0n,
        filledAfterLots: 400n,
        market: 0n,
        side: 0n,
        quantityLots: 400n,
        quoteMicroUsd: 400_000n,
      });
    };
    await refused(trace, "SignedRow", { input: (input) => setRow(input, 1, nobody), data });
  });

  it("refuses cancels that carry a quantity, where the band begins at zero and lets them", async () => {
    const epoch = testEpoch();
    (epoch.markets[0] as { priceMinTicks: number }).priceMinTicks = 0;
    world.epoch = epoch;
    // The account's two cancels trade with each other; the second is signed as a sell.
    const cancel = world.sign({ kind: "cancel", account: A, slot: 1, sequence: 1 });
    const word = messageWord(cancel) + (1n << 21n);
    const signature = sign(world.keyOf(A), circuit.hash([TAG_MESSAGE + BigInt(ROW_KIND.cancel), TEST_DOMAIN, word]));
    const trace = world.forge({ rows: [{ message: cancel }, { message: { ...cancel, signature } }] });
    const quantity = 5n;
    await refused(trace, "SignedRow", {
      input: (input) => {
        setRow(input, 0, { rowQuantity: quantity });
        setRow(input, 1, { rowQuantity: quantity, rowSide: 1n });
      },
      data: (words) => {
        for (const row of [0, 1])
          words[FIRST_ROW_WORD + row] = (words[FIRST_ROW_WORD + row] as bigint) + (quantity << 113n);
      },
    });
  });

  it("refuses a withdrawal read as a cancel and a cancel-all, minus an order", async () => {
    const message = world.sign({
      kind: "withdrawal",
      account: A,
      sequence: 0,
      expirySeconds: 1_000_000,
      amountMicroUsd: 5n,
    } satisfies Message);
    const trace = world.forge({
      rows: [{ message, slotAfter: { sequence: 0, filledLots: FILLED_CANCELLED } }],
      finally: (_, leaf) => {
        leaf.collateralPicoUsd = 1_000n * PICO;
        leaf.withdrawalNonce = 0;
      },
    });
    const kinds = { rowIsOrder: -1n, rowIsCancel: 1n, rowIsCancelAll: 1n, rowIsWithdrawal: 0n };
    const data = (words: bigint[]) => {
      words[FIRST_WITHDRAWAL_WORD] = 0n;
    };
    await refused(trace, "SignedRow", { input: (input) => setRow(input, 0, kinds), data });
  });
});
