import { hkdfSync } from "node:crypto";
import { bytesToNumberBE, numberToBytesBE } from "@noble/curves/utils.js";
import { expect } from "chai";
import { AbiCoder, getBytes, hexlify, TypedDataEncoder, Wallet } from "ethers";
import { SUBGROUP_ORDER } from "../../matcher/protocol/spec.ts";
import {
  canonicalWalletSignature,
  type TradingKeyContext,
  tradingKeyTypedData,
  tradingScalar,
} from "../../matcher/protocol/wallet-key.ts";
import { SAMPLE_CHAIN_ID, SAMPLE_EXCHANGE } from "./sample-messages.ts";
import { Seeded } from "./seeded.ts";

const GOLDEN_INDEX_1 = 1560683034352252122192853548711745794898480433637027421853772138765275058672n;
const WALLET_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const wallet = new Wallet("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
const context: TradingKeyContext = {
  chainId: SAMPLE_CHAIN_ID,
  exchange: SAMPLE_EXCHANGE,
  owner: wallet.address,
  index: 0,
};

async function signatureFor(at: TradingKeyContext): Promise<Uint8Array> {
  const { domain, types, message } = tradingKeyTypedData(at);
  return getBytes(await wallet.signTypedData(domain, types, message));
}

describe("wallet key", () => {
  it("asks for the typed data that the protocol page states", () => {
    const { domain, types, message } = tradingKeyTypedData(context);
    expect(TypedDataEncoder.from(types).encodeType("TradingKey")).to.equal(
      "TradingKey(string purpose,address owner,uint32 index)",
    );
    expect(TypedDataEncoder.hash(domain, types, message)).to.equal(
      TypedDataEncoder.hash(
        { name: "Clearbook", version: "1", chainId: SAMPLE_CHAIN_ID, verifyingContract: SAMPLE_EXCHANGE },
        types,
        {
          purpose: "Derive my Clearbook trading key. Sign only on the Clearbook site.",
          owner: wallet.address,
          index: 0,
        },
      ),
    );
  });

  it("derives the golden keys of a well-known development wallet", async () => {
    expect(tradingScalar(await signatureFor(context), context)).to.equal(
      1417425050363780489972548198719573905788416653373555469489772126956325664289n,
    );
    const second = { ...context, index: 1 };
    expect(tradingScalar(await signatureFor(second), second)).to.equal(GOLDEN_INDEX_1);
  });

  it("is HKDF-SHA256 of another implementation, reduced mod ℓ", () => {
    const random = new Seeded("hkdf");
    for (let i = 0; i < 50; i++) {
      const signature = syntheticSignature(random);
      const at = { ...context, index: random.integer(2 ** 32), chainId: random.integer(2 ** 40) };
      const info = AbiCoder.defaultAbiCoder().encode(
        ["uint256", "address", "address", "uint32"],
        [at.chainId, at.exchange, at.owner, at.index],
      );
      const material = hkdfSync("sha256", signature, Buffer.from("Clearbook trading key v1"), getBytes(info), 64);
      expect(tradingScalar(signature, at)).to.equal(bytesToNumberBE(new Uint8Array(material)) % SUBGROUP_ORDER);
    }
  });

  it("changes with chain, exchange, owner and index, in what is signed and in what is derived", async () => {
    const others: TradingKeyContext[] = [
      { ...context, chainId: SAMPLE_CHAIN_ID + 1 },
      { ...context, exchange: SAMPLE_EXCHANGE.replace(/3$/, "4").toLowerCase() },
      { ...context, owner: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" },
      { ...context, index: 1 },
    ];
    const signature = await signatureFor(context);
    const scalars = new Set([tradingScalar(signature, context)]);
    const signatures = new Set([hexlify(signature)]);
    for (const other of others) {
      scalars.add(tradingScalar(signature, other));
      const signed = await signatureFor(other);
      signatures.add(hexlify(signed));
      scalars.add(tradingScalar(signed, other));
    }
    expect(scalars.size).to.equal(9);
    expect(signatures.size).to.equal(5);
  });

  it("gives one key for one signature, however the wallet writes v and s", async () => {
    const signature = await signatureFor(context);
    const parity = (signature[64] as number) - 27;
    const s = bytesToNumberBE(signature.slice(32, 64));
    const flippedS = numberToBytesBE(WALLET_ORDER - s, 32);
    const forms = [
      [s, parity],
      [s, parity + 27],
      [WALLET_ORDER - s, 1 - parity],
      [WALLET_ORDER - s, 28 - parity],
    ] as const;
    for (const [formS, v] of forms) {
      const form = signature.slice();
      form.set(formS === s ? signature.slice(32, 64) : flippedS, 32);
      form[64] = v;
      expect(canonicalWalletSignature(form)).to.deep.equal(signature);
      expect(tradingScalar(form, context)).to.equal(tradingScalar(signature, context));
    }
    expect(tradingScalar(Uint8Array.from(signature).fill(28 - parity, 64), context)).not.to.equal(
      tradingScalar(signature, context),
    );
  });

  it("refuses signatures of another shape, and contexts out of range", async () => {
    const signature = await signatureFor(context);
    const broken: [Uint8Array, string][] = [
      [signature.slice(0, 64), "65 bytes"],
      [new Uint8Array(66), "65 bytes"],
      [new Uint8Array(0), "65 bytes"],
      [signature.slice().fill(0, 0, 32), "out of range"],
      [signature.slice().fill(0, 32, 64), "out of range"],
      [signature.slice().fill(0xff, 0, 32), "out of range"],
      [signature.slice().fill(0xff, 32, 64), "out of range"],
      [signature.slice().fill(29, 64), "v = 29"],
    ];
    for (const [bytes, text] of broken) expect(() => tradingScalar(bytes, context)).to.throw(RangeError, text);
    for (const at of [
      { ...context, index: -1 },
      { ...context, index: 0.5 },
      { ...context, index: 2 ** 32 },
      { ...context, owner: "0x1" },
      { ...context, exchange: "" },
      { ...context, chainId: -1 },
    ]) {
      expect(() => tradingScalar(signature, at)).to.throw(RangeError);
      expect(() => tradingKeyTypedData(at)).to.throw(RangeError);
    }
  });

  it("never collides, is never zero and stays below ℓ over 2,000 derivations", () => {
    const random = new Seeded("wallets");
    const scalars = new Set<bigint>();
    for (let i = 0; i < 2_000; i++) {
      const scalar = tradingScalar(syntheticSignature(random), context);
      if (scalar < 1n || scalar >= SUBGROUP_ORDER) expect.fail(`scalar ${scalar}`);
      scalars.add(scalar);
    }
    expect(scalars.size).to.equal(2_000);
  });
});

function syntheticSignature(random: Seeded): Uint8Array {
  const signature = new Uint8Array(65);
  signature.set(random.bytes32(), 0);
  signature.set(random.bytes32(), 32);
  signature[0] = 0x7f & (signature[0] as number);
  signature[32] = 0x7f & (signature[32] as number);
  signature[64] = 27 + random.integer(2);
  return canonicalWalletSignature(signature);
}
