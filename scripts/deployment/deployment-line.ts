import type {
  ArgumentType,
  ContractDeploymentFuture,
  Future,
  IgnitionModuleBuilder,
} from "@nomicfoundation/ignition-core";
import { getCreateAddress } from "ethers";
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
    const future = this.#module.contract(name, this.#contracts.read(path), [...values], this.#behindTheLast());
    this.#futures.push(future);
    return future;
  }

  call(contract: ContractDeploymentFuture, name: string, ...values: readonly ArgumentType[]): void {
    this.#futures.push(this.#module.call(contract, name, [...values], this.#behindTheLast()));
  }

  #behindTheLast(): { after: Future[] } {
    const last = this.#futures.at(-1);
    return { after: last === undefined ? [] : [last] };
  }
}
