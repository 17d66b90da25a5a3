import { expect } from "chai";
import type { MarginModeMessage } from "../../matcher/protocol/message.ts";
import type { RejectCode } from "../../matcher/protocol/reject.ts";
import { commandBytes, commandFromBytes } from "../../matcher/sequencer/command-bytes.ts";
import type { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import {
  accepted,
  BTC,
  BTC_TICKS,
  codeOf,
  ETH,
  epochOf,
  newState,
  openedState,
  openingCommands,
  order,
  send,
  unsigned,
} from "./exchange-fixture.ts";
import { stateText } from "./state-digest.ts";

const ISOLATE: MarginModeMessage = { kind: "marginMode", account: 1, isolatedMarket: BTC, sequence: 10 };

function expectRefusal(
  state: ExchangeState,
  change: Partial<MarginModeMessage>,
  code: RejectCode,
  settle = false,
): void {
  const before = stateText(state);
  expect(codeOf(send(state, { ...ISOLATE, ...change }, settle))).to.equal(code);
  expect(stateText(state)).to.equal(before);
}

describe("margin modes", () => {
  it("are journaled, prove nothing, and bind the account to its market from the next order on", () => {
    const state = openedState(2);
    const outcome = accepted(send(state, ISOLATE));
    expect(outcome.steps).to.deep.equal([]);
    expect(outcome.events.map(({ event, step }) => [event, step])).to.deep.equal([
      [{ type: "margin-mode", account: 1, isolatedMarket: BTC }, null],
    ]);
    const other = order({ market: ETH, limitPriceTicks: 300_000, quantityLots: 10 });
    expect(codeOf(send(state, other))).to.equal("ISOLATED_ACCOUNT");
    expect(codeOf(send(state, { ...other, account: 2 }))).to.equal("accepted");
    accepted(send(state, order({ sequence: 2 })));
    accepted(send(state, { kind: "cancelAll", account: 1, sequence: 3 }));
    accepted(send(state, { ...ISOLATE, isolatedMarket: null, sequence: 11 }));
    expect(codeOf(send(state, { ...other, sequence: 12 }))).to.equal("accepted");
  });

  it("come back from the journal's bytes", () => {
    const commands = [
      ...openingCommands(2),
      { type: "message", message: unsigned(ISOLATE), settle: false } as const,
      { type: "message", message: unsigned({ ...ISOLATE, account: 2, isolatedMarket: ETH }), settle: false } as const,
    ];
    const [first, second] = [newState(), newState()];
    for (const command of commands) {
      accepted(first.execute(command));
      accepted(second.execute(commandFromBytes(commandBytes(command))));
    }
    expect(second.modes.entries()).to.deep.equal([
      [1, BTC, 10],
      [2, ETH, 10],
    ]);
    expect(stateText(second)).to.equal(stateText(first));
  });

  it("change only while the account has no open order and no position", () => {
    const state = openedState(2);
    accepted(send(state, order()));
    expectRefusal(state, {}, "MARGIN_MODE_IN_USE");
    accepted(send(state, order({ account: 2, side: "sell" })));
    // The order is filled, the position is there.
    expectRefusal(state, {}, "MARGIN_MODE_IN_USE");
    accepted(send(state, order({ sequence: 2, side: "sell", limitPriceTicks: BTC_TICKS, reduceOnly: true })));
    accepted(send(state, order({ account: 2, sequence: 2, reduceOnly: true })));
    accepted(send(state, ISOLATE));
    expect(state.modes.isolatedMarketOf(1)).to.equal(BTC);
  });

  it("cannot be brought back by an older message, nor by one below the account's minimum", () => {
    const state = openedState(2);
    accepted(send(state, ISOLATE));
    accepted(send(state, { ...ISOLATE, isolatedMarket: null, sequence: 12 }));
    expectRefusal(state, {}, "STALE_SEQUENCE");
    expectRefusal(state, { sequence: 12 }, "DUPLICATE_SEQUENCE");
    accepted(send(state, { kind: "cancelAll", account: 1, sequence: 50 }));
    expectRefusal(state, { sequence: 49 }, "STALE_SEQUENCE");
    accepted(send(state, { ...ISOLATE, sequence: 50 }));
  });

  it("are refused for accounts, markets and shapes that are none", () => {
    const state = openedState(2);
    expectRefusal(state, { account: 77 }, "UNKNOWN_ACCOUNT");
    expectRefusal(state, { account: 0 }, "NOT_PERMITTED");
    expectRefusal(state, { account: 2 ** 18 }, "INVALID_ACCOUNT");
    expectRefusal(state, { isolatedMarket: 6 }, "UNKNOWN_MARKET");
    expectRefusal(state, { isolatedMarket: 8 }, "UNKNOWN_MARKET");
    expectRefusal(state, { isolatedMarket: 0.5 }, "UNKNOWN_MARKET");
    expectRefusal(state, { isolatedMarket: undefined as never }, "UNKNOWN_MARKET");
    expectRefusal(state, { sequence: 0 }, "INVALID_SEQUENCE");
    expectRefusal(state, { sequence: 2 ** 48 }, "INVALID_SEQUENCE");
    expectRefusal(state, { colour: 1 } as never, "MALFORMED");
    expectRefusal(state, {}, "MALFORMED", true);
    const { isolatedMarket: _, ...without } = ISOLATE;
    const before = stateText(state);
    expect(codeOf(send(state, without as MarginModeMessage))).to.equal("MISSING_FIELD");
    expect(stateText(state)).to.equal(before);
  });

  it("can be left when their market has closed, but not chosen", () => {
    const state = openedState(2);
    accepted(send(state, ISOLATE));
    const closed = { priceMinTicks: 1, priceMaxTicks: 0 };
    accepted(state.execute({ type: "epoch", epoch: epochOf(2, {}, closed) }));
    expectRefusal(state, { account: 2 }, "UNKNOWN_MARKET");
    accepted(send(state, { ...ISOLATE, isolatedMarket: null, sequence: 11 }));
  });

  it("keep nothing of a loss from the owner's other accounts: each account's collateral is its own", () => {
    // 2 is isolated with 4,000 USD and 1 BTC long; 3 is its counterparty; the price falls by more than it has.
    const state = openedState(3, 4_000n);
    accepted(send(state, { ...ISOLATE, account: 2 }));
    accepted(send(state, order({ account: 3, side: "sell", quantityLots: 100_000 })));
    accepted(send(state, order({ account: 2, quantityLots: 100_000 })));
    const other = state.ledger.settledRecord(1).collateralPicoUsd;
    accepted(state.execute({ type: "epoch", epoch: epochOf(2, { 0: "60000" }) }));
    expect(state.ledger.marginOf(2).valuePicoUsd < 0n).to.equal(true);
    expect(state.ledger.settledRecord(1).collateralPicoUsd).to.equal(other);
  });
});
