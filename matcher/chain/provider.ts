import { JsonRpcProvider } from "ethers";

/** The chain cannot be reached, or is another one than it should be. */
export class ChainConnectionError extends Error {
  override readonly name = "ChainConnectionError";
}

const FIRST_ANSWER_MS = 10_000;

/**
 * A provider that asks no needless questions: the network is known, nothing is cached (a cached block number would hide a
 * confirmation), and every call is a request of its own, because batches wait for their slowest member.
 *
 * @throws ChainConnectionError in one sentence when nothing answers or the chain id differs.
 */
export async function connectL1(rpcUrl: string, chainId: number): Promise<JsonRpcProvider> {
  const provider = new JsonRpcProvider(rpcUrl, chainId, {
    staticNetwork: true,
    cacheTimeout: -1,
    batchMaxCount: 1,
    pollingInterval: 50,
  });
  const given = await firstAnswer(provider, rpcUrl);
  if (given === chainId) return provider;
  provider.destroy();
  throw new ChainConnectionError(`The chain at ${rpcUrl} has the id ${given}, but ${chainId} is expected.`);
}

async function firstAnswer(provider: JsonRpcProvider, rpcUrl: string): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in 10 s")), FIRST_ANSWER_MS);
  });
  try {
    return Number(await Promise.race([provider.send("eth_chainId", []), late]));
  } catch (error) {
    provider.destroy();
    const reason = error instanceof Error ? error.message : String(error);
    throw new ChainConnectionError(`No chain answers at ${rpcUrl} (${reason}).`);
  } finally {
    clearTimeout(timer);
  }
}
