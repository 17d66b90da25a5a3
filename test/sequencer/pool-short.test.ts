import { expect } from "chai";
import { REJECTS } from "../../matcher/protocol/reject.ts";
import { accepted, codeOf, EPOCH_SECONDS, epochOf, openedState, order, send } from "./exchange-fixture.ts";
import { stateText } from "./state-digest.ts";

describe("Withdrawals from a pool that is short", () => {
  it("POOL_SHORT: refused to the micro-USD, with nothing changed; what the pool holds is paid", () => {
    const state = openedState(2, 10_000n);
    accepted(send(state, order({ account: 1, side: "sell", quantityLots: 200_000 })));
    accepted(send(state, order({ account: 2, side: "buy", quantityLots: 200_000 })));
    // Two BTC from 65,000 to 90,000: account 1 is worth −40,000, account 2 60,000, and 20,000 less fees are there.
    accepted(state.execute({ type: "epoch", epoch: epochOf(2, { 0: "90000" }) }));
    const { ledger } = state;
    expect(ledger.marginOf(1).valuePicoUsd < 0n).to.equal(true);
    const poolMicroUsd = ledger.poolPicoUsd / 1_000_000n;
    expect(poolMicroUsd).to.equal(19_909_000_000n); // 130,000 USD at 200 and 500 ppm
    const withdraw = (amountMicroUsd: bigint) =>
      send(state, {
        kind: "withdrawal",
        account: 2,
        sequence: 0,
        expirySeconds: EPOCH_SECONDS + 3_600,
        amountMicroUsd,
      });
    const before = stateText(state);
    expect(codeOf(withdraw(poolMicroUsd + 1n))).to.equal("POOL_SHORT");
    expect(stateText(state)).to.equal(before);
    expect(REJECTS.POOL_SHORT.message).to.include("withdrawals wait until negative accounts are settled");
    accepted(withdraw(poolMicroUsd));
    expect(ledger.poolPicoUsd).to.equal(0n);
  });
});
