import { DEV_CHAIN_IDS } from "../../matcher/protocol/spec.ts";
import { devnetWallet } from "../devnet/wallets.ts";
import { profileFaults } from "../governance/profile.ts";
import { ROLE_NAMES } from "../governance/roles.ts";
import type { ChosenVerifier } from "./chosen-verifier.ts";
import type { DeploymentParameters } from "./deployment-parameters.ts";
import type { DeploymentProfile } from "./deployment-profile.ts";

/** EIP-170. */
export const CODE_SIZE_LIMIT_BYTES = 24_576;
/** A request must be servable long before its deadline, on bad days too. */
const LEAST_DEADLINES_PER_LAG = 10;
const TOKEN_DECIMALS = 6;
/** Wallets of the public phrase that anybody may take a role's address from. */
const PUBLIC_WALLETS = 100;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Everything that a deployment's safety depends on, as far as it can be known before it. */
export interface DeploymentFacts {
  readonly profile: DeploymentProfile;
  readonly parameters: DeploymentParameters;
  readonly chainId: number;
  readonly rpcUrl: string;
  readonly deployer: string;
  readonly verifiers: readonly ChosenVerifier[];
  /** What stands at the token's address; absent when there is none to look at. */
  readonly token?: { readonly hasCode: boolean; readonly decimals?: number };
  /** Contracts that are to be deployed. */
  readonly codeBytes: readonly { readonly name: string; readonly bytes: number }[];
}

/** Why nothing may be deployed like this, a sentence each; empty when nothing is known against it. */
export function deploymentFaults(facts: DeploymentFacts): string[] {
  return [
    ...(facts.profile.isForDevelopment ? developmentFaults(facts) : moneyFaults(facts)),
    ...tokenFaults(facts),
    ...oracleFaults(facts),
    ...sizeFaults(facts),
  ];
}

function isDevChain(chainId: number): boolean {
  return (DEV_CHAIN_IDS as readonly number[]).includes(chainId);
}

/** Everybody has these keys: they may only guard what is worth nothing, where nobody else comes. */
function developmentFaults({ profile, chainId, rpcUrl }: DeploymentFacts): string[] {
  const faults: string[] = [];
  if (!isDevChain(chainId)) {
    faults.push(
      `Chain ${chainId} is no development chain (${DEV_CHAIN_IDS.join(", ")}): the keys of profile ${profile.name} are public.`,
    );
  }
  if (!URL.canParse(rpcUrl) || !LOOPBACK.test(new URL(rpcUrl).hostname)) {
    faults.push(`The chain at ${rpcUrl} is not on this machine: the keys of profile ${profile.name} are public.`);
  }
  return faults;
}

function moneyFaults({ profile, parameters, verifiers, deployer }: DeploymentFacts): string[] {
  const { governance } = profile;
  const { provingLagSeconds, operator, oracleSigners, council, holders, insuranceOwner } = parameters;
  const faults = profileFaults(governance);
  for (const { tier, ceremony } of verifiers) {
    if (ceremony === undefined) faults.push(`Tier ${tier.name} has a development key: anybody can forge its proofs.`);
  }
  if (verifiers.length === 0) faults.push("There is no tier to settle batches with: every request would go overdue.");
  const leastDeadlineSeconds = LEAST_DEADLINES_PER_LAG * provingLagSeconds;
  if (governance.requestDeadlineSeconds < leastDeadlineSeconds) {
    faults.push(
      `A deadline of ${governance.requestDeadlineSeconds} s is shorter than ${LEAST_DEADLINES_PER_LAG} times the proving lag of ${provingLagSeconds} s: an honest operator could be frozen out.`,
    );
  }
  const named = [
    ["deployer", deployer],
    ["operator", operator],
    ["insuranceOwner", insuranceOwner],
    ["council", council],
    ...oracleSigners.map((signer, i) => [`oracleSigners[${i}]`, signer] as const),
    ...ROLE_NAMES.map((role) => [`holders.${role}`, holders[role]] as const),
  ] as const;
  const everybodys = publicAddresses();
  for (const [name, address] of named) {
    if (everybodys.has(address.toLowerCase())) faults.push(`Everybody has the key of ${name} ${address}.`);
  }
  const same = (left: string, right: string) => left.toLowerCase() === right.toLowerCase();
  if (same(council, operator)) faults.push("Council and operator are one: whoever has that key decides on itself.");
  if (same(council, deployer)) faults.push("The deployer is the council: its key has been on a machine for this.");
  if (same(holders.guardian, council))
    faults.push("Guardian and council are one: nobody stops risk when that is lost.");
  for (const signer of oracleSigners) {
    if (same(signer, operator)) faults.push("The operator signs prices: whoever has that key sets them and uses them.");
  }
  return faults;
}

let publicAddressSet: Set<string> | undefined;

/** Addresses whose private keys stand in every tutorial. */
function publicAddresses(): Set<string> {
  publicAddressSet ??= new Set(
    Array.from({ length: PUBLIC_WALLETS }, (_, index) => devnetWallet(index).address.toLowerCase()),
  );
  return publicAddressSet;
}

function tokenFaults({ profile, parameters, chainId, token }: DeploymentFacts): string[] {
  const { token: address } = parameters;
  if (address === undefined) {
    return profile.mayDeployTestDollar ? [] : [`Profile ${profile.name} needs a token that is worth something.`];
  }
  const allowed = profile.collateral[chainId] ?? [];
  const faults: string[] = [];
  if (!profile.isForDevelopment && !allowed.some((entry) => entry.toLowerCase() === address.toLowerCase())) {
    faults.push(
      `Token ${address} is not among the collateral that profile ${profile.name} allows on chain ${chainId}.`,
    );
  }
  if (token === undefined || !token.hasCode) faults.push(`There is no contract at the token's address ${address}.`);
  else if (token.decimals !== TOKEN_DECIMALS) {
    faults.push(`Token ${address} has ${token.decimals ?? "no"} decimals, not ${TOKEN_DECIMALS}.`);
  }
  return faults;
}

function oracleFaults({ profile, parameters }: DeploymentFacts): string[] {
  const { leastSigners, threshold } = profile.oracle;
  const signers = new Set(parameters.oracleSigners.map((signer) => signer.toLowerCase()));
  const faults: string[] = [];
  if (signers.size < parameters.oracleSigners.length) faults.push("A signer of prices is named twice.");
  if (signers.size < leastSigners)
    faults.push(`${signers.size} sign prices: profile ${profile.name} needs ${leastSigners}.`);
  if (2 * threshold <= signers.size) {
    faults.push(`A round of ${threshold} reports is no majority of ${signers.size} signers.`);
  }
  return faults;
}

function sizeFaults({ codeBytes }: DeploymentFacts): string[] {
  return codeBytes
    .filter(({ bytes }) => bytes > CODE_SIZE_LIMIT_BYTES)
    .map(({ name, bytes }) => `${name} has ${bytes} bytes of code: chains take ${CODE_SIZE_LIMIT_BYTES}.`);
}
