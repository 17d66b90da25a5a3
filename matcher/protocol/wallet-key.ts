import { bytesToNumberBE, numberToBytesBE } from "@noble/curves/utils.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { abiWord, addressNumber } from "./abi-word.ts";
import { EIP712_NAME, EIP712_VERSION, KEY_PURPOSE, KEY_SALT, SUBGROUP_ORDER } from "./spec.ts";

/** Order of secp256k1, of which a wallet's r and s are scalars. */
const WALLET_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** What a trading key is for. Another value in any field gives another key. */
export interface TradingKeyContext {
  chainId: number | bigint;
  /** Address of the exchange contract. */
  exchange: string;
  /** Address of the wallet that signs. */
  owner: string;
  /** 0 for the first key of an owner; 0 ≤ x < 2^32. */
  index: number;
}

/** EIP-712 data in the form that wallets and their libraries take. */
export interface TradingKeyTypedData {
  domain: { name: string; version: string; chainId: bigint; verifyingContract: string };
  types: { TradingKey: { name: string; type: string }[] };
  message: { purpose: string; owner: string; index: number };
}

/** The fields of the context that HKDF binds. @throws RangeError naming what is out of range. */
function contextWords({ chainId, exchange, owner, index }: TradingKeyContext): Uint8Array {
  if (!Number.isSafeInteger(index) || index < 0 || index >= 2 ** 32)
    throw new RangeError(`key index ${index} is not a uint32`);
  const words = [BigInt(chainId), addressNumber(exchange), addressNumber(owner), BigInt(index)];
  return concatBytes(...words.map(abiWord));
}

/** What the wallet signs (docs/protocol.md §3). @throws RangeError naming what is out of range. */
export function tradingKeyTypedData(context: TradingKeyContext): TradingKeyTypedData {
  contextWords(context);
  return {
    domain: {
      name: EIP712_NAME,
      version: EIP712_VERSION,
      chainId: BigInt(context.chainId),
      verifyingContract: context.exchange,
    },
    types: {
      TradingKey: [
        { name: "purpose", type: "string" },
        { name: "owner", type: "address" },
        { name: "index", type: "uint32" },
      ],
    },
    message: { purpose: KEY_PURPOSE, owner: context.owner, index: context.index },
  };
}

/**
 * One form for one signature: r ‖ s ‖ v with the lower s and v = 27 or 28. Wallets differ in both (v = 0 or 1 is common), and the
 * same wallet seen through two programs must give the same key.
 * @throws RangeError unless it is a 65-byte ECDSA signature; wallets that are contracts give other things.
 */
export function canonicalWalletSignature(signature: Uint8Array): Uint8Array {
  if (signature.length !== 65) throw new RangeError(`a wallet signature has 65 bytes, not ${signature.length}`);
  const r = bytesToNumberBE(signature.subarray(0, 32));
  const s = bytesToNumberBE(signature.subarray(32, 64));
  if (r < 1n || r >= WALLET_ORDER || s < 1n || s >= WALLET_ORDER)
    throw new RangeError("r or s of the wallet signature is out of range");
  const v = signature[64] as number;
  if (v !== 0 && v !== 1 && v !== 27 && v !== 28)
    throw new RangeError(`v = ${v} of the wallet signature is none of 0, 1, 27, 28`);
  const isHigh = s > WALLET_ORDER / 2n;
  const parity = (v >= 27 ? v - 27 : v) ^ (isHigh ? 1 : 0);
  return concatBytes(
    signature.slice(0, 32),
    numberToBytesBE(isHigh ? WALLET_ORDER - s : s, 32),
    Uint8Array.of(27 + parity),
  );
}

/**
 * The secret scalar of a trading key: HKDF-SHA256 over the wallet's signature, bound to the context, 512 bits reduced mod ℓ
 * (bias < 2^-250). Whoever sees the signature has the key: it is never stored or sent.
 * @throws RangeError for a malformed signature or context.
 */
export function tradingScalar(signature: Uint8Array, context: TradingKeyContext): bigint {
  const material = hkdf(sha256, canonicalWalletSignature(signature), utf8ToBytes(KEY_SALT), contextWords(context), 64);
  const scalar = bytesToNumberBE(material) % SUBGROUP_ORDER;
  if (scalar === 0n) throw new RangeError("the derived scalar is zero: use another key index"); // probability 2^-251
  return scalar;
}
