import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToNumberBE } from "@noble/curves/utils.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { abiWord, addressNumber } from "./abi-word.ts";
import { EIP712_NAME, EIP712_VERSION } from "./spec.ts";

/** Where an operator's receipts count. */
export interface ReceiptPlace {
  readonly chainId: number;
  /** Address of the Exchange contract. */
  readonly exchange: string;
}

/** What the operator signs: the head of the journal's hash chain after the last of some commands that became durable together. */
export interface ReceiptGroup {
  readonly lastCommand: number;
  readonly journalHead: bigint;
}

/** EIP-712, so that a contract can judge it, too. */
export const RECEIPT_GROUP_TYPES = {
  ReceiptGroup: [
    { name: "lastCommand", type: "uint64" },
    { name: "journalHead", type: "uint256" },
  ],
};

export function receiptGroupDomain({ chainId, exchange }: ReceiptPlace) {
  return { name: EIP712_NAME, version: EIP712_VERSION, chainId, verifyingContract: exchange };
}

const hashOfText = (text: string): Uint8Array => keccak_256(utf8ToBytes(text));
const DOMAIN_TYPE_HASH = hashOfText(
  "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
);
const GROUP_TYPE_HASH = hashOfText("ReceiptGroup(uint64 lastCommand,uint256 journalHead)");
const NAME_HASH = hashOfText(EIP712_NAME);
const VERSION_HASH = hashOfText(EIP712_VERSION);
const EIP712_PREFIX = Uint8Array.of(0x19, 0x01);
const SIGNATURE_PATTERN = /^0x[0-9a-f]{130}$/;
const V_OFFSET = 27;

/** What is signed. @throws RangeError for a number or an address that is none */
export function receiptGroupHash(
  { chainId, exchange }: ReceiptPlace,
  { lastCommand, journalHead }: ReceiptGroup,
): Uint8Array {
  if (!Number.isSafeInteger(lastCommand)) throw new RangeError(`${lastCommand} is not the number of a command`);
  const domain = [NAME_HASH, VERSION_HASH, abiWord(BigInt(chainId)), abiWord(addressNumber(exchange))];
  const separator = keccak_256(concatBytes(DOMAIN_TYPE_HASH, ...domain));
  const group = keccak_256(concatBytes(GROUP_TYPE_HASH, abiWord(BigInt(lastCommand)), abiWord(journalHead)));
  return keccak_256(concatBytes(EIP712_PREFIX, separator, group));
}

/** @param secretKey 0x and 64 hexadecimal digits. @returns r ‖ s ‖ v, 65 bytes in hexadecimal, the nonce as of RFC 6979 */
export function signReceiptGroup(place: ReceiptPlace, group: ReceiptGroup, secretKey: string): string {
  const hash = receiptGroupHash(place, group);
  const signed = secp256k1.sign(hash, hexToBytes(secretKey.slice(2)), { prehash: false, format: "recovered" });
  const [recovery = 0] = signed;
  return `0x${bytesToHex(concatBytes(signed.subarray(1), Uint8Array.of(recovery + V_OFFSET)))}`;
}

/** Address of a public key in its uncompressed form. */
function addressOf(publicKey: Uint8Array): string {
  return `0x${bytesToHex(keccak_256(publicKey.subarray(1)).subarray(12))}`;
}

/** Address of the key that signs, lower case. @param secretKey 0x and 64 hexadecimal digits */
export function receiptsAddress(secretKey: string): string {
  return addressOf(secp256k1.getPublicKey(hexToBytes(secretKey.slice(2)), false));
}

/**
 * Who signed a group, lower case; null when the signature is none. Only the lower of the two possible s counts, so that one group has one
 * signature of a signer that keeps to RFC 6979.
 */
export function receiptGroupSigner(place: ReceiptPlace, group: ReceiptGroup, signature: string): string | null {
  if (!SIGNATURE_PATTERN.test(signature)) return null;
  const bytes = hexToBytes(signature.slice(2));
  const recovery = (bytes[64] as number) - V_OFFSET;
  if (recovery !== 0 && recovery !== 1) return null;
  if (bytesToNumberBE(bytes.subarray(32, 64)) > secp256k1.Point.Fn.ORDER / 2n) return null;
  try {
    const hash = receiptGroupHash(place, group);
    const recovered = concatBytes(Uint8Array.of(recovery), bytes.subarray(0, 64));
    const key = secp256k1.recoverPublicKey(recovered, hash, { prehash: false });
    return addressOf(secp256k1.Point.fromBytes(key).toBytes(false));
  } catch {
    return null;
  }
}
