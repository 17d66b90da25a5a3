import { numberToBytesBE } from "@noble/curves/utils.js";

/** One 32-byte word of abi.encode. @throws RangeError when the value is negative or wider than 256 bits. */
export function abiWord(value: bigint): Uint8Array {
  if (value < 0n || value >> 256n !== 0n) throw new RangeError("an ABI word holds 256 bits");
  return numberToBytesBE(value, 32);
}

/** An L1 address as a number, whatever its letter case. @throws RangeError unless it is 0x and 40 hexadecimal digits. */
export function addressNumber(address: string): bigint {
  if (!/^0x[0-9a-fA-F]{40}$/.test(address)) throw new RangeError(`not an address: ${address}`);
  return BigInt(address);
}
