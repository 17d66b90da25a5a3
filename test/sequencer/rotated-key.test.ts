import { expect } from "chai";
import { messageHash } from "../../matcher/protocol/message-hash.ts";
import { sign } from "../../matcher/protocol/signature.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { checkSignature } from "../../matcher/sequencer/verify-message.ts";
import { codeOf, DOMAIN, immediately, keyOf, openedState, order, signed } from "./exchange-fixture.ts";

describe("a key rotation and what the old key signed", () => {
  const rotation = (cursor: number) => {
    const { ax, ay } = keyOf(50);
    const entry = { kind: "keyRotation", account: 1, amountMicroUsd: 0n, minSequence: 0, owner: 0n, ax, ay } as const;
    return { type: "queue", entry, cursor, tier: 2 } as const;
  };

  it("refuses what was being checked under the old key when the rotation came, orders and logins", async () => {
    const state = openedState(2);
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const sequencer = new Sequencer({
      state,
      verifier: {
        verify: async (message, key) => {
          await held;
          return checkSignature(message, key, DOMAIN);
        },
        close: async () => {},
      },
    });
    const submitted = sequencer.submit(signed(order({ sequence: 9 })));
    const login = { kind: "login", account: 1, issuedAtMs: 1_800_000_000_000 } as const;
    const loggedIn = sequencer.loginRefusal({ ...login, signature: { r8x: 0n, r8y: 1n, s: 0n } });
    sequencer.apply(rotation(state.desk.cursor));
    letGo();
    expect(codeOf((await submitted).outcome)).to.equal("WRONG_SIGNATURE");
    expect(await loggedIn).to.equal("WRONG_SIGNATURE");
    expect(state.engine.book.orderCount).to.equal(0);
  });

  it("takes what the new key signs from then on, and nothing of the old one's", async () => {
    const state = openedState(2);
    const sequencer = new Sequencer({ state, verifier: immediately });
    sequencer.apply(rotation(state.desk.cursor));
    expect(codeOf((await sequencer.submit(signed(order({ sequence: 9 })))).outcome)).to.equal("WRONG_SIGNATURE");
    const message = order({ sequence: 9 });
    const signature = sign(keyOf(50), messageHash(message, DOMAIN));
    expect(codeOf((await sequencer.submit({ ...message, signature })).outcome)).to.equal("accepted");
  });
});
