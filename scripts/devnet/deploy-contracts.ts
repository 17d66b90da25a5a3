import type { JsonRpcProvider } from "ethers";
import type { Deployment } from "../../matcher/chain/deployment.ts";
import type { PriceBounds } from "../../matcher/protocol/devnet-markets.ts";
import type { FundingSchedule } from "../../matcher/protocol/funding-schedule.ts";
import type { Tier } from "../../matcher/protocol/spec.ts";
import { deployedTier } from "../building/tier-circuits.ts";
import { BUILT_CONTRACTS } from "../deployment/contract-source.ts";
import { deployExchange, planDeployment } from "../deployment/deploy-exchange.ts";
import { devnetDeploymentParameters } from "../deployment/deployment-parameters.ts";
import { DEPLOYMENT_PROFILES, type EscapeWindows } from "../deployment/deployment-profile.ts";
import type { GovernanceProfile } from "../governance/profile.ts";
import type { GovernanceRole } from "../governance/roles.ts";
import type { DevnetKeys } from "./wallets.ts";

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
  readonly requestDeadlineSeconds?: number;
  readonly escapeWindows?: EscapeWindows;
}

export interface DeployedGovernance {
  readonly profile: GovernanceProfile;
  readonly holders: Readonly<Record<GovernanceRole, string>>;
  /** Who proposes to the TimelockController that is the admin. */
  readonly council: string;
}

/** A devnet's deployment, which nobody goes on with: it keeps no journal. @throws Refusal on a chain that development keys are not for. */
export async function deployContracts(options: DeployOptions): Promise<Deployment> {
  const { provider, rpcUrl, chainId, keys, tiers, priceBounds, governance, fundingSchedule } = options;
  const { requestDeadlineSeconds, escapeWindows } = options;
  const { devnet } = DEPLOYMENT_PROFILES;
  const profile = {
    ...devnet,
    governance: {
      ...(governance?.profile ?? devnet.governance),
      requestDeadlineSeconds: requestDeadlineSeconds ?? devnet.governance.requestDeadlineSeconds,
    },
    escapeWindows: escapeWindows ?? devnet.escapeWindows,
    fundingSchedule: fundingSchedule ?? devnet.fundingSchedule,
    oracle: { ...devnet.oracle, bounds: priceBounds ?? devnet.oracle.bounds },
  };
  const everybodys = devnetDeploymentParameters(keys);
  const parameters =
    governance === undefined ? everybodys : { ...everybodys, holders: governance.holders, council: governance.council };
  const plan = planDeployment({
    profile,
    parameters,
    rpcUrl,
    chainId,
    deployerKey: keys.owner,
    tiers: tiers.map(deployedTier),
    contracts: BUILT_CONTRACTS,
  });
  return (await deployExchange(plan, provider)).deployment;
}
