import { expect } from "chai";
import { CLOSED_CLIENT_IDS_PER_ACCOUNT, ClientOrders } from "../../matcher/sequencer/client-orders.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { codeOf, immediately, openedState, order, signed } from "./exchange-fixture.ts";

describe("client order ids", () => {
  it("name one order of an account, live or closed, until enough later ones are closed", () => {
    const names = new ClientOrders();
    names.placed(1, "a", 0, 64);
    expect(names.orderOf(1, "a")).to.deep.equal({ slot: 0, sequence: 64 });
    expect(names.orderOf(2, "a")).to.equal(undefined);
    expect(names.isFree(1, "a", 1, 128)).to.equal(false);
    expect(names.isFree(2, "a", 1, 128)).to.equal(true);
    names.closed(1, 0, 64);
    for (let i = 0; i < CLOSED_CLIENT_IDS_PER_ACCOUNT; i++) {
      expect(names.isFree(1, "a", 1, 128), `${i}`).to.equal(false);
      names.placed(1, `${i}`, 2, 64 * (i + 2));
      names.closed(1, 2, 64 * (i + 2));
    }
    expect(names.isFree(1, "a", 1, 128)).to.equal(true);
    expect([...names.entries()].length).to.equal(CLOSED_CLIENT_IDS_PER_ACCOUNT);
  });

  it("pass to a later revision on the same slot and to nothing else", () => {
    const names = new ClientOrders();
    names.placed(1, "a", 5, 64);
    expect(names.isFree(1, "a", 5, 65)).to.equal(true);
    expect(names.isFree(1, "a", 5, 64)).to.equal(false);
    expect(names.isFree(1, "a", 5, 128)).to.equal(false);
    expect(names.isFree(1, "a", 6, 65)).to.equal(false);
    names.placed(1, "a", 5, 65);
    names.closed(1, 5, 64); // the order it revised
    expect([...names.entries()]).to.deep.equal([[1, "a", 5, 65, true]]);
    names.closed(1, 5, 65);
    expect(names.isFree(1, "a", 5, 66)).to.equal(false);
    expect([...names.entries()]).to.deep.equal([[1, "a", 5, 65, false]]);
  });

  it("end with the order on their slot that another one replaces", () => {
    const names = new ClientOrders();
    names.placed(1, "a", 5, 64);
    names.placed(1, "b", 5, 128);
    names.closed(1, 5, 64);
    expect([...names.entries()]).to.deep.equal([
      [1, "b", 5, 128, true],
      [1, "a", 5, 64, false],
    ]);
  });

  it("let a retry with another slot and signature change nothing", async () => {
    const sequencer = new Sequencer({ state: openedState(1), verifier: immediately });
    const first = await sequencer.submit(signed(order({ slot: 1, sequence: 64 })), { clientId: "mine" });
    expect(codeOf(first.outcome)).to.equal("accepted");
    const { commandCount } = sequencer.state;
    const again = await sequencer.submit(signed(order({ slot: 2, sequence: 128 })), { clientId: "mine" });
    expect(codeOf(again.outcome)).to.equal("DUPLICATE_CLIENT_ID");
    expect(sequencer.state.commandCount).to.equal(commandCount);
    const cancel = signed({ kind: "cancel", account: 1, slot: 1, sequence: 64 } as const);
    expect(codeOf((await sequencer.submit(cancel, { clientId: "mine" })).outcome)).to.equal("MALFORMED");
  });
});
