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

  it("are remembered within a bound over all accounts, and come back from what they say in the same order", () => {
    const names = new ClientOrders(3);
    const close = (account: number, clientId: string, number: number) => {
      names.placed(account, clientId, 0, 64 * number);
      names.closed(account, 0, 64 * number);
    };
    close(2, "b", 1);
    close(1, "a", 2);
    close(2, "c", 3);
    names.placed(3, "live", 7, 64);
    const again = new ClientOrders(3);
    again.restore(names.entries());
    for (const list of [names, again]) {
      expect([...list.entries()]).to.deep.equal([
        [3, "live", 7, 64, true],
        [2, "b", 0, 64, false],
        [1, "a", 0, 128, false],
        [2, "c", 0, 192, false],
      ]);
      list.placed(1, "d", 0, 256);
      list.closed(1, 0, 256);
      expect([list.isFree(2, "b", 1, 512), list.isFree(1, "a", 1, 512)]).to.deep.equal([true, false]);
    }
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
