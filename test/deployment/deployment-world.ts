import { JsonRpcProvider, Wallet } from "ethers";
import hre from "hardhat";
import { TIERS, type Tier } from "../../matcher/protocol/spec.ts";
import type { DeployedTier } from "../../scripts/deployment/chosen-verifier.ts";
import type { DeploymentParameters } from "../../scripts/deployment/deployment-parameters.ts";
import { readArtifact } from "../../scripts/devnet/artifact.ts";
import { type GovernanceRole, ROLE_NAMES } from "../../scripts/governance/roles.ts";
import { SMALL_MAIN } from "../fixtures/small-ceremony.ts";

/** The small tier, with the small circuit in its place. */
export const SMALL_TIER: DeployedTier = {
  tier: TIERS.find(({ name }) => name === "small") as Tier,
  main: SMALL_MAIN,
  optimization: "O2",
};

/** An address that nobody else has, the same in every run. */
export function ownAddress(number: number): string {
  return new Wallet(`0x${(0xc1ea_0000 + number).toString(16).padStart(64, "0")}`).address;
}

export function ownKey(number: number): string {
  return `0x${(0xc1ea_0000 + number).toString(16).padStart(64, "0")}`;
}

export const DEPLOYER_KEY = ownKey(0);

/** Everybody another one, as it should be where money is. */
export function separateParameters(token: string): DeploymentParameters {
  return {
    token,
    operator: ownAddress(1),
    insuranceOwner: ownAddress(2),
    oracleSigners: [3, 4, 5, 6, 7].map(ownAddress),
    council: ownAddress(8),
    holders: Object.fromEntries(ROLE_NAMES.map((role, i) => [role, ownAddress(20 + i)])) as Record<
      GovernanceRole,
      string
    >,
    provingLagSeconds: 1_800,
  };
}

/** A chain of its own with any id behind a real JSON-RPC server, on which the deployer has money. */
export interface DeploymentChain {
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly provider: JsonRpcProvider;
  /** Puts a worthless dollar's code at an address. */
  placeToken(address: string): Promise<void>;
  close(): Promise<void>;
}

export async function startDeploymentChain(chainId: number): Promise<DeploymentChain> {
  const server = await hre.network.createServer({ network: "default", override: { chainId } }, "127.0.0.1", 0);
  const { port } = await server.listen();
  const rpcUrl = `http://127.0.0.1:${port}`;
  const provider = new JsonRpcProvider(rpcUrl, chainId, { staticNetwork: true, cacheTimeout: -1, batchMaxCount: 1 });
  await provider.send("hardhat_setBalance", [new Wallet(DEPLOYER_KEY).address, "0x3635c9adc5dea00000"]);
  return {
    rpcUrl,
    chainId,
    provider,
    placeToken: async (address) => {
      const { deployedBytecode } = readArtifact("TestDollar.sol/TestDollar");
      await provider.send("hardhat_setCode", [address, deployedBytecode]);
    },
    close: async () => {
      provider.destroy();
      const closed = server.afterClosed();
      await server.close();
      await closed;
    },
  };
}
