import { expect } from "chai";
import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { TimeInForce } from "../../matcher/protocol/message.ts";
import { accountView } from "../../matcher/sequencer/exchange-view.ts";
import { orderPreview } from "../../matcher/sequencer/margin-view.ts";
import type { Outcome } from "../../matcher/sequencer/outcome.ts";
import { BTC, BTC_TICKS, codeOf, EPOCH_SECONDS, ETH, epochOf, openedState, order, send } from "./exchange-fixture.ts";
import { dice } from "./random-commands.ts";

const ACCOUNTS = 8;
const ORDERS = 6_000;
const TIMES: TimeInForce[] = ["GTT", "GTT", "GTT", "IOC", "FOK"];
const ETH_TICKS = 300_000;

/** What an account took of the book: lots and quote. */
function takenBy(outcome: Outcome, account: number): { quantityLots: bigint; quoteMicroUsd: bigint } {
  const taken = { quantityLots: 0n, quoteMicroUsd: 0n };
  for (const { step } of outcome.accepted ? outcome.steps : []) {
    if (step.kind !== "fill" || step.taker.order.account !== account) continue;
    taken.quantityLots += BigInt(step.quantityLots);
    taken.quoteMicroUsd += step.quoteMicroUsd;
  }
  return taken;
}

/** What depends on who owns the levels, and on whether their owners may still fill: more than the levels tell. */
const ABOUT_MAKERS: readonly (string | null)[] = ["POST_ONLY_WOULD_CROSS", "FOK_NOT_FILLABLE"];

describe("a preview, over random accounts, epochs and orders", function () {
  this.timeout(60_000);

  it("says exactly what the exchange then does, and what becomes of the account", () => {
    const state = openedState(ACCOUNTS, 20_000n);
    const roll = dice(40_411);
    const codes = new Map<string, number>();
    let [epoch, ticks, compared, executed] = [1, BTC_TICKS, 0, 0];
    for (let i = 0; i < ORDERS; i++) {
      if (roll(60) === 0) {
        epoch += 1;
        ticks = Math.max(500_000, Math.min(800_000, ticks + roll(40_001) - 20_000));
        const change: Partial<EpochMarket> = {
          grossOpenInterestCapLots: roll(3) === 0 ? 1_000_000n : 2n ** 47n,
          positionCapLots: roll(3) === 0 ? 60_000n : 2n ** 40n - 1n,
          isolatedOnly: roll(4) === 0,
          restricted: roll(6) === 0,
        };
        expect(
          codeOf(state.execute({ type: "epoch", epoch: epochOf(epoch, { 0: (ticks / 10).toFixed(1) }, change) })),
        ).to.equal("accepted");
      }
      const account = 1 + roll(ACCOUNTS);
      if (roll(40) === 0) {
        const isolatedMarket = [null, BTC, ETH][roll(3)] as number | null;
        send(state, { kind: "cancelAll", account, sequence: 64 * (i + 1) });
        send(state, { kind: "marginMode", account, isolatedMarket, sequence: 64 * (i + 1) });
      }
      const market = roll(4) === 0 ? ETH : BTC;
      const price = market === BTC ? ticks : ETH_TICKS;
      const message = order({
        account,
        market,
        slot: i % 4_096,
        sequence: 64 * (i + 1),
        side: roll(2) === 0 ? "buy" : "sell",
        limitPriceTicks: price + Math.round((price * (roll(2_001) - 1_000)) / (roll(10) === 0 ? 15_000 : 500_000)),
        quantityLots: roll(25) === 0 ? 12_000_000 : 1 + roll(roll(3) === 0 ? 500_000 : 100_000),
        reduceOnly: roll(6) === 0,
        postOnly: roll(6) === 0,
        timeInForce: TIMES[roll(TIMES.length)] as TimeInForce,
        selfTrade: "expire-maker",
        expirySeconds: EPOCH_SECONDS + 1_000_000,
        maxFeePpm: roll(15) === 0 ? 300 : 600,
      });
      const preview = orderPreview(state, account, message, null);
      const outcome = send(state, message);
      const code = outcome.accepted ? null : outcome.code;
      const aboutMakers = ABOUT_MAKERS.includes(code) || ABOUT_MAKERS.includes(preview.refusal);
      if (code !== preview.refusal && aboutMakers) continue;
      expect(preview.refusal, `order ${i}`).to.equal(code);
      codes.set(code ?? "accepted", (codes.get(code ?? "accepted") ?? 0) + 1);
      compared += 1;
      if (code !== null) continue;
      // Makers that may not fill any more are passed over, which levels do not tell.
      const { quantityLots, quoteMicroUsd } = takenBy(outcome, account);
      const { atOnce } = preview;
      if (atOnce?.quantityLots !== quantityLots || atOnce.quoteMicroUsd !== quoteMicroUsd) continue;
      executed += 1;
      const view = accountView(state, account);
      expect(view?.figures).to.deep.equal(atOnce.account);
      const held = view?.positions.find((position) => position.market === market);
      if (held !== undefined) expect(held).to.deep.equal(atOnce.position);
      else expect(atOnce.position.sizeLots).to.equal(0n);
    }
    expect(compared).to.be.above(ORDERS * 0.95);
    expect(executed).to.be.above(400);
    for (const code of [
      "accepted",
      "INSUFFICIENT_INITIAL_MARGIN",
      "LIQUIDATABLE",
      "OPEN_INTEREST_CAP",
      "POSITION_CAP",
      "ISOLATED_ONLY",
      "ISOLATED_ACCOUNT",
      "MARKET_RESTRICTED",
      "OUTSIDE_PRICE_BAND",
      "MAX_FEE_TOO_LOW",
      "REDUCE_ONLY_WOULD_INCREASE",
      "QUANTITY_TOO_LARGE",
      "POST_ONLY_WOULD_CROSS",
      "FOK_NOT_FILLABLE",
      "POST_ONLY_NOT_RESTING",
    ]) {
      expect(codes.get(code) ?? 0, code).to.be.above(0);
    }
  });
});
