import { Contract, type EventLog, type Provider } from "ethers";
import { ACCESS_MANAGER_ABI, TIMELOCK_ABI } from "../../matcher/protocol/abi.ts";
import { type GovernanceProfile, profileFaults } from "./profile.ts";
import { ADMIN_ROLE, GOVERNANCE_ROLES, type GovernedContract, ROLE_FUNCTIONS, ROLE_NAMES } from "./roles.ts";
import { GOVERNED_INTERFACES, type Governance, selectorOf } from "./wiring.ts";

/** Functions of governance that nobody may call but the admin. */
const ADMIN_FUNCTIONS: readonly (readonly [GovernedContract, string])[] = [["registry", "renewPause"]];

/** Everybody who holds a role now, by what the manager ever said. */
async function membersOf(manager: Contract, role: bigint, fromBlock: number): Promise<Set<string>> {
  const changes = [
    ...(await manager.queryFilter("RoleGranted", fromBlock)),
    ...(await manager.queryFilter("RoleRevoked", fromBlock)),
  ] as EventLog[];
  const members = new Set<string>();
  for (const { args } of changes) {
    if (args.roleId !== role) continue;
    const [isMember] = await manager.getFunction("hasRole").staticCall(role, args.account);
    if (isMember) members.add(args.account);
  }
  return members;
}

/**
 * What L1 says otherwise than a profile, a sentence each; empty when everything is as it should be. Reads contracts and events
 * alone, so that anybody can ask.
 * @param fromBlock of the manager's creation, or earlier
 */
export async function governanceFaults(
  provider: Provider,
  governance: Governance,
  profile: GovernanceProfile,
  fromBlock: number,
): Promise<string[]> {
  const { authority, contracts, holders, admin } = governance;
  const manager = new Contract(authority, ACCESS_MANAGER_ABI, provider);
  const ask = (name: string, ...values: unknown[]) => manager.getFunction(name).staticCall(...values);
  const faults = profileFaults(profile);
  // 1. The contracts ask this manager.
  for (const [name, address] of Object.entries(contracts) as [GovernedContract, string][]) {
    const contract = new Contract(address, GOVERNED_INTERFACES[name], provider);
    const found: string = await contract.getFunction("authority").staticCall();
    if (found !== authority) faults.push(`The ${name} asks ${found} who may do what, not ${authority}.`);
    if (await ask("isTargetClosed", address)) faults.push(`The ${name} is closed to governance.`);
  }
  // 2. Every role has its functions, its one holder and its delay.
  for (const role of ROLE_NAMES) {
    const id = GOVERNANCE_ROLES[role];
    for (const [contract, names] of Object.entries(ROLE_FUNCTIONS[role]) as [GovernedContract, readonly string[]][]) {
      for (const name of names) {
        const found: bigint = await ask("getTargetFunctionRole", contracts[contract], selectorOf(contract, name));
        if (found !== id) faults.push(`${name} belongs to role ${found}, not to ${role}.`);
      }
    }
    const members = await membersOf(manager, id, fromBlock);
    members.delete(holders[role]);
    for (const stranger of members) faults.push(`${stranger} holds role ${role}, too.`);
    const [isMember, delaySeconds]: [boolean, bigint] = await ask("hasRole", id, holders[role]);
    if (!isMember) faults.push(`${holders[role]} does not hold role ${role}.`);
    else if (delaySeconds !== BigInt(profile.delaysSeconds[role])) {
      faults.push(`Role ${role} waits ${delaySeconds} s, not ${profile.delaysSeconds[role]} s.`);
    }
    if ((await ask("getRoleGuardian", id)) !== GOVERNANCE_ROLES.veto) {
      faults.push(`What role ${role} has scheduled can be cancelled by others than role veto.`);
    }
    if ((await ask("getRoleAdmin", id)) !== ADMIN_ROLE) faults.push(`Role ${role} is given by others than the admin.`);
  }
  // 3. The admin is alone, and waits.
  for (const [contract, name] of ADMIN_FUNCTIONS) {
    const found: bigint = await ask("getTargetFunctionRole", contracts[contract], selectorOf(contract, name));
    if (found !== ADMIN_ROLE) faults.push(`${name} belongs to role ${found}, not to the admin.`);
  }
  const admins = await membersOf(manager, ADMIN_ROLE, fromBlock);
  if (!admins.delete(admin)) faults.push(`${admin} is not the admin.`);
  for (const stranger of admins) faults.push(`${stranger} is admin, too.`);
  if (profile.adminDelaySeconds > 0) {
    const timelock = new Contract(admin, TIMELOCK_ABI, provider);
    const delaySeconds: bigint = await timelock.getFunction("getMinDelay").staticCall();
    if (delaySeconds < BigInt(profile.adminDelaySeconds)) {
      faults.push(`The admin waits ${delaySeconds} s, not ${profile.adminDelaySeconds} s.`);
    }
  }
  return faults;
}
