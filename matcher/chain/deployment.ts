import { readFileSync } from "node:fs";
import { isAddress } from "ethers";
import { checkFundingSchedule, type FundingSchedule } from "../protocol/funding-schedule.ts";

/** Where the contracts of one deployment are. Amounts of blocks and addresses only; no secrets. */
export interface Deployment {
  readonly chainId: number;
  readonly rpcUrl: string;
  readonly exchange: string;
  readonly oracle: string;
  /** The MarketRegistry. */
  readonly registry: string;
  readonly token: string;
  /** The AccessManager: who may call functions of governance. */
  readonly authority: string;
  readonly operator: string;
  /** Block with the Exchange's creation: events are read from here on. */
  readonly firstBlock: number;
  /** When funding is measured. */
  readonly fundingSchedule: FundingSchedule;
  /** Verifier by tier name. */
  readonly verifiers: Readonly<Record<string, string>>;
  /** True when the proofs' keys have a publicly known trapdoor. */
  readonly insecureDevKeys: boolean;
}

/** The file with the addresses is missing or damaged. */
export class DeploymentError extends Error {
  override readonly name = "DeploymentError";
}

/** @throws DeploymentError in one sentence. */
export function readDeployment(path: string): Deployment {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new DeploymentError(`${path} is missing: deploy the contracts first.`);
  }
  try {
    return checked(JSON.parse(text) as Deployment);
  } catch (error) {
    throw new DeploymentError(`${path} is damaged (${error instanceof Error ? error.message : error}): deploy again.`);
  }
}

function checked(deployment: Deployment): Deployment {
  for (const name of ["exchange", "oracle", "registry", "token", "authority", "operator"] as const) {
    if (!isAddress(deployment[name])) throw new TypeError(`${name} is not an address`);
  }
  for (const name of ["chainId", "firstBlock"] as const) {
    if (!Number.isSafeInteger(deployment[name])) throw new TypeError(`${name} is not a whole number`);
  }
  if (typeof deployment.fundingSchedule !== "object") throw new TypeError("fundingSchedule is missing");
  checkFundingSchedule(deployment.fundingSchedule);
  if (typeof deployment.rpcUrl !== "string") throw new TypeError("rpcUrl is missing");
  return deployment;
}
