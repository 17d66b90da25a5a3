import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Contract, type JsonRpcProvider } from "ethers";
import type { Deployment } from "../../matcher/chain/deployment.ts";
import { Refusal } from "../supervisor/refusal.ts";
import { type ChosenVerifier, ceremonyVerifier, type DeployedTier, developmentVerifier } from "./chosen-verifier.ts";
import { clearbookModule, deployedPaths } from "./clearbook-module.ts";
import type { ContractSource } from "./contract-source.ts";
import type { DeploymentParameters } from "./deployment-parameters.ts";
import type { DeploymentProfile } from "./deployment-profile.ts";
import { type RecordedDeployment, recordDeployment, recordText } from "./deployment-record.ts";
import { runDeployment } from "./deployment-run.ts";
import { type DeploymentFacts, deploymentFaults } from "./deployment-safety.ts";
import { mendInterruptedRun } from "./interrupted-run.ts";
import { JsonRpcNode } from "./json-rpc-node.ts";
import { IGNITION_FOLDER, SentTransactions } from "./sent-transactions.ts";
import { SigningProvider } from "./signing-provider.ts";

export interface DeployExchangeOptions {
  readonly profile: DeploymentProfile;
  readonly parameters: DeploymentParameters;
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly deployerKey: string;
  readonly tiers: readonly DeployedTier[];
  /** Folder of the ceremonies' manifests; needed by every profile whose keys are not everybody's. */
  readonly ceremonies?: string;
  readonly contracts: ContractSource;
  /** Receives deployment.json, what explorers need, and the journal from which an interrupted run goes on. */
  readonly out?: string;
}

export interface DeployedExchange extends RecordedDeployment {
  readonly deployment: Deployment;
}

/** Where a run began: what it predicted must be predicted again when it goes on. */
interface Start {
  readonly nonce: number;
  readonly blockNumber: number;
}

/** A deployment that nothing is known against, before any chain was asked. */
export interface DeploymentPlan {
  readonly options: DeployExchangeOptions;
  /** Sends the deployer's transactions. */
  readonly signer: Pick<SigningProvider, "address" | "request">;
  readonly verifiers: readonly ChosenVerifier[];
  readonly facts: DeploymentFacts;
}

/** @throws Refusal with each reason in one sentence */
export function planDeployment(options: DeployExchangeOptions): DeploymentPlan {
  const { profile, parameters, rpcUrl, chainId, contracts } = options;
  const sent = options.out === undefined ? {} : { sent: new SentTransactions(options.out) };
  const signer = new SigningProvider({
    node: new JsonRpcNode(rpcUrl),
    chainId,
    privateKey: options.deployerKey,
    ...sent,
  });
  const deployer = signer.address;
  // Development keys are only looked at where they are allowed.
  const verifiers = options.tiers.map((tier) => {
    if (profile.isForDevelopment) return developmentVerifier(tier, contracts);
    if (options.ceremonies !== undefined) return ceremonyVerifier(tier, options.ceremonies, contracts);
    throw new Refusal(
      `Profile ${profile.name} needs the manifest of the ceremony of tier ${tier.tier.name}: pass --ceremonies.`,
    );
  });
  const codeBytes = deployedPaths({ profile, parameters, verifiers, contracts, deployer }).map((path) => {
    return { name: path.slice(path.lastIndexOf("/") + 1), bytes: contracts.read(path).deployedBytecode.length / 2 - 1 };
  });
  const facts = { profile, parameters, chainId, rpcUrl, deployer, verifiers, codeBytes };
  refuse(parameters.token === undefined ? facts : { ...facts, token: TOKEN_UNSEEN });
  return { options, signer, verifiers, facts };
}

/** Deploys what was planned. @throws Refusal when the token is not what it should be, or when the chain refuses */
export async function deployExchange(plan: DeploymentPlan, provider: JsonRpcProvider): Promise<DeployedExchange> {
  const { options, signer, verifiers, facts } = plan;
  const { profile, parameters, rpcUrl, chainId, contracts, out } = options;
  const deployer = signer.address;
  if (parameters.token !== undefined) refuse({ ...facts, token: await tokenAt(parameters.token, provider) });
  const start = await startOf(out, async () => ({
    nonce: await provider.getTransactionCount(deployer, "latest"),
    blockNumber: await provider.getBlockNumber(),
  }));
  const folder = join(out ?? "", IGNITION_FOLDER);
  if (out !== undefined) {
    await mendInterruptedRun(folder, new SentTransactions(out), signer, profile.confirmations);
  }
  const module = clearbookModule({ profile, parameters, verifiers, contracts, deployer, startNonce: start.nonce });
  const addresses = await runDeployment({
    module,
    provider: signer,
    deployer,
    confirmations: profile.confirmations,
    isLocal: profile.isForDevelopment,
    ...(out === undefined ? {} : { folder }),
  });
  const recorded = recordDeployment(
    { profile, parameters, chainId, deployer },
    module,
    addresses,
    verifiers,
    contracts,
  );
  const at = (name: string) => addresses.get(name) as string;
  const deployment: Deployment = {
    chainId,
    rpcUrl,
    exchange: at("Exchange"),
    oracle: at("PriceOracle"),
    registry: at("MarketRegistry"),
    token: parameters.token ?? at("TestDollar"),
    authority: at("AccessManager"),
    operator: parameters.operator,
    firstBlock: start.blockNumber + 1,
    fundingSchedule: profile.fundingSchedule,
    verifiers: Object.fromEntries(verifiers.map(({ tier, artifact }) => [tier.name, at(artifact.contractName)])),
    insecureDevKeys: profile.isForDevelopment,
  };
  const deployed = { deployment, ...recorded };
  if (out !== undefined) writeResults(out, deployed);
  return deployed;
}

/** Until a chain can be asked. */
const TOKEN_UNSEEN = { hasCode: true, decimals: 6 };

function refuse(facts: DeploymentFacts): void {
  const faults = deploymentFaults(facts);
  if (faults.length > 0) throw new Refusal(faults.join("\n"));
}

async function tokenAt(address: string, provider: JsonRpcProvider) {
  const hasCode = (await provider.getCode(address)) !== "0x";
  const token = new Contract(address, ["function decimals() view returns (uint8)"], provider);
  const decimals = await token
    .getFunction("decimals")()
    .then(Number, () => undefined);
  return { hasCode, ...(decimals === undefined ? {} : { decimals }) };
}

/** Of the run that is gone on with, or of this one. */
async function startOf(out: string | undefined, now: () => Promise<Start>): Promise<Start> {
  if (out === undefined) return now();
  const path = join(out, "start.json");
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as Start;
  const start = await now();
  mkdirSync(out, { recursive: true });
  writeFileSync(path, `${JSON.stringify(start)}\n`);
  return start;
}

/** The addresses come last: where they are, everything is. */
export function writeResults(out: string, { deployment, record, standardJson }: DeployedExchange): void {
  const verification = join(out, "verification");
  mkdirSync(verification, { recursive: true });
  for (const [file, input] of standardJson) writeFileSync(join(verification, file), JSON.stringify(input));
  writeFileSync(join(out, "deployment-record.json"), recordText(record));
  writeFileSync(join(out, "deployment.json"), `${JSON.stringify(deployment, null, 2)}\n`);
}
