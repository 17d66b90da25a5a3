import { expect } from "chai";
import { keyPairOf } from "../../matcher/protocol/keys.ts";
import type { Message } from "../../matcher/protocol/message.ts";
import { domainOf, messageHash } from "../../matcher/protocol/message-hash.ts";
import { sign, verify } from "../../matcher/protocol/signature.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import {
  SAMPLE_CANCEL,
  SAMPLE_CANCEL_ALL,
  SAMPLE_CHAIN_ID,
  SAMPLE_EXCHANGE,
  SAMPLE_ORDER,
  SAMPLE_WITHDRAWAL,
} from "./sample-messages.ts";

/** A place where a signature could be replayed: the fields of a message, and where it is meant for. */
interface Use {
  name: string;
  chainId: number;
  exchange: string;
  message: Message;
}

const here = { chainId: SAMPLE_CHAIN_ID, exchange: SAMPLE_EXCHANGE };

function variants<M extends Message>(base: M, changes: Partial<M>[]): Use[] {
  const elsewhere = SAMPLE_EXCHANGE.replace(/3$/, "4");
  return [
    { name: base.kind, ...here, message: base },
    { name: `${base.kind} on another chain`, chainId: SAMPLE_CHAIN_ID + 1, exchange: SAMPLE_EXCHANGE, message: base },
    { name: `${base.kind} on another exchange`, chainId: SAMPLE_CHAIN_ID, exchange: elsewhere, message: base },
    ...changes.map((change) => ({
      name: `${base.kind} with ${JSON.stringify(change, (_, v) => (typeof v === "bigint" ? `${v}` : v))}`,
      ...here,
      message: { ...base, ...change },
    })),
  ];
}

const order = SAMPLE_ORDER;
const USES: Use[] = [
  ...variants(order, [
    { account: order.account + 1 },
    { market: order.market + 1 },
    { side: "sell" },
    { keepFilled: true },
    { reduceOnly: true },
    { postOnly: true },
    { timeInForce: "IOC" },
    { timeInForce: "FOK" },
    { selfTrade: "expire-taker" },
    { selfTrade: "expire-both" },
    { selfTrade: "decrement" },
    { slot: order.slot + 1 },
    { sequence: order.sequence + 1 },
    { expirySeconds: order.expirySeconds + 1 },
    { maxFeePpm: order.maxFeePpm + 1 },
    { maxFeePpm: -order.maxFeePpm },
    { limitPriceTicks: order.limitPriceTicks + 1 },
    { quantityLots: order.quantityLots + 1 },
    // Neighbours in the word that would collide if a field could spill into the next.
    { account: 0, market: order.market + 1 },
    { slot: 0, sequence: order.sequence + 1 },
  ]),
  ...variants(SAMPLE_CANCEL, [{ account: 8 }, { slot: 13 }, { slot: 0 }, { sequence: SAMPLE_CANCEL.sequence + 1 }]),
  ...variants(SAMPLE_CANCEL_ALL, [{ account: 8 }, { sequence: SAMPLE_CANCEL_ALL.sequence + 1 }]),
  ...variants(SAMPLE_WITHDRAWAL, [
    { account: 8 },
    { sequence: 4 },
    { expirySeconds: SAMPLE_WITHDRAWAL.expirySeconds + 1 },
    { amountMicroUsd: SAMPLE_WITHDRAWAL.amountMicroUsd + 1n },
    { amountMicroUsd: SAMPLE_WITHDRAWAL.amountMicroUsd + 2n ** 40n },
  ]),
];

/** The cancel of slot 0 and the cancel-all of the same sequence differ in nothing but their kind, by intention. */
const CANCEL_OF_SLOT_0 = USES.findIndex((use) => use.name === 'cancel with {"slot":0}');

describe("replay matrix", () => {
  const key = keyPairOf(2024n);
  let hash: Poseidon;
  let hashes: bigint[];

  before(async () => {
    hash = await buildFastPoseidon();
    hashes = USES.map((use) => messageHash(use.message, domainOf(use.chainId, use.exchange), hash));
  });

  it("gives every use a hash of its own", () => {
    const seen = new Map<bigint, string>();
    USES.forEach((use, i) => {
      const value = hashes[i] as bigint;
      expect(seen.get(value), `${use.name} collides`).to.equal(undefined);
      seen.set(value, use.name);
    });
  });

  for (const kind of ["order", "cancel", "cancelAll", "withdrawal"] as const) {
    it(`accepts the signature of one ${kind} for that ${kind} and for no other use`, function () {
      this.timeout(30_000);
      const own = USES.findIndex((use) => use.name === kind);
      const signature = sign(key, hashes[own] as bigint, hash);
      USES.forEach((use, i) => {
        expect(verify(key, hashes[i] as bigint, signature, { hash }), use.name).to.equal(i === own);
      });
    });
  }

  it("tells a cancel of slot 0 from a cancel-all by the kind alone", () => {
    const signature = sign(key, hashes[CANCEL_OF_SLOT_0] as bigint, hash);
    const cancelAll = USES.findIndex((use) => use.name === "cancelAll");
    expect(verify(key, hashes[CANCEL_OF_SLOT_0] as bigint, signature, { hash })).to.equal(true);
    expect(verify(key, hashes[cancelAll] as bigint, signature, { hash })).to.equal(false);
  });

  it("refuses a signature under another account's key", () => {
    const signature = sign(key, hashes[0] as bigint, hash);
    expect(verify(keyPairOf(2025n), hashes[0] as bigint, signature, { hash })).to.equal(false);
  });
});
