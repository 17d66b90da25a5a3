import { expect } from "chai";
import { Ledger, Refused } from "../../matcher/state/ledger.ts";
import { audit } from "../../matcher/state/ledger-audit.ts";
import { LedgerState } from "../../matcher/state/ledger-state.ts";
import { sampleEpoch } from "../risk/sample-epoch.ts";
import { deposit, fill, message, order, registration, sampleLedger } from "./sample-ledger.ts";

const cancel = (account: number, slot: number, sequence: number) =>
  message({ kind: "cancel" as const, account, slot, sequence });
const cancelAll = (account: number, sequence: number) => message({ kind: "cancelAll" as const, account, sequence });
const withdrawal = (fields: object = {}) =>
  message({ kind: "withdrawal" as const, account: 1, sequence: 0, expirySeconds: 1000, amountMicroUsd: 1n, ...fields });

describe("ledger: epochs", () => {
  it("open in order, not back in time", () => {
    const ledger = new Ledger();
    expect(() => ledger.terms).to.throw("no epoch is open");
    expect(() => ledger.openEpoch(sampleEpoch([], { number: 2 }))).to.throw(RangeError, "epoch 2 after 0");
    const first = sampleEpoch([{}]);
    expect(ledger.openEpoch(first, 5n)).to.deep.equal([{ kind: "epoch", epoch: first, fundingDigest: 5n }]);
    expect(() => ledger.openEpoch(first)).to.throw(RangeError, "epoch 1 after 1");
    expect(() => ledger.openEpoch(sampleEpoch([], { number: 2, timeSeconds: 999 }))).to.throw(RangeError, "goes back");
    ledger.openEpoch(sampleEpoch([], { number: 2, timeSeconds: 1000 }));
    expect(ledger.terms.epoch.number).to.equal(2);
  });

  it("note the open interest that they start with", () => {
    const { ledger } = sampleLedger();
    ledger.applyFill(fill({ quantityLots: 2 }));
    expect(ledger.shared.epochStartOpenInterestLots[0]).to.equal(0n);
    ledger.openEpoch(sampleEpoch([{}], { number: 2 }));
    ledger.applyFill(fill({ maker: order({ account: 1, side: "sell", slot: 1 }) }));
    expect(ledger.shared.epochStartOpenInterestLots[0]).to.equal(4n);
    expect(ledger.shared.grossOpenInterestLots[0]).to.equal(6n);
  });
});

describe("ledger: the L1 queue", () => {
  it("registers accounts with key and owner, once each", () => {
    const { ledger } = sampleLedger([]);
    const entry = registration(5);
    expect(ledger.registerAccount(entry)).to.deep.equal({ kind: "registration", entry });
    expect(ledger.leafOf(5)).to.deep.include({
      ax: 2005n,
      ay: 3005n,
      owner: 1005n,
      collateralPicoUsd: 0n,
      withdrawalNonce: 0,
      minSequence: 0,
    });
    expect(() => ledger.registerAccount(entry)).to.throw(RangeError, "account 5 is registered");
    expect(() => ledger.registerAccount(registration(2 ** 18))).to.throw(RangeError, "no account index");
    expect(() => ledger.registerAccount(deposit(6, 1n))).to.throw(RangeError, "no registration");
    expect(ledger.shared.queueCursor).to.equal(1);
    expect(ledger.has(5) && !ledger.has(6)).to.equal(true);
  });

  it("credits deposits, the insurance account's too, and counts entries", () => {
    const { ledger } = sampleLedger([]);
    ledger.registerAccount(registration(0));
    const entry = deposit(0, 2n ** 64n - 1n);
    expect(ledger.applyDeposit(entry)).to.deep.equal({ kind: "deposit", entry });
    expect(ledger.leafOf(0).collateralPicoUsd).to.equal((2n ** 64n - 1n) * 1_000_000n);
    expect(() => ledger.applyDeposit(deposit(0, 2n ** 64n))).to.throw(RangeError, "a deposit of");
    expect(() => ledger.applyDeposit(deposit(0, -1n))).to.throw(RangeError, "a deposit of");
    expect(() => ledger.applyDeposit(deposit(7, 1n))).to.throw(RangeError, "no account 7");
    expect(() => ledger.applyDeposit(registration(7))).to.throw(RangeError, "no deposit");
    expect(ledger.shared).to.include({ queueCursor: 2, depositedMicroUsd: 2n ** 64n - 1n });
    expect(audit(ledger)).to.deep.equal([]);
  });
});

describe("ledger: cancels", () => {
  it("kill the slot up to their sequence", () => {
    const { ledger } = sampleLedger();
    const given = cancel(1, 4095, 3);
    expect(ledger.applyCancel(given)).to.deep.equal({ kind: "cancel", message: given });
    expect(ledger.slotOf(1, 4095)).to.deep.equal({ sequence: 3, filledLots: 2 ** 40 - 1 });
  });

  it("are refused below the slot's sequence or the minimum, without effect, and of accounts that cannot sign", () => {
    const { ledger } = sampleLedger();
    ledger.applyCancelAll(cancelAll(1, 2));
    ledger.applyCancel(cancel(1, 0, 5));
    expect(ledger.checkCancel(cancel(1, 0, 4))).to.equal("superseded");
    expect(ledger.checkCancel(cancel(1, 0, 5))).to.equal("no-effect");
    expect(ledger.checkCancel(cancel(1, 0, 6))).to.equal("ok");
    expect(ledger.checkCancel(cancel(1, 1, 1))).to.equal("below-min-sequence");
    expect(ledger.checkCancel(cancel(1, 1, 2))).to.equal("ok");
    expect(ledger.checkCancel(cancel(0, 1, 2))).to.equal("insurance-account");
    expect(ledger.checkCancel(cancel(8, 1, 2))).to.equal("unknown-account");
    expect(() => ledger.applyCancel(cancel(1, 0, 5))).to.throw(Refused, "cancel refused: no-effect");
  });

  it("of the sequence that is filling end it", () => {
    const { ledger } = sampleLedger();
    ledger.applyFill(fill());
    expect(ledger.checkCancel(cancel(1, 0, 1))).to.equal("ok");
    ledger.applyCancel(cancel(1, 0, 1));
    expect(ledger.checkFill(fill())).to.equal("maker-refused:overfilled");
  });

  it("of everything raise the minimum, never lower it, and not in vain", () => {
    const { ledger } = sampleLedger();
    const given = cancelAll(1, 2 ** 48 - 1);
    expect(ledger.checkCancelAll(cancelAll(1, 0))).to.equal("no-effect");
    expect(ledger.applyCancelAll(given)).to.deep.equal({ kind: "cancelAll", message: given });
    expect(ledger.minSequenceOf(1)).to.equal(2 ** 48 - 1);
    expect(ledger.checkCancelAll(cancelAll(1, 2 ** 48 - 2))).to.equal("below-min-sequence");
    expect(ledger.checkCancelAll(cancelAll(0, 1))).to.equal("insurance-account");
    expect(ledger.checkCancelAll(cancelAll(8, 1))).to.equal("unknown-account");
    expect(() => ledger.applyCancelAll(given)).to.throw(Refused, "no-effect");
  });
});

describe("ledger: withdrawals", () => {
  it("take what initial margin leaves, to the micro-USD", () => {
    const { ledger } = sampleLedger();
    ledger.applyFill(fill({ quantityLots: 10 }));
    // 1000 with 100 of initial margin in use.
    expect(ledger.checkWithdrawal(withdrawal({ amountMicroUsd: 901n }))).to.equal("margin-withdrawal");
    const given = withdrawal({ amountMicroUsd: 900n });
    expect(ledger.applyWithdrawal(given)).to.deep.equal({ kind: "withdrawal", message: given });
    expect(ledger.leafOf(1)).to.include({ collateralPicoUsd: 1_100_000_000n, withdrawalNonce: 1 });
    expect(ledger.shared.withdrawnMicroUsd).to.equal(900n);
    expect(audit(ledger)).to.deep.equal([]);
  });

  it("carry the account's nonce, at least one micro-USD, and expire", () => {
    const { ledger } = sampleLedger();
    expect(ledger.checkWithdrawal(withdrawal({ sequence: 1 }))).to.equal("wrong-nonce");
    expect(ledger.checkWithdrawal(withdrawal({ amountMicroUsd: 0n }))).to.equal("amount");
    expect(ledger.checkWithdrawal(withdrawal({ amountMicroUsd: 2n ** 72n }))).to.equal("amount");
    expect(ledger.checkWithdrawal(withdrawal({ expirySeconds: 999 }))).to.equal("expired");
    expect(ledger.checkWithdrawal(withdrawal({ account: 0 }))).to.equal("insurance-account");
    expect(ledger.checkWithdrawal(withdrawal({ account: 8 }))).to.equal("unknown-account");
    ledger.applyWithdrawal(withdrawal());
    expect(() => ledger.applyWithdrawal(withdrawal())).to.throw(Refused, "wrong-nonce");
    expect(ledger.checkWithdrawal(withdrawal({ sequence: 1 }))).to.equal("ok");
  });

  it("stop before the nonce would leave its width", () => {
    const { ledger } = sampleLedger();
    const [entry] = [...ledger.entries()];
    const last = 2 ** 32 - 1;
    const used = new Ledger(
      new LedgerState(ledger.shared, [{ ...entry!, record: { ...entry!.record, withdrawalNonce: last } }]),
    );
    expect(used.checkWithdrawal(withdrawal({ sequence: last }))).to.equal("nonces-exhausted");
  });

  it("are refused to an account under water even when it changes nothing else", () => {
    const { ledger } = sampleLedger([100n, 1000n]);
    ledger.applyFill(fill({ quantityLots: 10 }));
    ledger.openEpoch(sampleEpoch([{ priceTicks: 101 }], { number: 2 }));
    expect(ledger.checkWithdrawal(withdrawal())).to.equal("margin-withdrawal");
  });
});

describe("ledger: trials", () => {
  it("leave nothing behind when rolled back", () => {
    const { ledger } = sampleLedger();
    ledger.applyFill(fill());
    const before = [...ledger.entries()];
    const shared = ledger.shared;
    ledger.begin();
    ledger.applyFill(fill({ quantityLots: 2 }));
    ledger.applyFill(fill({ maker: order({ account: 3, side: "sell", slot: 9 }) }));
    ledger.applyCancel(cancel(1, 0, 1));
    ledger.applyCancelAll(cancelAll(2, 9));
    ledger.applyWithdrawal(withdrawal({ account: 3 }));
    expect([...ledger.entries()]).not.to.deep.equal(before);
    ledger.rollback();
    expect([...ledger.entries()]).to.deep.equal(before);
    expect(ledger.shared).to.equal(shared);
    expect(ledger.slotOf(3, 9)).to.deep.equal({ sequence: 0, filledLots: 0 });
  });

  it("keep what they did when committed", () => {
    const { ledger } = sampleLedger();
    ledger.begin();
    ledger.applyFill(fill());
    ledger.commit();
    expect(ledger.positionLots(2, 0)).to.equal(1);
    expect(() => ledger.rollback()).to.throw("no trial is running");
  });

  it("do not trust a judgement from before the rollback", () => {
    const { ledger } = sampleLedger([100n, 1000n]);
    const given = fill({ quantityLots: 10 });
    ledger.begin();
    ledger.applyFill(given);
    expect(ledger.checkFill(given)).to.equal("maker-refused:margin-growth");
    ledger.rollback();
    expect(ledger.checkFill(given)).to.equal("ok");
  });

  it("do not nest and take no L1 events", () => {
    const { ledger } = sampleLedger();
    expect(() => ledger.commit()).to.throw("no trial is running");
    ledger.begin();
    expect(() => ledger.begin()).to.throw("a trial is running");
    expect(() => ledger.applyDeposit(deposit(1, 1n))).to.throw("cannot be part of a trial");
    expect(() => ledger.registerAccount(registration(9))).to.throw("cannot be part of a trial");
    expect(() => ledger.openEpoch(sampleEpoch([], { number: 2 }))).to.throw("cannot be part of a trial");
  });
});

describe("ledger: views and audit", () => {
  it("show equity, requirements and liquidation price at the epoch's prices", () => {
    const { ledger } = sampleLedger();
    ledger.applyFill(fill({ quantityLots: 10 }));
    expect(ledger.marginOf(1)).to.deep.equal({
      valuePicoUsd: 1_000_000_000n,
      initialPicoUsd: 100_000_000n,
      maintenancePicoUsd: 50_000_000n,
    });
    // 2000/(10·1.05) = 190.47
    expect(ledger.liquidationPriceTicksSafeSide(1, 0)).to.equal(190n);
    expect(ledger.liquidationPriceTicksSafeSide(2, 0)).to.equal(undefined);
    expect(() => ledger.marginOf(9)).to.throw(RangeError, "no account 9");
  });

  it("find money, sizes and open interest that do not add up", () => {
    const { ledger } = sampleLedger();
    ledger.applyFill(fill({ quantityLots: 10 }));
    const entries = [...ledger.entries()];
    const tampered = (changes: object) =>
      audit(
        new Ledger(
          new LedgerState(
            ledger.shared,
            entries.map((entry) =>
              entry.account === 1 ? { ...entry, record: { ...entry.record, ...changes } } : entry,
            ),
          ),
        ),
      );
    expect(tampered({})).to.deep.equal([]);
    expect(tampered({ collateralPicoUsd: 2_000_000_001n })).to.deep.equal([
      { what: "collateral", market: undefined, expected: 3_000_000_000n, found: 3_000_000_001n },
    ]);
    expect(
      tampered({ sizesLots: [-9n, 0n, 0n, 0n, 0n, 0n, 0n, 0n] }).map(({ what, market }) => `${what} ${market}`),
    ).to.deep.equal(["sizes 0", "gross open interest 0"]);
  });
});
