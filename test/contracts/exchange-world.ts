import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { BaseContract } from "ethers";
import { type Bytes32, ZERO_BYTES32 } from "../../matcher/protocol/abi-hash.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import { domainOf } from "../../matcher/protocol/message-hash.ts";
import { type ChainedEntry, queueEntryFromWords } from "../../matcher/protocol/queue-chain.ts";
import { genesisSharedState, type SharedState } from "../../matcher/protocol/shared-state.ts";
import { devnetParameters } from "../../scripts/devnet/risk-parameters.ts";
import { type Callable, ethers, mined } from "./chain.ts";
import { deployEpochSources } from "./epoch-sources.ts";
import { deployExchange } from "./linked-exchange.ts";

export type ExchangeContract = Callable<
  | "accountCount"
  | "accountOwner"
  | "acceptOwnership"
  | "addVerifier"
  | "claim"
  | "claimable"
  | "collectFees"
  | "collectRequestFees"
  | "deposit"
  | "depositLimits"
  | "depositWithPermit"
  | "domain"
  | "epochHash"
  | "genesisSharedState"
  | "isVacant"
  | "latestEpoch"
  | "openEpoch"
  | "operator"
  | "oracle"
  | "owner"
  | "queueCursor"
  | "queueHashAt"
  | "queueLength"
  | "register"
  | "registry"
  | "renounceOwnership"
  | "requestCancelAll"
  | "requestFeeNowWei"
  | "requestFeeWei"
  | "requestForcedExit"
  | "requestKeyRotation"
  | "requestLiquidation"
  | "setDepositLimits"
  | "settledOpenInterest"
  | "settlementOf"
  | "setOperator"
  | "settleBatch"
  | "sharedStateHash"
  | "token"
  | "transferOwnership"
  | "vault"
  | "verifierOf"
  | "waitingRequests"
>;
export type RegistryContract = Callable<
  | "acceptOwnership"
  | "appendParameters"
  | "exchange"
  | "latestVersion"
  | "newestTerms"
  | "owner"
  | "parameters"
  | "parametersHash"
  | "renounceOwnership"
  | "sinceSeconds"
  | "transferOwnership"
>;
export type OracleContract = Callable<
  | "boundsOf"
  | "isVerified"
  | "latestRound"
  | "maxRoundAgeSeconds"
  | "owner"
  | "previewRound"
  | "prices"
  | "pricesAt"
  | "registry"
  | "reportDigest"
  | "setBounds"
  | "setSigners"
  | "signers"
  | "submitRound"
  | "threshold"
>;
export type TokenContract = Callable<
  "allowance" | "approve" | "balanceOf" | "decimals" | "mint" | "name" | "nonces" | "transfer"
>;
export type VerifierContract = Callable<"expectInputs" | "isInsecureDevKey">;

/** What the tests expect the chain to hold; put back together with it. */
export interface Model {
  sharedState: SharedState;
  queue: ChainedEntry[];
  /** Chain behind the first 0, 1, … entries. */
  queueHashes: Bytes32[];
  epochs: OpenedEpoch[];
  nextRound: number;
}

export interface World {
  owner: HardhatEthersSigner;
  operator: HardhatEthersSigner;
  insuranceOwner: HardhatEthersSigner;
  alice: HardhatEthersSigner;
  bob: HardhatEthersSigner;
  stranger: HardhatEthersSigner;
  reporter: HardhatEthersSigner;
  token: TokenContract;
  oracle: OracleContract;
  registry: RegistryContract;
  exchange: ExchangeContract;
  address: string;
  chainId: number;
  domain: bigint;
  /** By tier. */
  verifiers: VerifierContract[];
  model: Model;
}

export const MINIMUM_DEPOSIT_MICRO_USD = 1_000_000n;
export const DEPOSIT_CAP_MICRO_USD = 1_000_000_000_000n;
export const REQUEST_FEE_WEI = 1_000_000_000_000_000n;
export const TIERS_WITH_VERIFIER = [0, 1, 2];

async function deploy<T extends BaseContract>(name: string, ...args: unknown[]): Promise<T> {
  return (await ethers.deployContract(name, args)) as unknown as T;
}

/** What the Exchange's constructor takes. */
export interface Setup {
  token: string;
  oracle: string;
  registry: string;
  owner: string;
  operator: string;
  insuranceOwner: string;
  minimumDepositMicroUsd: bigint;
  depositCapMicroUsd: bigint;
  requestFeeWei: bigint;
  verifiers: string[];
}

/** Deploys everything, with another token contract if one is named, and changes to the setup if wished. */
export async function deployWorld(tokenName = "TestDollar", changes: Partial<Setup> = {}): Promise<World> {
  const signers = (await ethers.getSigners()) as HardhatEthersSigner[];
  const [owner, operator, insuranceOwner, alice, bob, stranger, reporter] = signers as [
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
  ];
  const token = await deploy<TokenContract>(tokenName);
  const verifiers: VerifierContract[] = [];
  for (const _ of TIERS_WITH_VERIFIER) verifiers.push(await deploy<VerifierContract>("ExpectedInputsVerifier", true));
  const { contracts, addresses } = await deployEpochSources<RegistryContract, OracleContract>(
    owner,
    (name, args) => ethers.deployContract(name, args),
    [reporter.address],
  );
  const { registry, oracle } = contracts;
  const setup: Setup = {
    token: await token.getAddress(),
    ...addresses,
    owner: owner.address,
    operator: operator.address,
    insuranceOwner: insuranceOwner.address,
    minimumDepositMicroUsd: MINIMUM_DEPOSIT_MICRO_USD,
    depositCapMicroUsd: DEPOSIT_CAP_MICRO_USD,
    requestFeeWei: REQUEST_FEE_WEI,
    verifiers: await Promise.all(verifiers.map((verifier) => verifier.getAddress())),
    ...changes,
  };
  const exchange = (await deployExchange(ethers, setup)) as ExchangeContract;
  const address = await exchange.getAddress();
  const { chainId } = await ethers.provider.getNetwork();
  await mined(registry.appendParameters(devnetParameters()));
  const world: World = {
    owner,
    operator,
    insuranceOwner,
    alice,
    bob,
    stranger,
    reporter,
    token,
    oracle,
    registry,
    exchange,
    address,
    chainId: Number(chainId),
    domain: domainOf(chainId, address),
    verifiers,
    model: { sharedState: genesisSharedState(), queue: [], queueHashes: [], epochs: [], nextRound: 1 },
  };
  await readQueue(world);
  return world;
}

/** Takes the queue from the contract's own events into the model. */
export async function readQueue(world: World): Promise<void> {
  const logs = await world.exchange.queryFilter("QueueEntryAdded", 0);
  world.model.queue = [];
  world.model.queueHashes = [ZERO_BYTES32];
  for (const log of logs) {
    if (!("args" in log)) throw new Error("an event without arguments");
    const { head, owner, ax, ay, queueHash } = log.args;
    world.model.queue.push(queueEntryFromWords([head, BigInt(owner), ax, ay]));
    world.model.queueHashes.push(queueHash);
  }
}

/** Gives `who` money and lets the Exchange take it. */
export async function fund(world: World, who: HardhatEthersSigner, amountMicroUsd: bigint): Promise<void> {
  await mined(world.token.mint(who.address, amountMicroUsd));
  const token = world.token.connect(who) as TokenContract;
  await mined(token.approve(world.address, amountMicroUsd));
}

/** The Exchange as seen by `who`. */
export function as(world: World, who: HardhatEthersSigner): ExchangeContract {
  return world.exchange.connect(who) as ExchangeContract;
}

/** Runs every test of the enclosing block from what `prepare` left, on the chain and in the model. */
export function useWorld(prepare: () => Promise<World>): () => World {
  let world: World;
  let snapshot: string;
  let model: Model;
  before(async () => {
    world = await prepare();
  });
  beforeEach(async () => {
    snapshot = (await ethers.provider.send("evm_snapshot", [])) as string;
    model = structuredClone(world.model);
  });
  afterEach(async () => {
    await ethers.provider.send("evm_revert", [snapshot]);
    world.model = model;
  });
  return () => world;
}
