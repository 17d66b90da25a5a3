import { readFileSync } from "node:fs";
import { getAddress, isAddress, Wallet } from "ethers";
import { type DevnetKeys, ORACLE_ROLES } from "../devnet/wallets.ts";
import { type GovernanceRole, ROLE_NAMES } from "../governance/roles.ts";
import { Refusal } from "../supervisor/refusal.ts";

/** What only whoever deploys knows: addresses, and how long a proof takes there. */
export interface DeploymentParameters {
  /** The collateral; without one the profile must allow a worthless token. */
  readonly token?: string;
  readonly operator: string;
  /** L1 owner of the insurance fund's account. */
  readonly insuranceOwner: string;
  readonly oracleSigners: readonly string[];
  /** Who holds each role of governance. */
  readonly holders: Readonly<Record<GovernanceRole, string>>;
  /** Who proposes to the timelock that is the one admin. */
  readonly council: string;
  /** Longest time from a batch's cut to its settlement that was measured with the provers there. */
  readonly provingLagSeconds: number;
}

/** Of the largest tier on two cores. Nobody judges a devnet's deadline by it. */
const DEVNET_PROVING_LAG_SECONDS = 30;

/** Everybody's keys, and the owner in every role. */
export function devnetDeploymentParameters(keys: DevnetKeys): DeploymentParameters {
  const address = (key: string) => new Wallet(key).address;
  const owner = address(keys.owner);
  return {
    operator: address(keys.operator),
    insuranceOwner: address(keys.insuranceOwner),
    oracleSigners: ORACLE_ROLES.map((role) => address(keys[role])),
    holders: Object.fromEntries(ROLE_NAMES.map((role) => [role, owner])) as Record<GovernanceRole, string>,
    council: owner,
    provingLagSeconds: DEVNET_PROVING_LAG_SECONDS,
  };
}

/** @throws Refusal in one sentence that names the file and the field */
export function readDeploymentParameters(path: string): DeploymentParameters {
  let fields: Record<string, unknown>;
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw new TypeError();
    fields = parsed as Record<string, unknown>;
  } catch {
    throw new Refusal(`The parameters ${path} cannot be read, or are no JSON object.`);
  }
  const known = ["token", "operator", "insuranceOwner", "oracleSigners", "holders", "council", "provingLagSeconds"];
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Refusal(`${path}: there is no parameter ${unknown}.`);
  const address = (name: string, value: unknown): string => {
    if (typeof value === "string" && isAddress(value)) return getAddress(value);
    throw new Refusal(`${path}: ${name} needs an address, 0x and 40 hexadecimal digits.`);
  };
  const { token, oracleSigners, holders, provingLagSeconds } = fields;
  if (!Array.isArray(oracleSigners)) throw new Refusal(`${path}: oracleSigners needs a list of addresses.`);
  if (typeof holders !== "object" || holders === null) {
    throw new Refusal(`${path}: holders needs an address for each of ${ROLE_NAMES.join(", ")}.`);
  }
  if (!Number.isSafeInteger(provingLagSeconds) || (provingLagSeconds as number) < 1) {
    throw new Refusal(`${path}: provingLagSeconds needs a whole number of seconds, as measured.`);
  }
  const holderOf = (role: GovernanceRole) => address(`holders.${role}`, (holders as Record<string, unknown>)[role]);
  return {
    ...(token === undefined ? {} : { token: address("token", token) }),
    operator: address("operator", fields.operator),
    insuranceOwner: address("insuranceOwner", fields.insuranceOwner),
    oracleSigners: oracleSigners.map((signer, i) => address(`oracleSigners[${i}]`, signer)),
    holders: Object.fromEntries(ROLE_NAMES.map((role) => [role, holderOf(role)])) as Record<GovernanceRole, string>,
    council: address("council", fields.council),
    provingLagSeconds: provingLagSeconds as number,
  };
}
