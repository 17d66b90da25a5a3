import { readFileSync } from "node:fs";
import { bytesToNumberBE } from "@noble/curves/utils.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { JsonRpcProvider } from "ethers";
import type { Deployment } from "./chain/deployment.ts";
import type { JournalIdentity } from "./journal/journal-identity.ts";
import * as spec from "./protocol/spec.ts";
import { tierFiles } from "./prover/groth16/tier-files.ts";
import type { ExchangeTerms } from "./sequencer/exchange-state.ts";

function hashOf(bytes: Uint8Array): bigint {
  return bytesToNumberBE(keccak_256(bytes));
}

/** Of plain data; bigints with their digits. */
export function hashOfData(value: unknown): bigint {
  const text = JSON.stringify(value, (_, item) => (typeof item === "bigint" ? `${item}n` : item));
  return hashOf(utf8ToBytes(text));
}

/** Every constant that the protocol is made of. */
export function protocolHash(): bigint {
  return hashOfData(Object.entries(spec).filter(([, value]) => typeof value !== "function"));
}

/** The verification keys of all tiers that have one. */
function circuitsHash(circuitsDir: string): bigint {
  const keys = spec.TIERS.flatMap(({ name }) => {
    try {
      return [[name, hashOf(readFileSync(tierFiles(circuitsDir, name).vkeyPath))]];
    } catch {
      // A tier without keys proves nothing.
      return [];
    }
  });
  return hashOfData(keys);
}

/** @throws Error when the chain does not have the block of the deployment */
export async function exchangeIdentity(
  provider: JsonRpcProvider,
  { chainId, exchange, firstBlock }: Deployment,
  circuitsDir: string,
  terms: ExchangeTerms,
): Promise<JournalIdentity> {
  const hash = (await provider.getBlock(firstBlock))?.hash ?? undefined;
  if (hash === undefined)
    throw new Error(`The chain has no block ${firstBlock}, with which the exchange was deployed.`);
  return {
    chainId,
    exchange: BigInt(exchange),
    deployment: BigInt(hash),
    circuits: circuitsHash(circuitsDir),
    protocol: protocolHash(),
    terms: hashOfData(terms),
  };
}
