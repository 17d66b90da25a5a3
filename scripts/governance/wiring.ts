import { Contract, Interface, type Signer } from "ethers";
import { ACCESS_MANAGER_ABI, EXCHANGE_ABI, MARKET_REGISTRY_ABI, PRICE_ORACLE_ABI } from "../../matcher/protocol/abi.ts";
import type { GovernanceProfile } from "./profile.ts";
import {
  ADMIN_ROLE,
  GOVERNANCE_ROLES,
  type GovernanceRole,
  type GovernedContract,
  ROLE_FUNCTIONS,
  ROLE_NAMES,
} from "./roles.ts";

export const GOVERNED_INTERFACES: Readonly<Record<GovernedContract, Interface>> = {
  exchange: new Interface(EXCHANGE_ABI),
  registry: new Interface(MARKET_REGISTRY_ABI),
  oracle: new Interface(PRICE_ORACLE_ABI),
};

/** Where the parts of governance are, and who holds which role. */
export interface Governance {
  /** The AccessManager. */
  readonly authority: string;
  readonly contracts: Readonly<Record<GovernedContract, string>>;
  readonly holders: Readonly<Record<GovernanceRole, string>>;
  /** The TimelockController, or whoever is to be admin without one. */
  readonly admin: string;
}

export function selectorOf(contract: GovernedContract, name: string): string {
  const found = GOVERNED_INTERFACES[contract].getFunction(name);
  if (found === null) throw new RangeError(`${contract} has no function ${name}`);
  return found.selector;
}

/** The calls that hand everything over from the manager's first admin, in one transaction: at no time is it half done. */
export function wiringCalls(governance: Governance, profile: GovernanceProfile, firstAdmin: string): string[] {
  const manager = new Interface(ACCESS_MANAGER_ABI);
  const calls: string[] = [];
  const call = (name: string, ...values: unknown[]) => calls.push(manager.encodeFunctionData(name, values));
  for (const role of ROLE_NAMES) {
    const id = GOVERNANCE_ROLES[role];
    call("labelRole", id, role);
    for (const [contract, names] of Object.entries(ROLE_FUNCTIONS[role]) as [GovernedContract, readonly string[]][]) {
      const selectors = names.map((name) => selectorOf(contract, name));
      call("setTargetFunctionRole", governance.contracts[contract], selectors, id);
    }
    // In the manager's words, the guardian of a role: whoever may cancel what it has scheduled.
    call("setRoleGuardian", id, GOVERNANCE_ROLES.veto);
    call("grantRole", id, governance.holders[role], profile.delaysSeconds[role]);
  }
  if (governance.admin !== firstAdmin) {
    call("grantRole", ADMIN_ROLE, governance.admin, 0);
    call("renounceRole", ADMIN_ROLE, firstAdmin);
  }
  return calls;
}

/** Gives every role its functions and its holder, and the admin's role away. @param sender is the manager's admin so far */
export async function wireGovernance(
  governance: Governance,
  profile: GovernanceProfile,
  sender: Signer,
): Promise<void> {
  const calls = wiringCalls(governance, profile, await sender.getAddress());
  const manager = new Contract(governance.authority, ACCESS_MANAGER_ABI, sender);
  await (await manager.getFunction("multicall")(calls)).wait();
}
