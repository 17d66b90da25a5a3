import { readFileSync } from "node:fs";
import type { JsonRpcProvider } from "ethers";
import type { Deployment } from "./chain/deployment.ts";
import { hashOf, hashOfData, protocolHash } from "./data-hash.ts";
import type { JournalIdentity } from "./journal/journal-identity.ts";
import { TIERS } from "./protocol/spec.ts";
import { tierFiles } from "./prover/groth16/tier-files.ts";
import type { ExchangeTerms } from "./sequencer/exchange-state.ts";

/** The verification keys of all tiers that have one. */
function circuitsHash(circuitsDir: string): bigint {
  const keys = TIERS.flatMap(({ name }) => {
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
