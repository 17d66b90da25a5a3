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
import { Refusal } from "../supervisor/refusal.ts";
import { linkedBytecode, readArtifact } from "./artifact.ts";
import { devnetParameters } from "./risk-parameters.ts";
import { type DevnetKeys, ORACLE_ROLES } from "./wallets.ts";

/** A round may be this old when it is submitted. */
const ORACLE_MAX_AGE_SECONDS = 300;
/** Reports that a round needs, of as many signers as there are roles. */
const ORACLE_THRESHOLD = 2;
const MINIMUM_DEPOSIT_MICRO_USD = 1_000_000n;
const DEPOSIT_CAP_MICRO_USD = 1_000_000_000_000_000n;
/** A thousandth of the chain's coin. */
const REQUEST_FEE_WEI = 1_000_000_000_000_000n;

export interface DeployOptions {
  readonly provider: JsonRpcProvider;
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly keys: DevnetKeys;
  readonly tiers: readonly Tier[];
  /** Of every market; the devnet's unless told otherwise. */
  readonly priceBounds?: PriceBounds;
  /** An interval a minute unless told otherwise. */
  readonly fundingSchedule?: FundingSchedule;
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
  const libraries: Record<string, string> = {};
  const deploy = async (path: string, ...values: unknown[]): Promise<string> => {
    const artifact = readArtifact(path);
    const bytecode = linkedBytecode(artifact, libraries);
    const contract = await new ContractFactory(artifact.abi, bytecode, sender).deploy(...values);
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
  libraries.Epochs = await deploy("libraries/Epochs.sol/Epochs");
  const operator = address(keys.operator);
  // Registry and oracle come before the Exchange, and the registry names it.
  const nonce = await sender.getNonce();
  const registry = await deploy(
    "markets/MarketRegistry.sol/MarketRegistry",
    owner.address,
    getCreateAddress({ from: owner.address, nonce: nonce + 2 }),
  );
  const oracle = await deploy("oracle/PriceOracle.sol/PriceOracle", {
    owner: owner.address,
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
    owner: owner.address,
    operator,
    insuranceOwner: address(keys.insuranceOwner),
    minimumDepositMicroUsd: MINIMUM_DEPOSIT_MICRO_USD,
    depositCapMicroUsd: DEPOSIT_CAP_MICRO_USD,
    requestFeeWei: REQUEST_FEE_WEI,
    verifiers: byTier,
  });
  const contract = new Contract(registry, MARKET_REGISTRY_ABI, sender);
  const appended = await contract.getFunction("appendParameters")(devnetParameters());
  await appended.wait();
  return {
    chainId,
    rpcUrl: options.rpcUrl,
    exchange,
    oracle,
    registry,
    token,
    operator,
    firstBlock,
    fundingSchedule: options.fundingSchedule ?? MINUTE_FUNDING,
    verifiers,
    insecureDevKeys: true,
  };
}
