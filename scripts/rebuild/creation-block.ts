import type { JsonRpcProvider } from "ethers";

/**
 * Block in which a contract came into being, by halves. A server that keeps no state of old blocks cannot tell: then 0, from where the
 * logs are the same and the reading takes longer.
 */
export async function creationBlock(
  provider: Pick<JsonRpcProvider, "getCode">,
  address: string,
  latest: number,
): Promise<number> {
  const isThere = async (block: number): Promise<boolean> => (await provider.getCode(address, block)) !== "0x";
  let [without, since] = [-1, latest];
  try {
    while (since - without > 1) {
      const middle = Math.floor((without + since) / 2);
      if (await isThere(middle)) since = middle;
      else without = middle;
    }
  } catch {
    return 0;
  }
  return since;
}
