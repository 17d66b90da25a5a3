import { expect } from "chai";
import { messageFields, type OrderMessage, type Signed } from "../../matcher/protocol/message.ts";
import { sign } from "../../matcher/protocol/signature.ts";
import {
  dataLayout,
  FILLED_CANCELLED,
  INSURANCE_ACCOUNT,
  MESSAGE_WORD,
  PICO_PER_MICRO,
  ROW_KIND,
  ROW_WORD,
  TAG_MESSAGE,
  TIERS,
} from "../../matcher/protocol/spec.ts";
import type { BatchInput } from "../../matcher/prover/witness.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import type { BatchTrace, LiquidationTrace, RowTrace } from "../../matcher/state/trace.ts";
import { BatchCircuit } from "./batch-circuit.ts";
import { TEST_DOMAIN, World } from "./forge.ts";

const PICO = 1_000_000_000_000n;
const BUYER = 3;
const SELLER = 9;
/** One more than the widest quantity: what spills into the next field of a word. */
const OVER = 1n << 40n;

/** Σ value · 2^(place of the field), without the check that a value fits its field. */
function packedBeyondWidths(layout: readonly (readonly [string, number])[], fields: Record<string, bigint>): bigint {
  let word = 0n;
  let shift = 0n;
  for (const [name, bits] of layout) {
    word += (fields[name] ?? 0n) << shift;
    shift += BigInt(bits);
  }
  return word;
}

/**
 * An operator who also trades signs whatever he likes. A word of his that reads as something else than what was stored leaves an account's
 * leaf that nobody else can compute: after that no one finds his path into the tree, and nobody can escape.
 */
describe("batch circuit: published words that would read as something else", function () {
  this.timeout(240_000);
  let circuit: BatchCircuit;
  let world: World;
  before(async () => {
    circuit = await BatchCircuit.load("test", await buildFastPoseidon());
  });
  beforeEach(() => {
    world = new World(circuit.hash);
  });

  const tier = TIERS.find(({ name }) => name === "test") as (typeof TIERS)[number];
  const firstRowWord = dataLayout(tier).rows;
  const setRow = (input: BatchInput, row: number, values: Record<string, bigint>) => {
    for (const [name, value] of Object.entries(values)) (input[name] as bigint[])[row] = value;
  };

  /** The inputs of an order whose signed quantity is 2^40 more than its terms say. */
  function oversigned(order: Signed<OrderMessage>): Record<string, bigint> {
    const fields = messageFields(order);
    fields.quantityLots += OVER;
    const message = circuit.hash([
      TAG_MESSAGE + BigInt(ROW_KIND.order),
      TEST_DOMAIN,
      packedBeyondWidths(MESSAGE_WORD, fields),
    ]);
    const { r8x, r8y, s } = sign(world.keyOf(order.account), message);
    return { rowSignedQuantity: fields.quantityLots, rowR8x: r8x, rowR8y: r8y, rowS: s };
  }

  /** Formats what fits, then adds to the rows' words what spills. */
  const refusal = (trace: BatchTrace, spill: Record<string, bigint>[], inputs: Record<string, bigint>[]) =>
    circuit.refusal(trace, {
      data: (words) => {
        spill.forEach((fields, row) => {
          words[firstRowWord + row] = (words[firstRowWord + row] as bigint) + packedBeyondWidths(ROW_WORD, fields);
        });
      },
      input: (input) => {
        for (const [row, values] of inputs.entries()) setRow(input, row, values);
      },
    });

  it("refuses an amend on a cancelled slot whose filled quantity would spill into the published market", async () => {
    world.seed(BUYER, { collateralPicoUsd: 1_000n * PICO }, [[1, { sequence: 1, filledLots: FILLED_CANCELLED }]]);
    world.seed(SELLER, { collateralPicoUsd: 1_000n * PICO });
    const amend = world.order({ account: BUYER, side: "buy", sequence: 2, keepFilled: true, quantityLots: 400 });
    const sell = world.order({ account: SELLER, side: "sell" });
    const filledLots = FILLED_CANCELLED + 400;
    const trace = world.forge({
      rows: [
        { message: amend, quantityLots: 400, quoteMicroUsd: 400_000n, slotAfter: { sequence: 2, filledLots } },
        { message: sell, quantityLots: 400, quoteMicroUsd: 400_000n },
      ],
    });
    const row = trace.rows[0] as { slotAfter: RowTrace["slotAfter"] };
    row.slotAfter = { sequence: 2, filledLots: filledLots - Number(OVER) };
    expect(await refusal(trace, [{ filledAfterLots: OVER }], [oversigned(amend)])).to.match(/SlotReplay|SignedWord/);
  });

  it("refuses 2^40 lots in one liquidation, which would spill into its published quote", async () => {
    const half = 1n << 39n;
    const price = 1_000n * PICO_PER_MICRO;
    const hold = (account: number, lots: bigint, value: bigint) =>
      world.seed(account, { collateralPicoUsd: value - lots * price, sizesLots: [lots, 0n, 0n, 0n, 0n, 0n, 0n, 0n] });
    hold(INSURANCE_ACCOUNT, 0n, PICO);
    hold(BUYER, -OVER, -5n);
    hold(SELLER, half, 10n ** 9n * PICO);
    const orders = [1, 2].map((slot) =>
      world.order({ account: SELLER, side: "sell", slot, quantityLots: Number(half) }),
    );
    const trace = world.forge({
      rows: orders.map((message) => ({ message, quantityLots: Number(half), quoteMicroUsd: half * 1_000n })),
      liquidations: [
        {
          ...{ kind: "liquidation", account: BUYER, market: 0, side: "buy" },
          ...{ quantityLots: Number(OVER), quoteMicroUsd: OVER * 1_000n },
          ...{ feePicoUsd: 0n, payoutPicoUsd: 5n, coveredPicoUsd: 5n },
        },
      ],
    });
    (trace.liquidations[0] as LiquidationTrace).quantityLots = 0;
    const reason = await circuit.refusal(trace, {
      data: (words) => {
        words[firstRowWord + tier.rows] = (words[firstRowWord + tier.rows] as bigint) + (OVER << 19n);
      },
      input: (input) => {
        (input.liquidationQuantity as bigint[])[0] = OVER;
      },
    });
    expect(reason).to.match(/^LiquidationRow/);
  });

  it("refuses 2^40 lots in one row, which would spill into the published quote", async () => {
    const half = 1n << 39n;
    const flip = (account: number, lots: bigint) =>
      world.seed(account, { collateralPicoUsd: 10n ** 9n * PICO, sizesLots: [lots, 0n, 0n, 0n, 0n, 0n, 0n, 0n] });
    flip(BUYER, -half);
    flip(SELLER, half);
    const orders = [
      world.order({ account: BUYER, side: "buy", quantityLots: 400 }),
      world.order({ account: SELLER, side: "sell", quantityLots: 400 }),
    ];
    const trace = world.forge({
      rows: orders.map((message) => ({ message, quantityLots: Number(OVER), quoteMicroUsd: OVER * 1_000n })),
    });
    for (const row of trace.rows as { quantityLots: number; slotAfter: RowTrace["slotAfter"] }[]) {
      row.quantityLots = 0;
      row.slotAfter = { sequence: 1, filledLots: 0 };
    }
    const spill = { quantityLots: OVER, filledAfterLots: OVER };
    const inputs = orders.map((order) => ({ ...oversigned(order), rowQuantity: OVER }));
    expect(await refusal(trace, [spill, spill], inputs)).to.match(/SlotReplay|SignedWord|Execution/);
  });
});
