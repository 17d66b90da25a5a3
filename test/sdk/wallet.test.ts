import { expect } from "chai";
import { type TypedDataDomain, type TypedDataField, Wallet } from "ethers";
import { keyFault, publicKeyFromRegistration, publicKeyOf } from "../../matcher/protocol/keys.ts";
import { deriveTradingKey, WalletError, type WalletErrorCode } from "../../matcher/sdk/wallet.ts";
import { RandomNonceSigner } from "../protocol/random-nonce-signer.ts";
import { SAMPLE_CHAIN_ID, SAMPLE_EXCHANGE } from "../protocol/sample-messages.ts";

const PRIVATE_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const exchange = { chainId: SAMPLE_CHAIN_ID, exchange: SAMPLE_EXCHANGE };

/** A wallet whose answers are rewritten. */
class AnsweringWallet extends Wallet {
  readonly asked: string[] = [];
  readonly #answer: (real: string, turn: number) => string;

  constructor(answer: (real: string, turn: number) => string) {
    super(PRIVATE_KEY);
    this.#answer = answer;
  }

  override async signTypedData(
    domain: TypedDataDomain,
    types: Record<string, TypedDataField[]>,
    value: Record<string, unknown>,
  ): Promise<string> {
    const real = await super.signTypedData(domain, types, value);
    this.asked.push(real);
    return this.#answer(real, this.asked.length - 1);
  }
}

async function refusal(promise: Promise<unknown>): Promise<WalletError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof WalletError) return error;
    throw error;
  }
  throw new Error("the wallet was accepted");
}

describe("trading key of a wallet", () => {
  it("is complete, golden, and the same each time", async () => {
    const key = await deriveTradingKey(new Wallet(PRIVATE_KEY), exchange);
    expect(key).to.deep.equal({
      owner: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
      index: 0,
      scalar: 1417425050363780489972548198719573905788416653373555469489772126956325664289n,
      ax: 18811278178820743536645950328597157880373299315044284584321788783238068992883n,
      ay: 11287099360324644091229153587524491064999801290480270799486399798508184406239n,
      qx: 3841377474109662070562130943734227500294256384877551731405385948992312235557n,
      qy: 5343650955222986908316132416825921747419475854222585544604601269202156905146n,
    });
    expect(await deriveTradingKey(new Wallet(PRIVATE_KEY), exchange)).to.deep.equal(key);
    expect(publicKeyOf(key.scalar)).to.deep.equal({ ax: key.ax, ay: key.ay });
    expect(publicKeyFromRegistration(key)).to.deep.equal({ ax: key.ax, ay: key.ay });
    expect(keyFault(key)).to.equal(undefined);
  });

  it("differs by wallet, index, chain and exchange, whatever the letter case of the address", async () => {
    const wallet = new Wallet(PRIVATE_KEY);
    const other = new Wallet(`0x${"22".repeat(32)}`);
    const elsewhere = { ...exchange, exchange: "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512" };
    const keys = [
      await deriveTradingKey(wallet, exchange),
      await deriveTradingKey(wallet, exchange, 1),
      await deriveTradingKey(wallet, { ...exchange, chainId: 1 }),
      await deriveTradingKey(wallet, elsewhere),
      await deriveTradingKey(other, exchange),
    ];
    expect(new Set(keys.map((key) => key.scalar)).size).to.equal(5);
    const lower = await deriveTradingKey(wallet, { ...exchange, exchange: SAMPLE_EXCHANGE.toLowerCase() });
    expect(lower).to.deep.equal(keys[0]);
  });

  it("is refused to wallets with random nonces, in words", async () => {
    const signer = new RandomNonceSigner(PRIVATE_KEY);
    const error = await refusal(deriveTradingKey(signer, exchange));
    expect(error.code).to.equal("NON_DETERMINISTIC");
    expect(error.message).to.match(
      /another signature each time.*could not be derived again.*deterministic signatures/s,
    );
  });

  it("asks exactly twice", async () => {
    const wallet = new AnsweringWallet((real) => real);
    await deriveTradingKey(wallet, exchange);
    expect(wallet.asked.length).to.equal(2);
    expect(wallet.asked[0]).to.equal(wallet.asked[1]);
  });

  it("does not mind a wallet that writes v as 0 or 1, even only the second time", async () => {
    const short = (real: string) => real.slice(0, -2) + (real.endsWith("1b") ? "00" : "01");
    const key = await deriveTradingKey(new Wallet(PRIVATE_KEY), exchange);
    expect(await deriveTradingKey(new AnsweringWallet(short), exchange)).to.deep.equal(key);
    const mixed = new AnsweringWallet((real, turn) => (turn === 1 ? short(real) : real));
    expect(await deriveTradingKey(mixed, exchange)).to.deep.equal(key);
  });

  it("is refused for answers that are no signature of the owner, with what to do", async () => {
    const foreign = new Wallet(`0x${"33".repeat(32)}`);
    const foreignSignature = foreign.signMessageSync("something else");
    const cases: [(real: string) => string, WalletErrorCode, RegExp][] = [
      [() => "0x", "UNUSABLE_SIGNATURE", /smart-contract wallets/],
      [() => "not hexadecimal", "UNUSABLE_SIGNATURE", /smart-contract wallets/],
      [(real) => `${real}00`, "UNUSABLE_SIGNATURE", /65 bytes/],
      [(real) => `${real.slice(0, -2)}1d`, "UNUSABLE_SIGNATURE", /v = 29/],
      [(real) => `0x${"00".repeat(31)}05${real.slice(66)}`, "UNUSABLE_SIGNATURE", /not a valid signature/],
      [() => foreignSignature, "WRONG_SIGNER", /select that account/],
    ];
    for (const [answer, code, text] of cases) {
      const error = await refusal(deriveTradingKey(new AnsweringWallet(answer), exchange));
      expect(error.code, error.message).to.equal(code);
      expect(error.message).to.match(text);
    }
  });

  it("passes on that the user declined", async () => {
    const wallet = new AnsweringWallet(() => {
      throw new Error("user rejected");
    });
    let message = "";
    await deriveTradingKey(wallet, exchange).catch((error: Error) => {
      message = error.message;
    });
    expect(message).to.equal("user rejected");
  });
});
