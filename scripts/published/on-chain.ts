import { isAddress, JsonRpcProvider } from "ethers";
import { chainIdOf } from "../devnet/chain-id.ts";
import { Refusal } from "../supervisor/refusal.ts";

/** Runs something that reads an exchange's logs. @throws Refusal when there is no such chain or contract */
export async function onChain<T>(
  rpc: string,
  exchange: string,
  read: (provider: JsonRpcProvider, chainId: number) => Promise<T>,
): Promise<T> {
  if (!isAddress(exchange)) throw new Refusal(`--exchange needs an address, not "${exchange}".`);
  const chainId = await chainIdOf(rpc);
  const provider = new JsonRpcProvider(rpc, chainId, { staticNetwork: true, batchMaxCount: 1 });
  try {
    if ((await provider.getCode(exchange)) === "0x")
      throw new Refusal(`There is no contract at ${exchange} on ${rpc}.`);
    return await read(provider, chainId);
  } finally {
    provider.destroy();
  }
}
