import { expect } from "chai";
import type { Instruction, Signed } from "../../matcher/protocol/message.ts";
import { messageHash } from "../../matcher/protocol/message-hash.ts";
import { sign } from "../../matcher/protocol/signature.ts";
import type { WireBalance } from "../../matcher/protocol/wire/account.ts";
import type { Command } from "../../matcher/sequencer/command.ts";
import { BTC, DOMAIN, epochOf, keyOf } from "../sequencer/exchange-fixture.ts";
import { COIN, LiquidationWorld } from "../sequencer/liquidation-fixture.ts";
import { get, type TestApi, testApi } from "./api-fixture.ts";

const NOTHING = { collateral: "0", equity: "0" };
const NONE_PENDING = { deposits: "0", withdrawals: "0", transfersIn: "0", transfersOut: "0" };

describe("the balance, proven and unproven", () => {
  let api: TestApi;
  let world: LiquidationWorld;
  let batches = 0;

  beforeEach(() => {
    world = new LiquidationWorld([100_000, 100_000]);
    api = testApi(0, {}, world.state);
    batches = 0;
  });
  afterEach(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  /** A batch with everything so far. */
  function prove(): void {
    const { state, finality } = api.sequencer;
    const accounts = [...state.ledger.entries()].map(({ account }) => {
      return { account, leaf: { ...state.ledger.leafOf(account), orderRoot: 0n } };
    });
    const steps = { first: finality.provenThroughStep + 1, last: state.stepCount };
    finality.markProven(++batches, "0xabc", steps, { accounts });
  }

  async function balanceOf(account: number): Promise<WireBalance> {
    const { status, body } = await get(api.app, `/v1/account/${account}`);
    expect(status).to.equal(200);
    expect(body.balance.accepted).to.deep.equal({ collateral: body.collateral, equity: body.equity });
    return body.balance;
  }

  async function apply(command: Exclude<Command, { type: "message" }>): Promise<void> {
    await api.sequencer.applyDurably(command);
  }

  it("is all unproven before the first batch, and all proven after it", async () => {
    const whole = { collateral: "100000", equity: "100000" };
    expect(await balanceOf(1)).to.deep.equal({
      accepted: whole,
      proven: NOTHING,
      unproven: whole,
      unprovenShare: "1",
      pending: NONE_PENDING,
    });
    prove();
    const { accepted, proven, unproven, unprovenShare } = await balanceOf(1);
    expect([accepted, proven, unproven, unprovenShare]).to.deep.equal([whole, whole, NOTHING, "0"]);
  });

  it("does not call prices and funding unproven: they are the epoch's, which L1 has", async () => {
    world.trade(1, 2, COIN);
    prove();
    await apply({ type: "epoch", epoch: epochOf(2, { [BTC]: "66000.0" }, { fundingIndexPicoUsd: 3_000_000_000n }) });
    const [long, short] = [await balanceOf(1), await balanceOf(2)];
    expect(long.unproven).to.deep.equal(NOTHING);
    expect(short.unproven).to.deep.equal(NOTHING);
    // Bought at 65,000; 3 · 10^9 pico-USD a lot for 10^5 lots are 300 USD of funding; the taker's fee is 32.5, the maker's 13.
    expect(long.proven).to.deep.equal(long.accepted);
    expect([long.proven.equity, short.proven.equity]).to.deep.equal(["100667.5", "99287"]);
  });

  it("shows what a fill has changed without a proof, on both sides, signed", async () => {
    prove();
    world.trade(1, 2, COIN, 65_000);
    await apply({ type: "epoch", epoch: epochOf(2, { [BTC]: "64000.0" }) });
    const [long, short] = [await balanceOf(1), await balanceOf(2)];
    expect(long.proven).to.deep.equal({ collateral: "100000", equity: "100000" });
    expect([long.unproven.equity, short.unproven.equity]).to.deep.equal(["-1032.5", "987"]);
    expect([long.unproven.collateral, short.unproven.collateral]).to.deep.equal(["-65032.5", "64987"]);
    // 1,032.5 / 98,967.5 = 0.0104327…, rounded up to a millionth.
    expect(long.unprovenShare).to.equal("0.010433");
  });

  it("has no share where there is no equity", async () => {
    prove();
    world.trade(1, 2, 10 * COIN, 65_000);
    await apply({ type: "epoch", epoch: epochOf(2, { [BTC]: "40000.0" }) });
    const { accepted, unproven, unprovenShare } = await balanceOf(1);
    expect([accepted.equity, unproven.equity, unprovenShare]).to.deep.equal(["0", "-100000", null]);
  });

  it("counts payments until the batch that contains them, and no longer", async () => {
    prove();
    const { queueCursor } = world.state.ledger.shared;
    const { ax, ay } = keyOf(9);
    // A second account of account 1's owner.
    const owner = world.state.ledger.leafOf(1).owner;
    const joined = { kind: "registration", minSequence: 0, account: 3, amountMicroUsd: 0n, owner, ax, ay } as const;
    await apply({ type: "queue", entry: joined, cursor: queueCursor });
    const paidIn = {
      kind: "deposit",
      minSequence: 0,
      account: 1,
      amountMicroUsd: 25_500_000n,
      owner: 0n,
      ax: 0n,
      ay: 0n,
    } as const;
    await apply({ type: "queue", entry: paidIn, cursor: queueCursor + 1 });
    await apply({ type: "queue", entry: { ...paidIn, amountMicroUsd: 1n }, cursor: queueCursor + 2 });
    const expirySeconds = 2 ** 32 - 1;
    const own = { account: 1, expirySeconds } as const;
    const sent = await api.sequencer.submit(
      signedBy(2, { ...own, kind: "withdrawal", sequence: 0, amountMicroUsd: 7_000_000n }),
    );
    const passed = await api.sequencer.submit(
      signedBy(2, { ...own, kind: "transfer", to: 3, sequence: 1, amountMicroUsd: 2_000_000n }),
    );
    expect([sent.outcome.accepted, passed.outcome.accepted]).to.deep.equal([true, true]);
    expect((await balanceOf(1)).pending).to.deep.equal({
      deposits: "25.500001",
      withdrawals: "7",
      transfersIn: "0",
      transfersOut: "2",
    });
    expect((await balanceOf(1)).unproven).to.deep.equal({ collateral: "16.500001", equity: "16.500001" });
    expect((await balanceOf(3)).pending).to.deep.include({ transfersIn: "2", transfersOut: "0" });
    prove();
    for (const account of [1, 3]) {
      const { pending, unproven } = await balanceOf(account);
      expect([pending, unproven]).to.deep.equal([NONE_PENDING, NOTHING]);
    }
  });
});

function signedBy<M extends Instruction>(signer: number, message: M): Signed<M> {
  return { ...message, signature: sign(keyOf(signer), messageHash(message, DOMAIN)) };
}
