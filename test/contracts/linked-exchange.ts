import type { BaseContract } from "ethers";
import type { ethers } from "./chain.ts";

/**
 * Deploys an Exchange with the library that it is linked with. The library comes from another account, so that the Exchange is the
 * very next contract of the first one, where a registry expects it.
 */
export async function deployExchange(
  on: Pick<typeof ethers, "deployContract" | "getSigners">,
  setup: unknown,
): Promise<BaseContract> {
  const epochs = await on.deployContract("Epochs", [], (await on.getSigners()).at(-1));
  return on.deployContract("Exchange", [setup], { libraries: { Epochs: await epochs.getAddress() } });
}
