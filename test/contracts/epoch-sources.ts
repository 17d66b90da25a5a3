import { type BaseContract, getCreateAddress, type Signer } from "ethers";
import { oracleSetup } from "./oracle-setup.ts";

type Deploy = (name: string, args: unknown[]) => Promise<BaseContract>;

/** What an Exchange takes epochs from. */
export interface EpochSources<Registry = BaseContract, Oracle = BaseContract> {
  readonly contracts: { readonly registry: Registry; readonly oracle: Oracle };
  /** As the Exchange's constructor takes them. */
  readonly addresses: { readonly authority: string; readonly registry: string; readonly oracle: string };
}

/** Deploys an AccessManager, whose admin may call everything at once, registry and oracle. The Exchange must be the deployer's very next contract: the registry names it. */
export async function deployEpochSources<Registry = BaseContract, Oracle = BaseContract>(
  deployer: Signer,
  deploy: Deploy,
  signers: string[],
): Promise<EpochSources<Registry, Oracle>> {
  const owner = await deployer.getAddress();
  const authority = await (await deploy("AccessManager", [owner])).getAddress();
  const place = getCreateAddress({ from: owner, nonce: (await deployer.getNonce()) + 2 });
  const registry = await deploy("MarketRegistry", [authority, place]);
  const oracle = await deploy("PriceOracle", [oracleSetup(authority, await registry.getAddress(), signers)]);
  return {
    contracts: { registry: registry as Registry, oracle: oracle as Oracle },
    addresses: { authority, registry: await registry.getAddress(), oracle: await oracle.getAddress() },
  };
}
