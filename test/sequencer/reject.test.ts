import { expect } from "chai";
import { DEVNET_BOOK_RULES, DEVNET_FEE_TIERS } from "../../matcher/protocol/devnet-markets.ts";
import type { Message, OrderMessage } from "../../matcher/protocol/message.ts";
import type { RejectCode } from "../../matcher/protocol/reject.ts";
import { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import {
  accepted,
  BTC_TICKS,
  codeOf,
  EPOCH_SECONDS,
  epochOf,
  FUNDING,
  openedState,
  order,
  send,
  unsigned,
} from "./exchange-fixture.ts";
import { stateText } from "./state-digest.ts";

/** A state with something of everything: positions, resting orders, a fill, a cancelled slot. */
function busyState(): ExchangeState {
  const state = openedState(4);
  accepted(send(state, order({ account: 1, slot: 0, sequence: 10, side: "buy", quantityLots: 1_000 })));
  accepted(send(state, order({ account: 2, slot: 0, sequence: 10, side: "sell", quantityLots: 400 })));
  accepted(send(state, order({ account: 3, slot: 0, sequence: 10, side: "sell", limitPriceTicks: BTC_TICKS + 100 })));
  accepted(send(state, { kind: "cancel", account: 3, slot: 5, sequence: 50 }, true));
  accepted(send(state, { kind: "cancelAll", account: 4, sequence: 100 }, true));
  return state;
}

/** Refused with this code, and byte for byte nothing has changed. */
function expectRefusal(state: ExchangeState, message: Message, code: RejectCode, settle = false): void {
  const before = stateText(state);
  expect(codeOf(send(state, message, settle))).to.equal(code);
  expect(stateText(state)).to.equal(before);
}

const bad = (field: string, value: unknown): OrderMessage =>
  ({ ...order(), sequence: 1_000, [field]: value }) as OrderMessage;
const TOO_BIG = 2 ** 48;

const ORDER_CASES: [RejectCode, string, OrderMessage][] = [
  ["MALFORMED", "an unknown field", bad("colour", 1)],
  ["MALFORMED", "an unknown kind", bad("kind", "option")],
  ["MISSING_FIELD", "no fee maximum", bad("maxFeePpm", undefined)],
  ["INVALID_ACCOUNT", "an account beyond the tree", bad("account", 2 ** 18)],
  ["INVALID_SLOT", "a slot beyond the tree", bad("slot", 4_096)],
  ["INVALID_SEQUENCE", "a sequence of 49 bits", bad("sequence", TOO_BIG)],
  ["INVALID_SEQUENCE", "a sequence of zero", bad("sequence", 0)],
  ["INVALID_SIDE", "a side of its own", bad("side", "long")],
  ["INVALID_TIME_IN_FORCE", "a time in force of its own", bad("timeInForce", "DAY")],
  ["INVALID_SELF_TRADE", "a self-trade rule of its own", bad("selfTrade", "allow")],
  ["INVALID_FLAG", "a flag that is no boolean", bad("reduceOnly", 1)],
  ["INVALID_MAX_FEE", "a fee maximum of 21 bits", bad("maxFeePpm", 2 ** 19)],
  ["INVALID_MAX_FEE", "a fee maximum that is a fraction", bad("maxFeePpm", 0.5)],
  ["NOT_PERMITTED", "the insurance fund's account", bad("account", 0)],
  ["UNKNOWN_ACCOUNT", "an account that nobody registered", bad("account", 77)],
  ["UNKNOWN_MARKET", "a market that is not live", bad("market", 6)],
  ["UNKNOWN_MARKET", "a market that does not exist", bad("market", 8)],
  ["PRICE_ZERO", "a price of zero", bad("limitPriceTicks", 0)],
  ["PRICE_TOO_LARGE", "a price of 33 bits", bad("limitPriceTicks", 2 ** 32)],
  ["OUTSIDE_PRICE_BAND", "a buy above the band", bad("limitPriceTicks", BTC_TICKS + 32_501)],
  [
    "OUTSIDE_PRICE_BAND",
    "a sell below the band",
    { ...order(), sequence: 1_000, side: "sell", limitPriceTicks: BTC_TICKS - 32_501 },
  ],
  ["QUANTITY_ZERO", "no quantity", bad("quantityLots", 0)],
  ["QUANTITY_TOO_LARGE", "more than the market's largest", bad("quantityLots", 10_000_001)],
  ["INVALID_EXPIRY", "an expiry in milliseconds", bad("expirySeconds", EPOCH_SECONDS * 1_000)],
  ["EXPIRED", "an expiry before the epoch's time", bad("expirySeconds", EPOCH_SECONDS - 1)],
  [
    "EXPIRY_TOO_FAR",
    "an expiry beyond the horizon",
    bad("expirySeconds", EPOCH_SECONDS + DEVNET_BOOK_RULES.expiryHorizonSeconds + 1),
  ],
  ["DUPLICATE_SEQUENCE", "slot and sequence of a live order", { ...order(), slot: 0, sequence: 10 }],
  ["STALE_SEQUENCE", "a sequence below the live order's", { ...order(), slot: 0, sequence: 9 }],
  ["STALE_SEQUENCE", "a sequence below a proven cancel's", { ...order(), account: 3, slot: 5, sequence: 49 }],
  ["STALE_SEQUENCE", "a sequence below the account's minimum", { ...order(), account: 4, slot: 9, sequence: 99 }],
  [
    "ALREADY_FILLED",
    "a cancelled slot's filled kept",
    { ...order(), account: 3, slot: 5, sequence: 51, keepFilled: true },
  ],
  ["POST_ONLY_NOT_RESTING", "post-only and IOC", { ...order(), sequence: 1_000, postOnly: true, timeInForce: "IOC" }],
  [
    "POST_ONLY_WOULD_CROSS",
    "a post-only sell into a bid",
    { ...order(), account: 2, sequence: 1_000, side: "sell", postOnly: true },
  ],
  [
    "FOK_NOT_FILLABLE",
    "a FOK above what rests",
    { ...order(), account: 2, sequence: 1_000, side: "sell", timeInForce: "FOK", quantityLots: 601 },
  ],
  ["REDUCE_ONLY_WOULD_INCREASE", "a reduce-only buy on a long", { ...order(), sequence: 1_000, reduceOnly: true }],
  [
    "INSUFFICIENT_INITIAL_MARGIN",
    "more than 20 times the equity",
    { ...order(), sequence: 1_000, quantityLots: 4_000_000 },
  ],
  ["MAX_FEE_TOO_LOW", "a fee maximum below the taker's rate", { ...order(), sequence: 1_000, maxFeePpm: 499 }],
  [
    "MAX_FEE_TOO_LOW",
    "a post-only fee maximum below the maker's rate",
    { ...order(), sequence: 1_000, postOnly: true, limitPriceTicks: BTC_TICKS - 9, maxFeePpm: 199 },
  ],
];

describe("the exchange refuses, and nothing changes", () => {
  const state = busyState();

  for (const [code, what, message] of ORDER_CASES) {
    it(`${code}: ${what}`, () => expectRefusal(state, message, code));
  }

  it("KEPT_FILLED_MISMATCH: an amend that would inherit an older order's fills", () => {
    const state = busyState();
    // Slot 0 of account 1 has fills of sequence 10; the live order after that one has none of its own.
    accepted(send(state, order({ slot: 0, sequence: 11, limitPriceTicks: BTC_TICKS - 50 })));
    expectRefusal(
      state,
      order({ slot: 0, sequence: 12, limitPriceTicks: BTC_TICKS - 50, keepFilled: true }),
      "KEPT_FILLED_MISMATCH",
    );
  });

  it("OPEN_ORDERS_LIMIT: one more resting order than an account may have", () => {
    const rules = { ...DEVNET_BOOK_RULES, openOrdersPerAccountMax: 2 };
    const few = openedState(1);
    const state = new ExchangeState({ rules, feeSchedule: DEVNET_FEE_TIERS, funding: FUNDING });
    accepted(state.execute({ type: "epoch", epoch: epochOf(1) }));
    [...few.ledger.entries()].forEach(({ account, record }, at) => {
      const entry = {
        kind: "registration",
        minSequence: 0,
        account,
        amountMicroUsd: 0n,
        owner: 1n,
        ax: record.ax,
        ay: record.ay,
      } as const;
      accepted(state.execute({ type: "queue", entry, cursor: at }));
    });
    const deposit = {
      kind: "deposit",
      minSequence: 0,
      account: 1,
      amountMicroUsd: 10n ** 11n,
      owner: 0n,
      ax: 0n,
      ay: 0n,
    } as const;
    accepted(state.execute({ type: "queue", entry: deposit, cursor: 1 }));
    accepted(send(state, order({ slot: 0 })));
    accepted(send(state, order({ slot: 1 })));
    expectRefusal(state, order({ slot: 2 }), "OPEN_ORDERS_LIMIT");
  });

  it("OPEN_INTEREST_CAP: growth at the cap", () => {
    const state = busyState();
    accepted(state.execute({ type: "epoch", epoch: epochOf(2, {}, { grossOpenInterestCapLots: 800n }) }));
    expectRefusal(state, order({ account: 3, slot: 9, sequence: 9 }), "OPEN_INTEREST_CAP");
    accepted(
      send(state, order({ slot: 9, sequence: 90, side: "sell", limitPriceTicks: BTC_TICKS + 50, quantityLots: 400 })),
    );
  });

  it("LIQUIDATABLE: growth of an account below maintenance", () => {
    const state = openedState(2, 10_000n);
    // 3 BTC at 65,000 with 10,000 of equity; at 62,500 equity is 2,500 − fees, maintenance 5,625.
    accepted(send(state, order({ account: 1, side: "sell", quantityLots: 300_000 })));
    accepted(send(state, order({ account: 2, side: "buy", quantityLots: 300_000 })));
    accepted(state.execute({ type: "epoch", epoch: epochOf(2, { 0: "62500" }) }));
    expectRefusal(state, order({ account: 2, sequence: 2, limitPriceTicks: 600_000 }), "LIQUIDATABLE");
    accepted(send(state, order({ account: 2, sequence: 2, side: "sell", limitPriceTicks: 625_000, reduceOnly: true })));
  });

  it("ORDER_NOT_FOUND, DUPLICATE_SEQUENCE, STALE_SEQUENCE: cancels of what is not there", () => {
    const state = busyState();
    expectRefusal(state, { kind: "cancel", account: 1, slot: 0, sequence: 9 }, "STALE_SEQUENCE");
    accepted(send(state, { kind: "cancel", account: 1, slot: 0, sequence: 10 }));
    expectRefusal(state, { kind: "cancel", account: 1, slot: 0, sequence: 10 }, "ORDER_NOT_FOUND");
    expectRefusal(state, { kind: "cancel", account: 3, slot: 5, sequence: 50 }, "DUPLICATE_SEQUENCE", true);
    expectRefusal(state, { kind: "cancel", account: 3, slot: 5, sequence: 49 }, "STALE_SEQUENCE", true);
    expectRefusal(state, { kind: "cancelAll", account: 4, sequence: 100 }, "DUPLICATE_SEQUENCE");
    expectRefusal(state, { kind: "cancelAll", account: 4, sequence: 99 }, "STALE_SEQUENCE");
    expectRefusal(state, { kind: "cancelAll", account: 4, sequence: 100 }, "DUPLICATE_SEQUENCE", true);
    expectRefusal(state, { kind: "cancel", account: 1, slot: 4_096, sequence: 1 }, "INVALID_SLOT");
    expectRefusal(state, { kind: "cancelAll", account: 1, sequence: 0 }, "INVALID_SEQUENCE");
    expectRefusal(state, { kind: "cancelAll", account: 0, sequence: 1 }, "NOT_PERMITTED");
  });

  it("withdrawals: WRONG_NONCE, INVALID_AMOUNT, EXPIRED, INSUFFICIENT_INITIAL_MARGIN", () => {
    const state = busyState();
    const withdrawal = {
      kind: "withdrawal",
      account: 1,
      sequence: 0,
      expirySeconds: EPOCH_SECONDS,
      amountMicroUsd: 1n,
    } as const;
    expectRefusal(state, { ...withdrawal, sequence: 1 }, "WRONG_NONCE");
    expectRefusal(state, { ...withdrawal, amountMicroUsd: 0n }, "INVALID_AMOUNT");
    expectRefusal(state, { ...withdrawal, amountMicroUsd: 1n << 72n }, "INVALID_AMOUNT");
    expectRefusal(state, { ...withdrawal, expirySeconds: EPOCH_SECONDS - 1 }, "EXPIRED");
    expectRefusal(state, { ...withdrawal, amountMicroUsd: 100_000_000_000n }, "INSUFFICIENT_INITIAL_MARGIN");
    expectRefusal(state, withdrawal, "MALFORMED", true);
    accepted(send(state, withdrawal));
    expectRefusal(state, withdrawal, "WRONG_NONCE");
  });

  it("MALFORMED, MISSING_FIELD: signatures that are none", () => {
    const before = stateText(state);
    for (const [code, signature] of [
      ["MISSING_FIELD", undefined],
      ["MALFORMED", { r8x: 1n, r8y: 1n }],
      ["MALFORMED", { r8x: 1n, r8y: -1n, s: 0n }],
      ["MALFORMED", { r8x: 1n, r8y: 1n << 256n, s: 0n }],
    ] as const) {
      const message = { ...unsigned(order({ sequence: 1_000 })), signature } as ReturnType<typeof unsigned>;
      expect(codeOf(state.execute({ type: "message", message, settle: false }))).to.equal(code);
    }
    expect(stateText(state)).to.equal(before);
  });

  it("UNKNOWN_ACCOUNT: commands of the exchange for accounts that do not exist", () => {
    const before = stateText(state);
    expect(codeOf(state.execute({ type: "cancelAllApi", account: 99, market: null }))).to.equal("UNKNOWN_ACCOUNT");
    expect(codeOf(state.execute({ type: "feeTier", account: 99, tier: 1 }))).to.equal("UNKNOWN_ACCOUNT");
    expect(stateText(state)).to.equal(before);
  });

  it("throws, and changes nothing, for what L1 cannot have said", () => {
    const before = stateText(state);
    expect(() => state.execute({ type: "epoch", epoch: epochOf(3) })).to.throw(RangeError, "epoch 3 after 1");
    const entry = {
      kind: "deposit",
      minSequence: 0,
      account: 1,
      amountMicroUsd: 1n,
      owner: 0n,
      ax: 0n,
      ay: 0n,
    } as const;
    expect(() => state.execute({ type: "queue", entry, cursor: 0 })).to.throw(RangeError, "queue entry 0 came");
    expect(() => state.execute({ type: "feeTier", account: 1, tier: 9 })).to.throw(RangeError, "no fee tier 9");
    expect(stateText(state)).to.equal(before);
  });
});
