import {
  type DeploymentResult,
  DeploymentResultType,
  deploy,
  type EIP1193Provider,
  type IgnitionModule,
} from "@nomicfoundation/ignition-core";
import { ArtifactError } from "../devnet/artifact.ts";
import { Refusal } from "../supervisor/refusal.ts";

/** Asks a chain of this machine for its blocks so often. */
const LOCAL_POLLING_MS = 10;
const POLLING_MS = 1_000;

export interface RunOptions {
  readonly module: IgnitionModule;
  readonly provider: EIP1193Provider;
  readonly deployer: string;
  readonly confirmations: number;
  readonly isLocal: boolean;
  /** Where the journal is, from which an interrupted deployment goes on; without one there is no going on. */
  readonly folder?: string;
}

/** Addresses by contract name. @throws Refusal saying what stopped it */
export async function runDeployment(options: RunOptions): Promise<ReadonlyMap<string, string>> {
  const { module, provider, deployer, confirmations, isLocal, folder } = options;
  let result: DeploymentResult;
  try {
    result = await deploy({
      config: { blockPollingInterval: isLocal ? LOCAL_POLLING_MS : POLLING_MS, requiredConfirmations: confirmations },
      // The module carries its contracts; none is looked up by name.
      artifactResolver: {
        loadArtifact: (name) => Promise.reject(new ArtifactError(`The module does not carry ${name}.`)),
        getBuildInfo: () => Promise.resolve(undefined),
      },
      provider,
      ignitionModule: module,
      deploymentParameters: {},
      accounts: [deployer],
      defaultSender: deployer,
      ...(folder === undefined ? {} : { deploymentDir: folder }),
    });
  } catch (error) {
    throw new Refusal(`The deployment stopped: ${error instanceof Error ? error.message : error}`);
  }
  if (result.type !== DeploymentResultType.SUCCESSFUL_DEPLOYMENT) throw new Refusal(failureOf(result));
  return new Map(Object.values(result.contracts).map(({ contractName, address }) => [contractName, address]));
}

function failureOf(result: Exclude<DeploymentResult, { type: DeploymentResultType.SUCCESSFUL_DEPLOYMENT }>): string {
  if (result.type !== DeploymentResultType.EXECUTION_ERROR) {
    const told = Object.entries(result.errors).map(([future, errors]) => `${future}: ${errors.join(" ")}`);
    const what = {
      [DeploymentResultType.VALIDATION_ERROR]: "The module is wrong",
      [DeploymentResultType.RECONCILIATION_ERROR]: "The folder has the beginning of another deployment",
      [DeploymentResultType.PREVIOUS_RUN_ERROR]: "An earlier run failed, so begin again in another folder",
    }[result.type];
    return `${what}: ${told.join("; ")}`;
  }
  const failed = result.failed.map(({ futureId, error }) => `${futureId}: ${error}`);
  const late = result.timedOut.map(({ futureId }) => `${futureId} was not mined in time; run the same again`);
  return `The deployment stopped: ${[...failed, ...late, ...result.held.map(({ reason }) => reason)].join("; ")}`;
}
