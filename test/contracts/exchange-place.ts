import { getCreateAddress, type Signer } from "ethers";

/**
 * Where the deployer's Exchange will be: its registry comes before it and names it.
 * @param between contracts that the deployer creates after the registry and before the Exchange
 */
export async function exchangePlace(deployer: Signer, between = 0): Promise<string> {
  const from = await deployer.getAddress();
  return getCreateAddress({ from, nonce: (await deployer.getNonce()) + 1 + between });
}
