import {
  type Addressable,
  Contract,
  ContractFactory,
  encodeBytes32String,
  type JsonRpcProvider,
  NonceManager,
  Wallet,
  ZeroAddress,
} from "ethers";
import type { Deployment } from "../../matcher/chain/deployment.ts";
import { EXCHANGE_ABI } from "../../matcher/protocol/abi.ts";
import {
  DEVNET_FUNDING_RATE_MAX_PPM_PER_HOUR,
  DEVNET_MARKETS,
  DEVNET_PRICE_BOUNDS,
  DEVNET_REBATE_CAP_PPM,
} from "../../matcher/protocol/devnet-markets.ts";
import { type FundingSchedule, MINUTE_FUNDING } from "../../matcher/protocol/funding-schedule.ts";
import { DEV_CHAIN_IDS, MARKETS, type Tier } from "../../matcher/protocol/spec.ts";
import { verifierName } from "../generate.ts";
import { Refusal } from "../supervisor/refusal.ts";
import { readArtifact } from "./artifact.ts";
import type { DevnetKeys } from "./wallets.ts";

/** A round may be this old when it is submitted. */
const ORACLE_MAX_AGE_SECONDS = 300;
const MINIMUM_DEPOSIT_MICRO_USD = 1_000_000n;
const DEPOSIT_CAP_MICRO_USD = 1_000_000_000_000_000n;

export interface DeployOptions {
  readonly provider: JsonRpcProvider;
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly keys: DevnetKeys;
  readonly tiers: readonly Tier[];
  /** An interval a minute unless told otherwise. */
  readonly fundingSchedule?: FundingSchedule;
}

/** Terms of the eight markets as the contract takes them; those without an entry are not live. */
export function devnetParameters() {
  const markets = Array.from({ length: MARKETS }, (_, index) => {
    const entry = DEVNET_MARKETS.find(({ market }) => market.index === index);
    return {
      imfPpm: entry?.imfPpm ?? 0,
      mmfPpm: entry?.mmfPpm ?? 0,
      bandPpm: entry?.bandPpm ?? 0,
      openInterestCapLots: entry?.openInterestCapLots ?? 0n,
      live: entry !== undefined,
      tickSizeExponent: -(entry?.market.tickDecimals ?? 0),
      lotSizeExponent: -(entry?.market.lotDecimals ?? 0),
      symbol: encodeBytes32String(entry?.market.symbol ?? ""),
    };
  });
  return {
    rebateCapPpm: DEVNET_REBATE_CAP_PPM,
    maxFundingRatePpmPerHour: DEVNET_FUNDING_RATE_MAX_PPM_PER_HOUR,
    markets,
  };
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
  const oracle = await deploy("oracle/PriceOracle.sol/PriceOracle", {
    owner: owner.address,
    signers: [address(keys.oracleSigner)],
    threshold: 1,
    maxRoundAgeSeconds: ORACLE_MAX_AGE_SECONDS,
    bounds: new Array(MARKETS).fill(DEVNET_PRICE_BOUNDS),
  });
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
  const firstBlock = (await provider.getBlockNumber()) + 1;
  const exchange = await deploy("Exchange.sol/Exchange", {
    token,
    oracle,
    owner: owner.address,
    operator,
    insuranceOwner: address(keys.insuranceOwner),
    minimumDepositMicroUsd: MINIMUM_DEPOSIT_MICRO_USD,
    depositCapMicroUsd: DEPOSIT_CAP_MICRO_USD,
    verifiers: byTier,
  });
  const contract = new Contract(exchange, EXCHANGE_ABI, sender);
  const appended = await contract.getFunction("appendParameters")(devnetParameters());
  await appended.wait();
  return {
    chainId,
    rpcUrl: options.rpcUrl,
    exchange,
    oracle,
    token,
    operator,
    firstBlock,
    fundingSchedule: options.fundingSchedule ?? MINUTE_FUNDING,
    verifiers,
    insecureDevKeys: true,
  };
}
