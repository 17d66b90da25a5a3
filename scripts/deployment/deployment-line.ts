import type {
  ArgumentType,
  ContractDeploymentFuture,
  ContractFuture,
  Future,
  IgnitionModuleBuilder,
} from "@nomicfoundation/ignition-core";
import { getCreateAddress } from "ethers";
import type { Artifact } from "../devnet/artifact.ts";
import type { ContractSource } from "./contract-source.ts";

/**
 * The transactions of a deployment, one behind the other. Each waits for the one before, so each has a known nonce of the
 * deployer's, and contracts that must know each other's address can.
 */
export class DeploymentLine {
  readonly #module: IgnitionModuleBuilder;
  readonly #contracts: ContractSource;
  readonly #deployer: string;
  readonly #startNonce: number;
  readonly #futures: Future[] = [];
  readonly #libraries = new Map<string, ContractFuture<string>>();

  constructor(module: IgnitionModuleBuilder, contracts: ContractSource, deployer: string, startNonce: number) {
    this.#module = module;
    this.#contracts = contracts;
    this.#deployer = deployer;
    this.#startNonce = startNonce;
  }

  /** Address of the contract that is deployed when `count` more transactions have been. */
  addressAfter(count: number): string {
    return getCreateAddress({ from: this.#deployer, nonce: this.#startNonce + this.#futures.length + count });
  }

  /** @param path as `readArtifact` takes it */
  contract(path: string, ...values: readonly ArgumentType[]): ContractDeploymentFuture {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const artifact = this.#contracts.read(path);
    const libraries = this.#librariesOf(artifact);
    const future = this.#module.contract(name, artifact, [...values], { ...this.#behindTheLast(), libraries });
    this.#futures.push(future);
    return future;
  }

  /** Contracts behind it are linked with it where they name it. */
  library(path: string): void {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const artifact = this.#contracts.read(path);
    const libraries = this.#librariesOf(artifact);
    const future = this.#module.library(name, artifact, { ...this.#behindTheLast(), libraries });
    this.#libraries.set(name, future);
    this.#futures.push(future);
  }

  call(contract: ContractDeploymentFuture, name: string, ...values: readonly ArgumentType[]): void {
    this.#futures.push(this.#module.call(contract, name, [...values], this.#behindTheLast()));
  }

  #librariesOf({ contractName, linkReferences }: Artifact): Record<string, ContractFuture<string>> {
    const names = Object.values(linkReferences).flatMap((file) => Object.keys(file));
    return Object.fromEntries(
      names.map((name) => {
        const library = this.#libraries.get(name);
        if (library === undefined) throw new RangeError(`${contractName} must stand behind its library ${name}`);
        return [name, library];
      }),
    );
  }

  #behindTheLast(): { after: Future[] } {
    const last = this.#futures.at(-1);
    return { after: last === undefined ? [] : [last] };
  }
}
