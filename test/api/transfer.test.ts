import { expect } from "chai";
import type { TransferMessage } from "../../matcher/protocol/message.ts";
import type { RejectCode } from "../../matcher/protocol/reject.ts";
import { accepted, codeOf, EPOCH_SECONDS, keyOf, openedState, send, signed } from "../sequencer/exchange-fixture.ts";
import { stateText } from "../sequencer/state-digest.ts";
import { get, getAs, post, type TestApi, testApi, wireSignature } from "./api-fixture.ts";

const TRANSFER: TransferMessage = {
  kind: "transfer",
  account: 1,
  to: 7,
  sequence: 0,
  expirySeconds: EPOCH_SECONDS + 60,
  amountMicroUsd: 1_500_000n,
};

/** A second account of account 1's owner. */
const SIBLING = {
  kind: "registration",
  minSequence: 0,
  account: 7,
  amountMicroUsd: 0n,
  owner: 1n << 8n,
  ...keyPointOf(7),
} as const;

function keyPointOf(account: number) {
  const { ax, ay } = keyOf(account);
  return { ax, ay };
}

describe("transfers between accounts of one owner", () => {
  describe("as commands", () => {
    function stateWithSibling() {
      const state = openedState(3);
      accepted(state.execute({ type: "queue", entry: SIBLING, cursor: state.ledger.shared.queueCursor }));
      return state;
    }
    it("move collateral at once, and the nonce with it", () => {
      const state = stateWithSibling();
      const { events, steps } = accepted(send(state, TRANSFER));
      expect(events.map(({ event }) => event.type)).to.deep.equal(["transfer"]);
      expect(steps.map(({ step }) => step.kind)).to.deep.equal(["transfer"]);
      expect(state.ledger.leafOf(1)).to.deep.include({
        collateralPicoUsd: 99_998_500_000_000_000n,
        withdrawalNonce: 1,
      });
      expect(state.ledger.leafOf(7)).to.deep.include({ collateralPicoUsd: 1_500_000_000_000n, withdrawalNonce: 0 });
    });
    const cases: [string, Partial<TransferMessage>, RejectCode][] = [
      ["to an account of another owner", { to: 2 }, "INVALID_RECEIVER"],
      ["to an account that is not there", { to: 99 }, "INVALID_RECEIVER"],
      ["to itself", { to: 1 }, "INVALID_RECEIVER"],
      ["beyond the last account", { to: 2 ** 18 }, "INVALID_RECEIVER"],
      ["with a nonce to come", { sequence: 1 }, "WRONG_NONCE"],
      ["of nothing", { amountMicroUsd: 0n }, "INVALID_AMOUNT"],
      ["of more than fits", { amountMicroUsd: 1n << 72n }, "INVALID_AMOUNT"],
      ["of more than is there", { amountMicroUsd: 100_000_000_001n }, "INSUFFICIENT_INITIAL_MARGIN"],
      ["after their time", { expirySeconds: EPOCH_SECONDS - 1 }, "EXPIRED"],
      ["of the insurance account", { account: 0 }, "NOT_PERMITTED"],
    ];
    for (const [name, change, code] of cases) {
      it(`are refused ${name}, and change nothing`, () => {
        const state = stateWithSibling();
        const before = stateText(state);
        expect(codeOf(send(state, { ...TRANSFER, ...change }))).to.equal(code);
        expect(stateText(state)).to.equal(before);
      });
    }
    it("use the withdrawals' nonce, so that neither can be replayed as the other", () => {
      const state = stateWithSibling();
      accepted(send(state, TRANSFER));
      const withdrawal = {
        kind: "withdrawal",
        account: 1,
        sequence: 0,
        expirySeconds: EPOCH_SECONDS,
        amountMicroUsd: 1n,
      };
      expect(codeOf(send(state, withdrawal as never))).to.equal("WRONG_NONCE");
      expect(codeOf(send(state, TRANSFER))).to.equal("WRONG_NONCE");
    });
  });

  describe("over HTTP", () => {
    let api: TestApi;
    beforeEach(() => {
      api = testApi();
      const { state } = api.sequencer;
      api.sequencer.apply({ type: "queue", entry: SIBLING, cursor: state.ledger.shared.queueCursor });
    });
    afterEach(async () => {
      await api.app.close();
      expect(api.defects).to.deep.equal([]);
    });
    const body = (change: Partial<TransferMessage> = {}) => {
      const { signature } = signed({ ...TRANSFER, ...change });
      const { account, to, sequence: nonce, expirySeconds } = { ...TRANSFER, ...change };
      return { account, to, nonce, amount: "1.5", expirySeconds, signature: wireSignature(signature) };
    };
    it("are answered with their record, and listed on both sides", async () => {
      const reply = await post(api.app, "/v1/transfers", body());
      expect(reply.body).to.deep.include({ account: 1, to: 7, nonce: 0, amount: "1.5" });
      for (const account of [1, 7]) {
        const { transfers } = (await getAs(api.app, account, `/v1/transfers?account=${account}`)).body;
        expect(transfers).to.have.length(1);
        expect(transfers[0].finality.label).to.equal("matched");
      }
      expect((await get(api.app, "/v1/account/7")).body).to.deep.include({ collateral: "1.5" });
    });
    it("need a signature over the receiver", async () => {
      const reply = await post(api.app, "/v1/transfers", { ...body(), to: 2 });
      expect([reply.status, reply.body.code]).to.deep.equal([401, "WRONG_SIGNATURE"]);
    });
    it("name the field that is missing", async () => {
      const { to: _, ...rest } = body();
      const reply = await post(api.app, "/v1/transfers", rest);
      expect([reply.status, reply.body.field]).to.deep.equal([400, "to"]);
    });
  });
});
