import { getAddress, getBytes, hexlify, type Signer, verifyTypedData } from "ethers";
import { type KeyPair, keyPairOf, type RegistrationPoint, registrationPointOf } from "../protocol/keys.ts";
import {
  canonicalWalletSignature,
  type TradingKeyContext,
  tradingKeyTypedData,
  tradingScalar,
} from "../protocol/wallet-key.ts";

/** An L2 trading key with all that registration and signing need. */
export interface TradingKey extends KeyPair, RegistrationPoint {
  /** L1 address of the wallet, checksummed. */
  owner: string;
  index: number;
}

export type WalletErrorCode = "NON_DETERMINISTIC" | "UNUSABLE_SIGNATURE" | "WRONG_SIGNER";

/** A wallet that no trading key can be derived from; the message says what its owner can do. */
export class WalletError extends Error {
  readonly code: WalletErrorCode;
  constructor(code: WalletErrorCode, message: string) {
    super(message);
    this.name = "WalletError";
    this.code = code;
  }
}

/** One signature of the key's typed data, in canonical form, checked to be the owner's. */
async function askOnce(signer: Signer, context: TradingKeyContext): Promise<Uint8Array> {
  const { domain, types, message } = tradingKeyTypedData(context);
  const answer = await signer.signTypedData(domain, types, message);
  let signature: Uint8Array;
  try {
    signature = canonicalWalletSignature(getBytes(answer));
  } catch (cause) {
    const text =
      "This wallet's answer is no plain ECDSA signature (smart-contract wallets give none): use a wallet with a private key.";
    throw new WalletError("UNUSABLE_SIGNATURE", `${text} ${cause instanceof Error ? cause.message : ""}`.trim());
  }
  let recovered: string;
  try {
    recovered = verifyTypedData(domain, types, message, hexlify(signature));
  } catch {
    throw new WalletError("UNUSABLE_SIGNATURE", "This wallet's answer is not a valid signature.");
  }
  if (recovered !== context.owner) {
    throw new WalletError(
      "WRONG_SIGNER",
      `The wallet signed as ${recovered}, not as ${context.owner}: select that account in it.`,
    );
  }
  return signature;
}

/**
 * Derives the trading key that belongs to a wallet. The wallet is asked twice for the same signature: one that signs with random
 * nonces could never derive the key again, and what was deposited under it could not be traded or withdrawn.
 * @throws WalletError; RangeError for an index or address out of range; whatever the wallet throws when its user declines.
 */
export async function deriveTradingKey(
  signer: Signer,
  exchange: { chainId: number | bigint; exchange: string },
  index = 0,
): Promise<TradingKey> {
  const owner = getAddress(await signer.getAddress());
  const context = { ...exchange, owner, index };
  const first = await askOnce(signer, context);
  const second = await askOnce(signer, context);
  if (hexlify(first) !== hexlify(second)) {
    throw new WalletError(
      "NON_DETERMINISTIC",
      "This wallet gives another signature each time, so a key derived from it could not be derived again: use a wallet with deterministic signatures (RFC 6979).",
    );
  }
  const scalar = tradingScalar(first, context);
  return { owner, index, ...keyPairOf(scalar), ...registrationPointOf(scalar) };
}
