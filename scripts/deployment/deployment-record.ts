import { createHash } from "node:crypto";
import { type Future, type IgnitionModule, isFuture } from "@nomicfoundation/ignition-core";
import { Interface } from "ethers";
import type { Artifact } from "../devnet/artifact.ts";
import type { ChosenVerifier } from "./chosen-verifier.ts";
import { type ContractSource, type StandardJsonInput, standardJsonInput } from "./contract-source.ts";
import type { DeploymentParameters } from "./deployment-parameters.ts";
import type { DeploymentProfile } from "./deployment-profile.ts";

export const RECORD_FORMAT = "clearbook-deployment-1";

/** What a block explorer asks for to show that a contract's source is what was deployed. */
export interface ContractRecord {
  readonly name: string;
  readonly address: string;
  /** "source:Contract", as the compiler's input names it. */
  readonly qualifiedName: string;
  readonly compiler: string;
  /** ABI-encoded, hexadecimal without 0x. */
  readonly constructorArguments: string;
  readonly creationCodeSha256: string;
  /** File with the Standard-JSON input. */
  readonly standardJson: string;
}

/** Everything about a deployment that anybody may ask for later. No secrets. */
export interface DeploymentRecord {
  readonly format: typeof RECORD_FORMAT;
  readonly profile: DeploymentProfile;
  readonly parameters: DeploymentParameters;
  readonly chainId: number;
  readonly deployer: string;
  readonly contracts: readonly ContractRecord[];
  /** Where each tier's key is from. */
  readonly keys: readonly {
    readonly tier: string;
    readonly ceremony: {
      readonly r1csSha256: string;
      readonly zkeySha256: string;
      readonly transcriptSha256: string;
    } | null;
  }[];
}

export interface RecordedDeployment {
  readonly record: DeploymentRecord;
  /** By file name. */
  readonly standardJson: ReadonlyMap<string, StandardJsonInput>;
}

export function recordDeployment(
  deployed: Omit<DeploymentRecord, "format" | "contracts" | "keys">,
  module: IgnitionModule,
  addresses: ReadonlyMap<string, string>,
  verifiers: readonly ChosenVerifier[],
  contracts: ContractSource,
): RecordedDeployment {
  const standardJson = new Map<string, StandardJsonInput>();
  const records: ContractRecord[] = [];
  for (const future of module.futures) {
    if (!("artifact" in future)) continue;
    const artifact = future.artifact as Artifact;
    const run = contracts.compilerRun(artifact);
    const file = `${artifact.contractName}.json`;
    standardJson.set(file, standardJsonInput(artifact, run));
    // A library has none.
    const given = "constructorArgs" in future ? (future.constructorArgs as unknown[]) : [];
    const values = given.map((value) => withAddresses(value, addresses));
    records.push({
      name: artifact.contractName,
      address: addresses.get(artifact.contractName) ?? "",
      qualifiedName: `${artifact.inputSourceName}:${artifact.contractName}`,
      compiler: `v${run.solcLongVersion}`,
      constructorArguments: new Interface(artifact.abi as never).encodeDeploy(values).slice(2),
      creationCodeSha256: createHash("sha256")
        .update(Buffer.from(artifact.bytecode.slice(2), "hex"))
        .digest("hex"),
      standardJson: file,
    });
  }
  const keys = verifiers.map(({ tier, ceremony }) => {
    if (ceremony === undefined) return { tier: tier.name, ceremony: null };
    const { zkeySha256, transcriptSha256 } = ceremony;
    return { tier: tier.name, ceremony: { r1csSha256: ceremony.circuit.r1csSha256, zkeySha256, transcriptSha256 } };
  });
  return { record: { format: RECORD_FORMAT, ...deployed, contracts: records, keys }, standardJson };
}

/** A constructor's value with every contract in it as its address. */
function withAddresses(value: unknown, addresses: ReadonlyMap<string, string>): unknown {
  if (isFuture(value)) return addresses.get((value as Future & { contractName: string }).contractName);
  if (Array.isArray(value)) return value.map((entry) => withAddresses(entry, addresses));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, withAddresses(entry, addresses)]));
}

/** Amounts as decimal text: JSON has no integers of that size. */
export function recordText(record: DeploymentRecord): string {
  const plain = (_: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);
  return `${JSON.stringify(record, plain, 2)}\n`;
}
