import { Contract, type ContractTransactionReceipt, Interface, type JsonRpcProvider, type Signer } from "ethers";
import type { Deployment } from "../../matcher/chain/deployment.ts";
import {
  ACCESS_MANAGER_ABI,
  EXCHANGE_ABI,
  MARKET_REGISTRY_ABI,
  PRICE_ORACLE_ABI,
  TEST_DOLLAR_ABI,
  TIMELOCK_ABI,
} from "../../matcher/protocol/abi.ts";
import { devnetWallet } from "../devnet/wallets.ts";
import { type GovernanceRole, type GovernedContract, ROLE_NAMES } from "../governance/roles.ts";
import { GOVERNED_INTERFACES } from "../governance/wiring.ts";

/** The wallets behind those of traders: each role has one of its own; who may propose has the last. */
const FIRST_HOLDER_WALLET = 12;

/** One call of governance. */
export interface GovernanceCall {
  readonly contract: GovernedContract;
  readonly name: string;
  readonly values: readonly unknown[];
}

/** Every error that a call through the manager can come back with. */
const ERRORS = new Interface(
  [
    ...new Set(
      [EXCHANGE_ABI, MARKET_REGISTRY_ABI, PRICE_ORACLE_ABI, ACCESS_MANAGER_ABI, TIMELOCK_ABI, TEST_DOLLAR_ABI].flat(),
    ),
  ].filter((fragment) => fragment.startsWith("error ")),
);

export function holderAddresses(): Record<GovernanceRole, string> {
  const entries = ROLE_NAMES.map((role, i) => [role, devnetWallet(FIRST_HOLDER_WALLET + i).address]);
  return Object.fromEntries(entries) as Record<GovernanceRole, string>;
}

export function councilAddress(): string {
  return devnetWallet(FIRST_HOLDER_WALLET + ROLE_NAMES.length - 1).address;
}

/** Name of the contract's error that a call is refused with, or "accepted". Asks without sending. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "accepted",
    (error: { data?: string; info?: { error?: { data?: unknown } } }) => {
      const data = error.data ?? error.info?.error?.data;
      const found = typeof data === "string" ? ERRORS.parseError(data) : null;
      if (found === null) throw error;
      return found.name;
    },
  );
}

/** Whoever holds the roles of governance in a rehearsal. */
export class Council {
  readonly #provider: JsonRpcProvider;
  readonly #deployment: Deployment;

  constructor(provider: JsonRpcProvider, deployment: Deployment) {
    this.#provider = provider;
    this.#deployment = deployment;
  }

  signer(role: GovernanceRole): Signer {
    return devnetWallet(FIRST_HOLDER_WALLET + ROLE_NAMES.indexOf(role)).connect(this.#provider);
  }

  contract(name: GovernedContract, role: GovernanceRole): Contract {
    return new Contract(this.#deployment[name], GOVERNED_INTERFACES[name], this.signer(role));
  }

  /** Calls at once, as a role without delay may. */
  async act(role: GovernanceRole, { contract, name, values }: GovernanceCall): Promise<ContractTransactionReceipt> {
    return this.#mined(await this.contract(contract, role).getFunction(name)(...values));
  }

  /** What the call comes back with when it is made at once. */
  refusal(role: GovernanceRole, { contract, name, values }: GovernanceCall): Promise<string> {
    return refusalOf(
      this.contract(contract, role)
        .getFunction(name)
        .staticCall(...values),
    );
  }

  /** Says in public what the role will do: all of it in one transaction. */
  schedule(role: GovernanceRole, calls: readonly GovernanceCall[]): Promise<ContractTransactionReceipt> {
    return this.#all(role, calls, "schedule", [0]);
  }

  /** Does what was scheduled: all of it in one transaction. */
  execute(role: GovernanceRole, calls: readonly GovernanceCall[]): Promise<ContractTransactionReceipt> {
    return this.#all(role, calls, "execute", []);
  }

  /** What the execution comes back with now. */
  executionRefusal(role: GovernanceRole, calls: readonly GovernanceCall[]): Promise<string> {
    const { manager, data } = this.#through(role, calls, "execute", []);
    return refusalOf(manager.getFunction("multicall").staticCall(data));
  }

  async #all(role: GovernanceRole, calls: readonly GovernanceCall[], name: string, rest: readonly unknown[]) {
    const { manager, data } = this.#through(role, calls, name, rest);
    return this.#mined(await manager.getFunction("multicall")(data));
  }

  #through(role: GovernanceRole, calls: readonly GovernanceCall[], name: string, rest: readonly unknown[]) {
    const manager = new Contract(this.#deployment.authority, ACCESS_MANAGER_ABI, this.signer(role));
    const data = calls.map((call) => {
      const inner = GOVERNED_INTERFACES[call.contract].encodeFunctionData(call.name, call.values);
      return manager.interface.encodeFunctionData(name, [this.#deployment[call.contract], inner, ...rest]);
    });
    return { manager, data };
  }

  async #mined(sent: { wait(): Promise<ContractTransactionReceipt | null> }): Promise<ContractTransactionReceipt> {
    const receipt = await sent.wait();
    if (receipt === null) throw new Error("a transaction of governance was not mined");
    return receipt;
  }
}
