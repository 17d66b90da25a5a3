import { expect } from "chai";
import type { OrderMessage, Signed } from "../../matcher/protocol/message.ts";
import { messageHash } from "../../matcher/protocol/message-hash.ts";
import { signWithNonce } from "../../matcher/protocol/signature.ts";
import { dataLayout, FIELD_ORDER, HEADER, SUBGROUP_ORDER, tierById } from "../../matcher/protocol/spec.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { BatchCircuit } from "./batch-circuit.ts";
import { type RowPlan, TEST_DOMAIN, testEpoch, World } from "./forge.ts";

const PICO = 1_000_000_000_000n;
const BUYER = 3;
const SELLER = 9;
const FIRST_WITHDRAWAL_WORD = dataLayout(tierById(0)).withdrawals;

describe("batch circuit: rows that a dishonest prover would like", function () {
  this.timeout(240_000);
  let circuit: BatchCircuit;
  let world: World;
  before(async () => {
    circuit = await BatchCircuit.load("test", await buildFastPoseidon());
  });
  beforeEach(() => {
    world = new World(circuit.hash);
    world.seed(BUYER, { collateralPicoUsd: 1_000n * PICO });
    world.seed(SELLER, { collateralPicoUsd: 1_000n * PICO });
  });

  /** Both legs of a trade of market 0 at 1,000 ticks; overrides bend either leg. */
  function trade(
    buy: Partial<RowPlan> & { terms?: Partial<OrderMessage> } = {},
    sell: Partial<RowPlan> & { terms?: Partial<OrderMessage> } = {},
  ): RowPlan[] {
    const leg = (
      account: number,
      side: "buy" | "sell",
      { terms, ...plan }: Partial<RowPlan> & { terms?: Partial<OrderMessage> },
    ): RowPlan => ({
      message: world.order({ account, side, ...terms }),
      quantityLots: 400,
      quoteMicroUsd: 400_000n,
      ...plan,
    });
    return [leg(BUYER, "buy", buy), leg(SELLER, "sell", sell)];
  }
  const refusal = (rows: RowPlan[]) => circuit.refusal(world.forge({ rows }));
  async function refused(rows: RowPlan[], template: string) {
    expect(await refusal(rows)).to.match(new RegExp(`^${template}\\b`));
  }
  async function accepted(rows: RowPlan[]) {
    expect(await refusal(rows)).to.equal(undefined);
  }

  describe("execution", () => {
    it("accepts the honest trade", () => accepted(trade()));
    it("refuses an order row of zero quantity", () =>
      refused(trade({ quantityLots: 0, quoteMicroUsd: 0n }, { quantityLots: 0, quoteMicroUsd: 0n }), "Execution"));
    it("refuses a buy above its limit by one micro-USD", async () => {
      await refused(trade({ quoteMicroUsd: 400_001n }, { quoteMicroUsd: 400_001n }), "Execution");
    });
    it("refuses a sell below its limit by one micro-USD", () =>
      refused(trade({ quoteMicroUsd: 399_999n }, { quoteMicroUsd: 399_999n }), "Execution"));
    it("accepts a price improvement for both", () =>
      accepted(trade({ quoteMicroUsd: 399_999n }, { quoteMicroUsd: 399_999n, terms: { limitPriceTicks: 990 } })));
    it("accepts the band's edge", async () => {
      const at = (quoteMicroUsd: bigint) =>
        trade({ quoteMicroUsd, terms: { limitPriceTicks: 2_000 } }, { quoteMicroUsd, terms: { limitPriceTicks: 1 } });
      await accepted(at(1_050n * 400n));
    });
    for (const [name, quote] of [
      ["above", 1_050n * 400n + 1n],
      ["below", 950n * 400n - 1n],
    ] as const) {
      it(`refuses one micro-USD ${name} the band although both limits allow it`, () =>
        refused(
          trade(
            { quoteMicroUsd: quote, terms: { limitPriceTicks: 2_000 } },
            { quoteMicroUsd: quote, terms: { limitPriceTicks: 1 } },
          ),
          "Execution",
        ));
    }
    it("refuses any trade in a market that is not live", () =>
      refused(
        trade(
          { terms: { market: 5 }, quoteMicroUsd: 0n },
          { terms: { market: 5, limitPriceTicks: 0 }, quoteMicroUsd: 0n },
        ),
        "Execution",
      ));
    it("refuses a fee above the signed maximum by one pico-USD", async () => {
      await refused(trade({ feePicoUsd: 400_000n * 1_000n + 1n }), "Execution");
    });
    it("accepts the maximum fee", () => accepted(trade({ feePicoUsd: 400_000n * 1_000n })));
    it("refuses a rebate beyond the cap by one pico-USD", () =>
      refused(trade({ feePicoUsd: 400_000n * 1_000n }, { feePicoUsd: -400_000n * 200n - 1n }), "Execution"));
    it("accepts a rebate at the cap that the taker pays for", () =>
      accepted(trade({ feePicoUsd: 400_000n * 1_000n }, { feePicoUsd: -400_000n * 200n })));
    it("refuses a maker's demanded rebate left unpaid", () =>
      refused(trade({ feePicoUsd: 400_000n * 1_000n }, { feePicoUsd: 0n, terms: { maxFeePpm: -100 } }), "Execution"));
    it("refuses fees that sum below zero", async () => {
      const trace = world.forge({ rows: trade({ feePicoUsd: 0n }, { feePicoUsd: -400_000n }) });
      // The honest formatter has no word for it; the prover would publish the field element.
      expect(
        await circuit.refusal(trace, {
          data: (words) => {
            words[HEADER.feeDelta] = FIELD_ORDER - 400_000n;
          },
        }),
      ).to.match(/^Batch/);
    });
    it("refuses an order after its expiry by one second", async () => {
      await refused(trade({ terms: { expirySeconds: 999_999 } }), "SignedRow");
    });
    it("accepts an order at the second of its expiry", () => accepted(trade({ terms: { expirySeconds: 1_000_000 } })));
  });

  describe("conservation", () => {
    it("refuses a buyer who gets one lot more than the seller gives", () =>
      refused(trade({ quantityLots: 401, terms: { limitPriceTicks: 1_000 } }), "Batch"));
    it("refuses a seller who gets one micro-USD more than the buyer pays", () =>
      refused(trade({}, { quoteMicroUsd: 400_001n }), "Batch"));
    it("refuses legs in two different markets", () =>
      refused(trade({}, { terms: { market: 1, limitPriceTicks: 500 }, quoteMicroUsd: 200_000n }), "Batch"));
  });

  describe("replay", () => {
    it("refuses an overfill by one lot", async () => {
      await refused(trade({ terms: { quantityLots: 399 } }), "SlotReplay");
    });
    it("accepts the last lot", () => accepted(trade({ terms: { quantityLots: 400 } })));
    it("counts what earlier batches filled", async () => {
      world.seed(BUYER, { collateralPicoUsd: 1_000n * PICO }, [[1, { sequence: 1, filledLots: 601 }]]);
      await refused(trade(), "SlotReplay");
    });
    it("counts it for other terms of the same slot and sequence too", async () => {
      world.seed(BUYER, { collateralPicoUsd: 1_000n * PICO }, [[1, { sequence: 1, filledLots: 601 }]]);
      await refused(trade({ terms: { limitPriceTicks: 1_040 } }), "SlotReplay");
    });
    it("refuses a superseded sequence", async () => {
      world.seed(BUYER, { collateralPicoUsd: 1_000n * PICO }, [[1, { sequence: 2, filledLots: 0 }]]);
      await refused(trade(), "SlotReplay");
    });
    it("keeps the filled quantity for an amend", async () => {
      world.seed(BUYER, { collateralPicoUsd: 1_000n * PICO }, [[1, { sequence: 1, filledLots: 601 }]]);
      await refused(trade({ terms: { sequence: 2, keepFilled: true } }), "SlotReplay");
    });
    it("keeps it for the last revision of the order, and for none of the next order's", async () => {
      world.seed(BUYER, { collateralPicoUsd: 1_000n * PICO }, [[1, { sequence: 1, filledLots: 601 }]]);
      const amended = (sequence: number, filledLots: number) =>
        trade({ terms: { sequence, keepFilled: true }, slotAfter: { sequence, filledLots } });
      await refused(amended(63, 400), "SlotReplay");
    });
    it("starts anew for the next order's number whatever its flag says", async () => {
      world.seed(BUYER, { collateralPicoUsd: 1_000n * PICO }, [[1, { sequence: 1, filledLots: 601 }]]);
      await accepted(trade({ terms: { sequence: 64, keepFilled: true } }));
    });
    it("starts anew with a fresh higher sequence", async () => {
      world.seed(BUYER, { collateralPicoUsd: 1_000n * PICO }, [[1, { sequence: 1, filledLots: 601 }]]);
      await accepted(trade({ terms: { sequence: 2 } }));
    });
    it("refuses to store less than was filled", () =>
      refused(trade({ slotAfter: { sequence: 1, filledLots: 399 } }), "(AccountTree|Batch)"));
    it("refuses a sequence below the account's minimum", async () => {
      world.seed(BUYER, { collateralPicoUsd: 1_000n * PICO, minSequence: 2 });
      await refused(trade(), "SignedRow");
    });
    it("refuses an order behind a signed cancel of its sequence", async () => {
      const cancel = world.sign({ kind: "cancel", account: BUYER, slot: 1, sequence: 1 });
      expect(await circuit.refusal(world.forge({ rows: [{ message: cancel }] }))).to.equal(undefined);
      // 2^40 − 1 + 400 has no place in the slot's word: the forger publishes something that has.
      await refused(trade({ slotAfter: { sequence: 1, filledLots: 400 } }), "SlotReplay");
    });
    it("refuses an amend that keeps the filled quantity of a cancelled slot", async () => {
      world.forge({ rows: [{ message: world.sign({ kind: "cancel", account: BUYER, slot: 1, sequence: 1 }) }] });
      await refused(
        trade({ terms: { sequence: 2, keepFilled: true }, slotAfter: { sequence: 2, filledLots: 400 } }),
        "SlotReplay",
      );
    });
    it("refuses a cancel below the slot's sequence", async () => {
      world.seed(BUYER, {}, [[1, { sequence: 5, filledLots: 0 }]]);
      await refused([{ message: world.sign({ kind: "cancel", account: BUYER, slot: 1, sequence: 4 }) }], "SlotReplay");
    });
    it("takes one cancel-all an account and batch, never downward", async () => {
      const all = (sequence: number) => ({
        message: world.sign({ kind: "cancelAll" as const, account: BUYER, sequence }),
      });
      await accepted([all(10)]);
      await refused([all(9)], "SignedRow");
    });
    it("refuses two cancel-alls of one account in a batch", async () => {
      const all = (sequence: number) => ({
        message: world.sign({ kind: "cancelAll" as const, account: BUYER, sequence }),
      });
      await refused([all(10), all(12)], "AccountSlot");
    });
  });

  describe("signature", () => {
    const withSignature = (change: (s: Signed<OrderMessage>) => void): RowPlan[] => {
      const rows = trade();
      const row = rows[0] as RowPlan;
      const message = structuredClone(row.message) as Signed<OrderMessage>;
      change(message);
      return [{ ...row, message }, rows[1] as RowPlan];
    };
    it("refuses another account's signature", async () => {
      const { signature: _, ...terms } = world.order({ account: BUYER, side: "buy" });
      await refused(
        [{ message: world.sign(terms, SELLER), quantityLots: 400, quoteMicroUsd: 400_000n }, trade()[1] as RowPlan],
        "SignatureOf",
      );
    });
    it("refuses a signature for another chain or exchange", async () => {
      const { signature: _, ...terms } = world.order({ account: BUYER, side: "buy" });
      await refused(
        [
          { message: world.sign(terms, BUYER, TEST_DOMAIN + 1n), quantityLots: 400, quoteMicroUsd: 400_000n },
          trade()[1] as RowPlan,
        ],
        "SignatureOf",
      );
    });
    const bent: [string, (m: Signed<OrderMessage>) => void][] = [
      [
        "limit price",
        (m) => {
          m.limitPriceTicks += 1;
        },
      ],
      [
        "quantity",
        (m) => {
          m.quantityLots += 1;
        },
      ],
      [
        "slot",
        (m) => {
          m.slot += 1;
        },
      ],
      [
        "sequence",
        (m) => {
          m.sequence += 1;
        },
      ],
      [
        "keep-filled flag",
        (m) => {
          m.keepFilled = true;
        },
      ],
      [
        "expiry",
        (m) => {
          m.expirySeconds += 1;
        },
      ],
      [
        "maximum fee",
        (m) => {
          m.maxFeePpm += 1;
        },
      ],
      [
        "flags",
        (m) => {
          m.reduceOnly = true;
        },
      ],
      [
        "R8",
        (m) => {
          m.signature.r8x += 1n;
        },
      ],
      [
        "S",
        (m) => {
          m.signature.s += 1n;
        },
      ],
    ];
    for (const [field, change] of bent) {
      it(`refuses a changed ${field}`, () => refused(withSignature(change), "SignatureOf"));
    }
    it("refuses a changed side", async () => {
      const buy = world.order({ account: BUYER, side: "buy" });
      const sell = world.order({ account: SELLER, side: "sell" });
      await refused(
        [
          { message: { ...buy, side: "sell" }, quantityLots: 400, quoteMicroUsd: 400_000n },
          { message: { ...sell, side: "buy" }, quantityLots: 400, quoteMicroUsd: 400_000n },
        ],
        "SignatureOf",
      );
    });
    it("refuses S + ℓ, the second signature of the same message", () =>
      refused(
        withSignature((m) => {
          m.signature.s += SUBGROUP_ORDER;
        }),
        "BitsAtMost",
      ));
    it("accepts any nonce that the trader chooses", async () => {
      const { signature: _, ...terms } = world.order({ account: BUYER, side: "buy" });
      const signature = signWithNonce(world.keyOf(BUYER), messageHash(terms, TEST_DOMAIN), 12345n);
      await accepted([
        { message: { ...terms, signature }, quantityLots: 400, quoteMicroUsd: 400_000n },
        trade()[1] as RowPlan,
      ]);
    });
    it("refuses a row of the insurance account", async () => {
      world.seed(0, { collateralPicoUsd: 1_000n * PICO });
      const buy = world.order({ account: 0, side: "buy" });
      await refused([{ message: buy, quantityLots: 400, quoteMicroUsd: 400_000n }, trade()[1] as RowPlan], "SignedRow");
    });
  });

  describe("withdrawal", () => {
    const withdrawal = (amountMicroUsd: bigint, sequence = 0, expirySeconds = 2_000_000) => ({
      message: world.sign({ kind: "withdrawal" as const, account: BUYER, sequence, expirySeconds, amountMicroUsd }),
    });
    it("accepts all of a flat account's collateral", () => accepted([withdrawal(1_000_000_000n)]));
    it("refuses one micro-USD more", () => refused([withdrawal(1_000_000_001n)], "ValidTransition"));
    it("refuses zero", () => refused([withdrawal(0n)], "SignedRow"));
    it("refuses a nonce that was used or skipped", async () => {
      await refused([withdrawal(1n, 1)], "SignedRow");
    });
    it("refuses it after its expiry", () => refused([withdrawal(1n, 0, 999_999)], "SignedRow"));
    it("refuses the same withdrawal twice in a batch: both have the right nonce", () =>
      refused([withdrawal(1n), withdrawal(1n)], "AccountSlot"));
    it("refuses two of one account in a batch", () => refused([withdrawal(1n), withdrawal(1n, 1)], "SignedRow"));
    it("refuses one outside the tier's first rows", async () => {
      const small = await BatchCircuit.load("small", circuit.hash);
      const cancel = (slot: number) => ({
        message: world.sign({ kind: "cancel" as const, account: SELLER, slot, sequence: 1 }),
      });
      const inside = world.forge({ rows: [cancel(1), withdrawal(1n)], tier: 1 });
      expect(await small.refusal(inside)).to.equal(undefined);
      const outside = world.forge({ rows: [cancel(2), cancel(3), withdrawal(1n, 1)], tier: 1 });
      expect(await small.refusal(outside)).to.match(/^SignedRow/);
    });
    it("refuses it below initial margin although nothing grew", async () => {
      // Long 1,000 lots at 1,000: initial margin 0.1 USD, value 0.1 USD + 1 micro-USD.
      world.seed(BUYER, {
        collateralPicoUsd: -900_000n * 1_000_000n + 1_000_000n,
        sizesLots: [1_000n, 0n, 0n, 0n, 0n, 0n, 0n, 0n],
      });
      await accepted([withdrawal(1n)]);
      await refused([withdrawal(1n, 1)], "ValidTransition");
    });
    it("refuses to pay anyone but the owner", async () => {
      const trace = world.forge({ rows: [withdrawal(5n)] });
      expect(
        await circuit.refusal(trace, {
          data: (words) => {
            words[FIRST_WITHDRAWAL_WORD] = (words[FIRST_WITHDRAWAL_WORD] as bigint) + 1n;
          },
        }),
      ).to.match(/^Batch/);
    });
  });

  it("settles funding before anything else", async () => {
    const epoch = testEpoch();
    (epoch.markets[0] as { fundingIndexPicoUsd: bigint }).fundingIndexPicoUsd = 7_000_000n;
    world = new World(circuit.hash, epoch);
    world.seed(BUYER, { collateralPicoUsd: 1_000n * PICO, sizesLots: [100n, 0n, 0n, 0n, 0n, 0n, 0n, 0n] });
    world.seed(SELLER, { collateralPicoUsd: 1_000n * PICO, sizesLots: [-100n, 0n, 0n, 0n, 0n, 0n, 0n, 0n] });
    await accepted(trade());
  });
});
