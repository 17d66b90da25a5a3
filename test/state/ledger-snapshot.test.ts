import { expect } from "chai";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { tierById } from "../../matcher/protocol/spec.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { Ledger } from "../../matcher/state/ledger.ts";
import { decodeSnapshot, encodeSnapshot, SnapshotError, snapshotOf } from "../../matcher/state/ledger-snapshot.ts";
import { RandomMarket } from "../fixtures/random-market.ts";
import { deposit, fill, registration, sampleLedger } from "./sample-ledger.ts";

describe("ledger snapshot", () => {
  let hash: Poseidon;
  before(async () => {
    hash = await buildFastPoseidon();
  });

  it("gives back the same ledger, that goes on in the same way", () => {
    for (const seed of [0, 1, 3]) {
      const market = new RandomMarket({ seed, hash, tiers: [tierById(2)], sign: false });
      for (let i = 0; i < 150; i++) market.act();
      const text = encodeSnapshot(market.ledger);
      const loaded = decodeSnapshot(text);
      expect(encodeSnapshot(loaded)).to.equal(text);
      expect(loaded.shared).to.deep.equal(market.ledger.shared);
      expect([...loaded.entries()]).to.deep.equal(
        Array.from(market.ledger.entries(), ({ slots, ...entry }) => ({ ...entry, slots: [...slots] })),
      );
      for (const { account } of market.ledger.entries()) {
        expect(loaded.settledRecord(account)).to.deep.equal(market.ledger.settledRecord(account));
        loaded.applyDeposit(deposit(account, 1n));
        market.ledger.applyDeposit(deposit(account, 1n));
      }
      expect(encodeSnapshot(loaded)).to.equal(encodeSnapshot(market.ledger));
    }
  });

  it("does not depend on the order in which equal states came about", () => {
    const [a, b] = [sampleLedger([]).ledger, sampleLedger([]).ledger];
    for (const account of [1, 2, 3]) a.registerAccount(registration(account));
    for (const account of [3, 1, 2]) b.registerAccount(registration(account));
    for (const account of [1, 2]) a.applyDeposit(deposit(account, 100n));
    for (const account of [2, 1]) b.applyDeposit(deposit(account, 100n));
    a.applyFill(fill());
    b.applyFill(fill());
    expect(encodeSnapshot(a)).to.equal(encodeSnapshot(b));
    b.applyDeposit(deposit(3, 1n));
    expect(encodeSnapshot(a)).not.to.equal(encodeSnapshot(b));
  });

  it("reads an empty ledger back", () => {
    const text = encodeSnapshot(new Ledger());
    expect(encodeSnapshot(decodeSnapshot(text))).to.equal(text);
    expect(() => decodeSnapshot(text).terms).to.throw("no epoch is open");
  });

  it("refuses another version, broken text, and anything that it did not write itself", () => {
    const { ledger } = sampleLedger();
    const snapshot = snapshotOf(ledger);
    const refused = (text: string, because: string) =>
      expect(() => decodeSnapshot(text)).to.throw(SnapshotError, because);
    refused(JSON.stringify({ ...snapshot, version: 4 }), "version 4, not 3");
    refused("{", "cannot be read");
    refused("null", "cannot be read");
    refused(JSON.stringify({ ...snapshot, feesPicoUsd: "x" }), "cannot be read");
    refused(JSON.stringify({ ...snapshot, feesPicoUsd: "01" }), "not in canonical form");
    refused(JSON.stringify({ ...snapshot, accounts: snapshot.accounts.toReversed() }), "not in canonical form");
    refused(JSON.stringify({ ...snapshot, extra: 1 }), "not in canonical form");
    refused(JSON.stringify({ ...snapshot, grossOpenInterestLots: ["0"] }), "1 markets");
    refused(JSON.stringify(snapshot, null, 1), "not in canonical form");
    expect(encodeSnapshot(decodeSnapshot(JSON.stringify(snapshot)))).to.equal(JSON.stringify(snapshot));
  });
});
