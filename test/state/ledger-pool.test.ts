import { expect } from "chai";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { PICO_PER_MICRO, tierById } from "../../matcher/protocol/spec.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { type Ledger, Refused } from "../../matcher/state/ledger.ts";
import { audit } from "../../matcher/state/ledger-audit.ts";
import { decodeSnapshot, encodeSnapshot } from "../../matcher/state/ledger-snapshot.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { RandomMarket } from "../fixtures/random-market.ts";
import { Xorshift } from "../fixtures/xorshift.ts";
import { sampleEpoch } from "../risk/sample-epoch.ts";
import { deposit, fill, message, sampleLedger } from "./sample-ledger.ts";

const withdrawal = (account: number, amountMicroUsd: bigint, sequence = 0) =>
  message({ kind: "withdrawal" as const, account, sequence, expirySeconds: 1000, amountMicroUsd });

/**
 * 1 is short and 2 is long by ten lots at 100; the price doubles. 2 is worth 1,100.5 and needs 200; 1 is worth −899. All that is
 * there is 202, less the taker's fee of half a micro-USD.
 */
function shortPool(): Ledger {
  const { ledger } = sampleLedger([101n, 101n, 0n]);
  ledger.applyFill(fill({ quantityLots: 10, takerFeePpm: 500 }));
  ledger.openEpoch(sampleEpoch([{ priceTicks: 200, priceMinTicks: 1, priceMaxTicks: 400 }], { number: 2 }));
  expect(ledger.marginOf(1).valuePicoUsd).to.equal(-899_000_000n);
  expect(ledger.marginOf(2).valuePicoUsd).to.equal(1_100_500_000n);
  expect(ledger.poolPicoUsd).to.equal(201_500_000n);
  return ledger;
}

describe("ledger: a pool that accounts of negative value leave short", () => {
  it("pays what it holds, and not a micro-USD more", () => {
    const ledger = shortPool();
    // Initial margin would allow 900.
    expect(ledger.checkWithdrawal(withdrawal(2, 900n))).to.equal("pool-short");
    expect(ledger.checkWithdrawal(withdrawal(2, 202n))).to.equal("pool-short");
    expect(() => ledger.applyWithdrawal(withdrawal(2, 202n))).to.throw(Refused, "withdrawal refused: pool-short");
    expect(ledger.checkWithdrawal(withdrawal(2, 201n))).to.equal("ok");
    ledger.applyWithdrawal(withdrawal(2, 201n));
    expect(ledger.poolPicoUsd).to.equal(500_000n);
    expect(ledger.checkWithdrawal(withdrawal(2, 1n, 1))).to.equal("pool-short");
    expect(audit(ledger)).to.deep.equal([]);
  });

  it("says so only of what margin would allow", () => {
    const ledger = shortPool();
    expect(ledger.checkWithdrawal(withdrawal(2, 901n))).to.equal("margin-withdrawal");
    expect(ledger.checkWithdrawal(withdrawal(1, 1n))).to.equal("margin-withdrawal");
    expect(ledger.checkWithdrawal(withdrawal(2, 200n, 1))).to.equal("wrong-nonce");
  });

  it("makes everybody wait, and goes on to the very micro-USD that is deposited", () => {
    const ledger = shortPool();
    ledger.applyWithdrawal(withdrawal(2, 201n));
    ledger.applyDeposit(deposit(3, 10n));
    // Ten and the half that was left: Three's money is as good for Two as for Three.
    expect(ledger.checkWithdrawal(withdrawal(3, 10n))).to.equal("ok");
    ledger.applyWithdrawal(withdrawal(2, 1n, 1));
    expect(ledger.checkWithdrawal(withdrawal(3, 10n))).to.equal("pool-short");
    expect(ledger.checkWithdrawal(withdrawal(3, 9n))).to.equal("ok");
  });

  it("keeps the fees for their owner, collected or not", () => {
    const { ledger } = sampleLedger([101n, 101n, 0n]);
    ledger.applyFill(fill({ quantityLots: 10, takerFeePpm: 1000 }));
    ledger.openEpoch(sampleEpoch([{ priceTicks: 200, priceMinTicks: 1, priceMaxTicks: 400 }], { number: 2 }));
    expect(ledger.shared.feesPicoUsd).to.equal(1_000_000n);
    expect(ledger.checkWithdrawal(withdrawal(2, 202n))).to.equal("pool-short");
    expect(ledger.checkWithdrawal(withdrawal(2, 201n))).to.equal("ok");
  });

  it("is the same after a trial, a snapshot and a replay", () => {
    const ledger = shortPool();
    ledger.begin();
    ledger.applyWithdrawal(withdrawal(2, 201n));
    ledger.rollback();
    for (const same of [ledger, decodeSnapshot(encodeSnapshot(ledger)), shortPool()]) {
      expect(same.checkWithdrawal(withdrawal(2, 202n))).to.equal("pool-short");
      same.applyWithdrawal(withdrawal(2, 201n));
      expect(encodeSnapshot(same)).to.equal(encodeSnapshot(decodeSnapshot(encodeSnapshot(same))));
    }
  });
});

/** The contract's books: Vault and Settlement, with an owner who collects all fees as soon as a batch is settled. */
class GreedyVault {
  settledMicroUsd = 0n;
  /** Forced exits that it paid for. */
  exits = 0;
  #feesPicoUsd = 0n;
  #collectedMicroUsd = 0n;

  settle({ queue, rows, request }: BatchTrace): void {
    for (const { amountMicroUsd } of queue) this.settledMicroUsd += amountMicroUsd;
    for (const { message, feePicoUsd } of rows) {
      this.#feesPicoUsd += feePicoUsd;
      if (message.kind !== "withdrawal") continue;
      this.#pay(message.amountMicroUsd);
    }
    if (request !== undefined && request.payoutMicroUsd > 0n) {
      this.exits += 1;
      this.#pay(request.payoutMicroUsd);
    }
    const dueMicroUsd = this.#feesPicoUsd / PICO_PER_MICRO - this.#collectedMicroUsd;
    if (dueMicroUsd > this.settledMicroUsd) return;
    this.settledMicroUsd -= dueMicroUsd;
    this.#collectedMicroUsd += dueMicroUsd;
  }

  #pay(amountMicroUsd: bigint): void {
    if (amountMicroUsd > this.settledMicroUsd) throw new Error("InsufficientVault");
    this.settledMicroUsd -= amountMicroUsd;
  }
}

/** What `RandomMarket.act` takes: an epoch, a withdrawal, a fill, a deposit. */
const ACTS = [15, 27, 27, 27, 27, 50, 50, 50, 50, 50, 50, 8];

describe("ledger: random markets with crashes", () => {
  let hash: Poseidon;
  before(async () => {
    hash = await buildFastPoseidon();
  });

  it("never make a batch that the contract's vault cannot pay, whenever the owner collects fees", () => {
    let short = 0;
    let paid = 0;
    let left = 0;
    for (let seed = 0; seed < 40; seed++) {
      const market = new RandomMarket({ seed, hash, tiers: [tierById(0), tierById(2)], sign: false });
      const vault = new GreedyVault();
      const choose = new Xorshift(seed);
      for (let i = 0; i < 60; i++) for (const trace of market.act()) vault.settle(trace);
      // From here on hardly any deposits, and everybody withdraws whatever margin allows.
      for (let i = 0; i < 240; i++) {
        for (const trace of market.act(choose.pick(ACTS))) vault.settle(trace);
      }
      for (const trace of market.cut()) vault.settle(trace);
      expect(vault.settledMicroUsd * PICO_PER_MICRO >= market.ledger.poolPicoUsd, `seed ${seed}`).to.equal(true);
      expect(audit(market.ledger)).to.deep.equal([]);
      short += market.outcomes.get("withdrawal pool-short") ?? 0;
      paid += market.outcomes.get("withdrawal ok") ?? 0;
      left += vault.exits;
    }
    // Both happen, or the test would say nothing.
    expect(short, "pool-short").to.be.above(5);
    expect(paid, "paid").to.be.above(100);
    expect(left, "paid exits").to.be.above(10);
  });
});
