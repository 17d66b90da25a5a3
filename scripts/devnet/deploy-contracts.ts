import {
  type Addressable,
  Contract,
  ContractFactory,
  getCreateAddress,
  type JsonRpcProvider,
  NonceManager,
  Wallet,
  ZeroAddress,
} from "ethers";
import type { Deployment } from "../../matcher/chain/deployment.ts";
import { MARKET_REGISTRY_ABI } from "../../matcher/protocol/abi.ts";
import { DEVNET_PRICE_BOUNDS, type PriceBounds } from "../../matcher/protocol/devnet-markets.ts";
import { type FundingSchedule, MINUTE_FUNDING } from "../../matcher/protocol/funding-schedule.ts";
import { DEV_CHAIN_IDS, MARKETS, type Tier } from "../../matcher/protocol/spec.ts";
import { verifierName } from "../generate.ts";
import { GOVERNANCE_PROFILES, type GovernanceProfile } from "../governance/profile.ts";
import { type GovernanceRole, ROLE_NAMES } from "../governance/roles.ts";
import { wireGovernance } from "../governance/wiring.ts";
import { Refusal } from "../supervisor/refusal.ts";
import { readArtifact } from "./artifact.ts";
import { devnetParameters } from "./risk-parameters.ts";
import { type DevnetKeys, ORACLE_ROLES } from "./wallets.ts";

/** A round may be this old when it is submitted. */
const ORACLE_MAX_AGE_SECONDS = 300;
/** Reports that a round needs, of as many signers as there are roles. */
const ORACLE_THRESHOLD = 2;
const MINIMUM_DEPOSIT_MICRO_USD = 1_000_000n;
const DEPOSIT_CAP_MICRO_USD = 1_000_000_000_000_000n;

export interface DeployOptions {
  readonly provider: JsonRpcProvider;
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly keys: DevnetKeys;
  readonly tiers: readonly Tier[];
  /** Of every market; the devnet's unless told otherwise. */
  readonly priceBounds?: PriceBounds;
  /** Delays of governance and who holds which role; the owner, who waits for nothing, unless told otherwise. */
  readonly governance?: DeployedGovernance;
  /** An interval a minute unless told otherwise. */
  readonly fundingSchedule?: FundingSchedule;
}

export interface DeployedGovernance {
  readonly profile: GovernanceProfile;
  readonly holders: Readonly<Record<GovernanceRole, string>>;
  /** Who proposes to the TimelockController that is the admin. */
  readonly council: string;
}

/** Deploys everything and sets the first parameters. @throws Refusal on a chain that development keys are not for. */
export async function deployContracts(options: DeployOptions): Promise<Deployment> {
  const { provider, chainId, keys, tiers } = options;
  if (!(DEV_CHAIN_IDS as readonly number[]).includes(chainId)) {
    throw new Refusal(
      `Chain ${chainId} is no development chain (${DEV_CHAIN_IDS.join(", ")}): the keys here are public.`,
    );
  }
  const owner = new Wallet(keys.owner, provider);
  const sender = new NonceManager(owner);
  const address = (key: string) => new Wallet(key).address;
  const deploy = async (path: string, ...values: unknown[]): Promise<string> => {
    const { abi, bytecode } = readArtifact(path);
    const contract = await new ContractFactory(abi, bytecode, sender).deploy(...values);
    await contract.waitForDeployment();
    return (contract as unknown as Addressable).getAddress();
  };

  const token = await deploy("TestDollar.sol/TestDollar");
  const verifiers: Record<string, string> = {};
  const byTier: string[] = [];
  for (const tier of tiers) {
    const name = verifierName(tier);
    const verifier = await deploy(`generated/${name}.sol/${name}`);
    verifiers[tier.name] = verifier;
    while (byTier.length <= tier.id) byTier.push(ZeroAddress);
    byTier[tier.id] = verifier;
  }
  const operator = address(keys.operator);
  const authority = await deploy(
    "@openzeppelin/contracts/access/manager/AccessManager.sol/AccessManager",
    owner.address,
  );
  // Registry and oracle come before the Exchange, and the registry names it.
  const nonce = await sender.getNonce();
  const registry = await deploy(
    "markets/MarketRegistry.sol/MarketRegistry",
    authority,
    getCreateAddress({ from: owner.address, nonce: nonce + 2 }),
  );
  const oracle = await deploy("oracle/PriceOracle.sol/PriceOracle", {
    authority,
    registry,
    signers: ORACLE_ROLES.map((role) => address(keys[role])).sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)),
    threshold: ORACLE_THRESHOLD,
    maxRoundAgeSeconds: ORACLE_MAX_AGE_SECONDS,
    bounds: new Array(MARKETS).fill(options.priceBounds ?? DEVNET_PRICE_BOUNDS),
  });
  const firstBlock = (await provider.getBlockNumber()) + 1;
  const exchange = await deploy("Exchange.sol/Exchange", {
    token,
    oracle,
    registry,
    authority,
    operator,
    insuranceOwner: address(keys.insuranceOwner),
    minimumDepositMicroUsd: MINIMUM_DEPOSIT_MICRO_USD,
    depositCapMicroUsd: DEPOSIT_CAP_MICRO_USD,
    verifiers: byTier,
  });
  const contract = new Contract(registry, MARKET_REGISTRY_ABI, sender);
  const appended = await contract.getFunction("appendParameters")(devnetParameters());
  await appended.wait();
  const { profile, council, holders } = options.governance ?? {
    profile: GOVERNANCE_PROFILES.devnet,
    council: owner.address,
    holders: Object.fromEntries(ROLE_NAMES.map((role) => [role, owner.address])) as Record<GovernanceRole, string>,
  };
  const timelock =
    profile.adminDelaySeconds === 0
      ? undefined
      : await deploy(
          "@openzeppelin/contracts/governance/TimelockController.sol/TimelockController",
          profile.adminDelaySeconds,
          [council],
          [council],
          ZeroAddress,
        );
  const contracts = { exchange, registry, oracle };
  await wireGovernance({ authority, contracts, holders, admin: timelock ?? council }, profile, sender);
  return {
    chainId,
    rpcUrl: options.rpcUrl,
    exchange,
    oracle,
    registry,
    token,
    authority,
    operator,
    firstBlock,
    fundingSchedule: options.fundingSchedule ?? MINUTE_FUNDING,
    verifiers,
    insecureDevKeys: true,
  };
}
