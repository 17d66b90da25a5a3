import { expect } from "chai";
import { AbiCoder, keccak256, toUtf8Bytes } from "ethers";
import { addressNumber } from "../../matcher/protocol/abi-word.ts";
import type { Message, OrderMessage } from "../../matcher/protocol/message.ts";
import { messageWord } from "../../matcher/protocol/message.ts";
import { domainOf, messageHash } from "../../matcher/protocol/message-hash.ts";
import { poseidon } from "../../matcher/protocol/poseidon.ts";
import { FIELD_ORDER, MESSAGE_KIND, TAG_MESSAGE, WIDTH } from "../../matcher/protocol/spec.ts";
import {
  SAMPLE_CANCEL,
  SAMPLE_CANCEL_ALL,
  SAMPLE_CHAIN_ID,
  SAMPLE_EXCHANGE,
  SAMPLE_ORDER,
  SAMPLE_WITHDRAWAL,
} from "./sample-messages.ts";

const DOMAIN = domainOf(SAMPLE_CHAIN_ID, SAMPLE_EXCHANGE);

describe("message hash", () => {
  it("has the domain that ethers' ABI encoder gives", () => {
    for (const chainId of [1n, 31337n, 2n ** 64n + 5n]) {
      const encoded = AbiCoder.defaultAbiCoder().encode(
        ["bytes32", "uint256", "address"],
        [keccak256(toUtf8Bytes("Clearbook L2 message v1")), chainId, SAMPLE_EXCHANGE],
      );
      expect(domainOf(chainId, SAMPLE_EXCHANGE)).to.equal(BigInt(keccak256(encoded)) >> 8n);
    }
    expect(DOMAIN).to.equal(403434824320161830277750481545576016263906346327770824356975267998853081888n);
    expect(DOMAIN < FIELD_ORDER).to.equal(true);
    expect(domainOf(SAMPLE_CHAIN_ID, SAMPLE_EXCHANGE.toLowerCase())).to.equal(DOMAIN);
  });

  it("refuses what is no chain id or no address", () => {
    expect(() => domainOf(-1, SAMPLE_EXCHANGE)).to.throw(RangeError);
    expect(() => domainOf(1.5, SAMPLE_EXCHANGE)).to.throw(RangeError);
    expect(() => domainOf(2n ** 256n, SAMPLE_EXCHANGE)).to.throw(RangeError);
    for (const address of ["", "0x", SAMPLE_EXCHANGE.slice(0, -1), `${SAMPLE_EXCHANGE}0`, SAMPLE_EXCHANGE.slice(2)]) {
      expect(() => addressNumber(address)).to.throw(RangeError, "not an address");
    }
  });

  it("is H_3 of tag + kind, domain and word, by hand", () => {
    // Shifts by hand: account 18, market 3, side 1, keepFilled 1, flags 8, slot 12, sequence 48, expiry 32, maxFee 20, price 32.
    const word =
      7n |
      (1n << 18n) |
      (12n << 31n) |
      (1_700_000_000_123n << 43n) |
      (1_800_000_000n << 91n) |
      (BigInt(500 + 2 ** 19) << 123n) |
      (300_000n << 143n) |
      (25_000n << 175n);
    expect(messageWord(SAMPLE_ORDER)).to.equal(word);
    expect(messageHash(SAMPLE_ORDER, DOMAIN)).to.equal(poseidon([TAG_MESSAGE + 1n, DOMAIN, word]));
    expect(messageHash(SAMPLE_CANCEL, DOMAIN)).to.equal(
      poseidon([TAG_MESSAGE + 2n, DOMAIN, 7n | (12n << 31n) | (1_700_000_000_123n << 43n)]),
    );
    expect(messageHash(SAMPLE_CANCEL_ALL, DOMAIN)).to.equal(
      poseidon([TAG_MESSAGE + 3n, DOMAIN, 7n | (1_700_000_000_123n << 43n)]),
    );
    expect(messageHash(SAMPLE_WITHDRAWAL, DOMAIN)).to.equal(
      poseidon([
        TAG_MESSAGE + 4n,
        DOMAIN,
        7n | (3n << 43n) | (1_800_000_000n << 91n) | (5n << 143n) | (123_456_789n << 175n),
      ]),
    );
  });

  it("of a margin mode stands under a kind that no row's three bits can name", () => {
    const isolated = { kind: "marginMode", account: 7, isolatedMarket: 1, sequence: 99 } as const;
    const word = 7n | (1n << 18n) | (1n << 21n) | (99n << 43n);
    expect(messageHash(isolated, DOMAIN)).to.equal(poseidon([TAG_MESSAGE + 8n, DOMAIN, word]));
    const cross = { ...isolated, isolatedMarket: null };
    expect(messageHash(cross, DOMAIN)).to.equal(poseidon([TAG_MESSAGE + 8n, DOMAIN, 7n | (99n << 43n)]));
    // Isolated for market 0 is not the same as cross.
    expect(messageWord({ ...isolated, isolatedMarket: 0 })).to.not.equal(messageWord(cross));
    expect(MESSAGE_KIND.marginMode).to.be.at.least(2 ** WIDTH.rowKind);
  });

  it("keeps its golden values", () => {
    expect(
      [SAMPLE_ORDER, SAMPLE_CANCEL, SAMPLE_CANCEL_ALL, SAMPLE_WITHDRAWAL].map((m) => messageHash(m, DOMAIN)),
    ).to.deep.equal(GOLDEN_HASHES);
  });

  it("names the field that does not fit", () => {
    const tooWide: [Message, string][] = [
      [{ ...SAMPLE_ORDER, account: 2 ** 18 }, "account"],
      [{ ...SAMPLE_ORDER, market: 8 }, "market"],
      [{ ...SAMPLE_ORDER, slot: 4096 }, "slot"],
      [{ ...SAMPLE_ORDER, sequence: 2 ** 48 }, "sequence"],
      [{ ...SAMPLE_ORDER, sequence: -1 }, "sequence"],
      [{ ...SAMPLE_ORDER, expirySeconds: 2 ** 32 }, "expirySeconds"],
      [{ ...SAMPLE_ORDER, maxFeePpm: 2 ** 19 }, "maxFee"],
      [{ ...SAMPLE_ORDER, maxFeePpm: -(2 ** 19) - 1 }, "maxFee"],
      [{ ...SAMPLE_ORDER, limitPriceTicks: 2 ** 32 }, "limitPriceTicks"],
      [{ ...SAMPLE_ORDER, quantityLots: 2 ** 40 }, "quantityLots"],
      [{ ...SAMPLE_WITHDRAWAL, amountMicroUsd: 2n ** 72n }, "limitPriceTicks"],
    ];
    for (const [message, field] of tooWide) expect(() => messageHash(message, DOMAIN)).to.throw(RangeError, field);
    expect(() => messageHash({ ...SAMPLE_ORDER, quantityLots: 1.5 } as OrderMessage, DOMAIN)).to.throw(RangeError);
  });
});

/** Of the four samples, in the order of their kinds; circuit and contract tests may rely on them. */
const GOLDEN_HASHES = [
  6987819183813025743791920766736548923315153190201624531720889251851002741672n,
  12102740749209108609363704642747122199157522248784966273183276217694847844905n,
  9124522161990737807625433431268794118663260876317148462936894085587239001717n,
  3994893246118217284810259481571239623414119663737726171884716004132837010592n,
];
