import { type BaseContract, getCreateAddress, type Signer } from "ethers";
import { oracleSetup } from "./oracle-setup.ts";

type Deploy = (name: string, args: unknown[]) => Promise<BaseContract>;

/** How long an entry of the queue may wait at a test's Exchange. */
export const REQUEST_DEADLINE_SECONDS = 86_400;
/** How long the escapes of tests wait, unless a test says otherwise. */
export const ESCAPE_WINDOWS = { priceWindowSeconds: 3_600, claimWindowSeconds: 86_400, lateWindowSeconds: 43_200 };

/** What an Exchange takes epochs from, and what it trusts at its end. */
export interface EpochSources<Registry = BaseContract, Oracle = BaseContract, Escape = BaseContract> {
  readonly contracts: { readonly registry: Registry; readonly oracle: Oracle; readonly escape: Escape };
  /** As the Exchange's constructor takes them. */
  readonly addresses: { readonly authority: string; readonly registry: string; readonly oracle: string; readonly escape: string };
}

/** Deploys an AccessManager, whose admin may call everything at once, registry, oracle and escape. The Exchange must be the deployer's very next contract: registry and escape name it. */
export async function deployEpochSources<Registry = BaseContract, Oracle = BaseContract, Escape = BaseContract>(
  deployer: Signer,
  deploy: Deploy,
  signers: string[],
  windows: Partial<typeof ESCAPE_WINDOWS> = {},
): Promise<EpochSources<Registry, Oracle, Escape>> {
  const owner = await deployer.getAddress();
  const authority = await (await deploy("AccessManager", [owner])).getAddress();
  const place = getCreateAddress({ from: owner, nonce: (await deployer.getNonce()) + 3 });
  const registry = await deploy("MarketRegistry", [authority, place]);
  const oracle = await deploy("PriceOracle", [oracleSetup(authority, await registry.getAddress(), signers)]);
  const wayOut = await deploy("Escape", [{ exchange: place, ...ESCAPE_WINDOWS, ...windows }]);
  return {
    contracts: { registry: registry as Registry, oracle: oracle as Oracle, escape: wayOut as Escape },
    addresses: {
      authority,
      registry: await registry.getAddress(),
      oracle: await oracle.getAddress(),
      escape: await wayOut.getAddress(),
    },
  };
}
