import {
  type ArgumentType,
  buildModule,
  type ContractDeploymentFuture,
  type IgnitionModule,
} from "@nomicfoundation/ignition-core";
import { ZeroAddress } from "ethers";
import { MARKETS } from "../../matcher/protocol/spec.ts";
import { devnetParameters } from "../devnet/risk-parameters.ts";
import { wiringCalls } from "../governance/wiring.ts";
import type { ChosenVerifier } from "./chosen-verifier.ts";
import type { ContractSource } from "./contract-source.ts";
import { DeploymentLine } from "./deployment-line.ts";
import type { DeploymentParameters } from "./deployment-parameters.ts";
import type { DeploymentProfile } from "./deployment-profile.ts";

export const MODULE_ID = "Clearbook";
const TOKEN_PATH = "TestDollar.sol/TestDollar";
const EPOCHS_PATH = "libraries/Epochs.sol/Epochs";
const AUTHORITY_PATH = "@openzeppelin/contracts/access/manager/AccessManager.sol/AccessManager";
const TIMELOCK_PATH = "@openzeppelin/contracts/governance/TimelockController.sol/TimelockController";
const REGISTRY_PATH = "markets/MarketRegistry.sol/MarketRegistry";
const ORACLE_PATH = "oracle/PriceOracle.sol/PriceOracle";
const ESCAPE_PATH = "escape/Escape.sol/Escape";
const EXCHANGE_PATH = "Exchange.sol/Exchange";

export interface ModuleInputs {
  readonly profile: DeploymentProfile;
  readonly parameters: DeploymentParameters;
  readonly verifiers: readonly ChosenVerifier[];
  readonly contracts: ContractSource;
  readonly deployer: string;
  /** The deployer's nonce before the first transaction. */
  readonly startNonce: number;
}

/** Paths of the contracts that the module deploys, in its order. */
export function deployedPaths({ profile, parameters, verifiers }: Omit<ModuleInputs, "startNonce">): string[] {
  return [
    ...(parameters.token === undefined ? [TOKEN_PATH] : []),
    ...verifiers.map(({ path }) => path),
    EPOCHS_PATH,
    AUTHORITY_PATH,
    ...(profile.governance.adminDelaySeconds === 0 ? [] : [TIMELOCK_PATH]),
    REGISTRY_PATH,
    ORACLE_PATH,
    ESCAPE_PATH,
    EXCHANGE_PATH,
  ];
}

/**
 * A whole exchange, up to the moment at which its deployer has no power left. Another contract is another line; another field
 * of a setup is one in the object that its constructor takes.
 */
export function clearbookModule(inputs: ModuleInputs): IgnitionModule {
  const { profile, parameters, contracts, deployer, startNonce } = inputs;
  return buildModule(MODULE_ID, (module) => {
    const line = new DeploymentLine(module, contracts, deployer, startNonce);
    const token = parameters.token ?? line.contract(TOKEN_PATH);
    const verifiers = deployVerifiers(line, inputs.verifiers);
    line.library(EPOCHS_PATH);
    // The deployer is the manager's first admin, until the last transaction.
    const authorityAddress = line.addressAfter(0);
    const authority = line.contract(AUTHORITY_PATH, deployer);
    const admin = deployTimelock(line, inputs);
    // Registry, oracle and escape come before the Exchange; registry and escape name it. If any other transaction of the deployer came
    // between, the Exchange would refuse to be deployed: so the addresses that governance is wired to are right.
    const [registryAddress, oracleAddress] = [line.addressAfter(0), line.addressAfter(1)];
    const exchangeAddress = line.addressAfter(3);
    const registry = line.contract(REGISTRY_PATH, authority, exchangeAddress);
    const oracle = line.contract(ORACLE_PATH, {
      authority,
      registry,
      signers: [...parameters.oracleSigners].sort((left, right) => (BigInt(left) < BigInt(right) ? -1 : 1)),
      threshold: profile.oracle.threshold,
      maxRoundAgeSeconds: profile.oracle.maxRoundAgeSeconds,
      bounds: Array.from({ length: MARKETS }, () => ({ ...profile.oracle.bounds })),
    });
    const escapeContract = line.contract(ESCAPE_PATH, { exchange: exchangeAddress, ...profile.escapeWindows });
    const exchange = line.contract(EXCHANGE_PATH, {
      token,
      oracle,
      registry,
      escape: escapeContract,
      requestDeadlineSeconds: profile.governance.requestDeadlineSeconds,
      authority,
      operator: parameters.operator,
      insuranceOwner: parameters.insuranceOwner,
      minimumDepositMicroUsd: profile.minimumDepositMicroUsd,
      depositCapMicroUsd: profile.depositCapMicroUsd,
      requestFeeWei: profile.requestFeeWei,
      verifiers,
    });
    line.call(registry, "appendParameters", devnetParameters() as unknown as ArgumentType);
    const governance = {
      authority: authorityAddress,
      contracts: { exchange: exchangeAddress, registry: registryAddress, oracle: oracleAddress },
      holders: parameters.holders,
      admin,
    };
    line.call(authority, "multicall", wiringCalls(governance, profile.governance, deployer));
    return { authority, registry, oracle, escape: escapeContract, exchange };
  });
}

/** Verifiers by tier number; a zero address leaves a tier out. */
function deployVerifiers(
  line: DeploymentLine,
  chosen: readonly ChosenVerifier[],
): (string | ContractDeploymentFuture)[] {
  const byTier: (string | ContractDeploymentFuture)[] = [];
  for (const { tier, path } of chosen) {
    while (byTier.length <= tier.id) byTier.push(ZeroAddress);
    byTier[tier.id] = line.contract(path);
  }
  return byTier;
}

/** @returns the admin's address: a timelock's that the council proposes to, or the council's own where nobody waits. */
function deployTimelock(line: DeploymentLine, { profile, parameters }: ModuleInputs): string {
  const { council } = parameters;
  const { adminDelaySeconds } = profile.governance;
  if (adminDelaySeconds === 0) return council;
  const address = line.addressAfter(0);
  // Nobody is the timelock's own admin: it changes itself, after its own delay.
  line.contract(TIMELOCK_PATH, adminDelaySeconds, [council], [council], ZeroAddress);
  return address;
}
