import { type GovernanceRole, ROLE_NAMES } from "./roles.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;

/** How long whoever holds a role has to wait between saying in public what it will do and doing it, seconds. */
export interface GovernanceProfile {
  /** How long an entry of the queue may wait: docs/protocol.md §12. A request that advances may take three times as long. */
  readonly requestDeadlineSeconds: number;
  /** What people get on top of that to notice a change and to ask for their exit. */
  readonly exitWindowSeconds: number;
  readonly delaysSeconds: Readonly<Record<GovernanceRole, number>>;
  /** Of the TimelockController that is the one admin; 0 leaves the deployer as admin, for development chains. */
  readonly adminDelaySeconds: number;
}

export type ProfileName = "devnet" | "testnet" | "production";

/**
 * Delays are as long as what a wrong use could cost. Verifiers and signers of prices decide where all money goes, and the admin
 * decides who they are: people must be able to leave before. Fees are the exchange's own, and a pause costs nobody anything.
 */
export const GOVERNANCE_PROFILES: Readonly<Record<ProfileName, GovernanceProfile>> = {
  devnet: {
    requestDeadlineSeconds: 60,
    exitWindowSeconds: 0,
    delaysSeconds: {
      parameters: 0,
      markets: 0,
      oracle: 0,
      operatorNaming: 0,
      verifiers: 0,
      fees: 0,
      guardian: 0,
      veto: 0,
    },
    adminDelaySeconds: 0,
  },
  testnet: {
    requestDeadlineSeconds: 6 * HOUR,
    exitWindowSeconds: 6 * HOUR,
    delaysSeconds: {
      parameters: 2 * HOUR,
      markets: 2 * HOUR,
      oracle: 26 * HOUR,
      operatorNaming: HOUR,
      verifiers: 26 * HOUR,
      fees: 0,
      guardian: 0,
      veto: 0,
    },
    adminDelaySeconds: 28 * HOUR,
  },
  production: {
    requestDeadlineSeconds: 3 * DAY,
    exitWindowSeconds: 3 * DAY,
    delaysSeconds: {
      parameters: 2 * DAY,
      markets: 2 * DAY,
      oracle: 14 * DAY,
      operatorNaming: DAY,
      verifiers: 14 * DAY,
      fees: 0,
      guardian: 0,
      veto: 0,
    },
    adminDelaySeconds: 15 * DAY,
  },
};

/** Roles whose wrong use could cost everything. */
const SLOW_ROLES: readonly GovernanceRole[] = ["oracle", "verifiers"];
/** Roles that may act at once: what they do harms nobody's money. */
const PROMPT_ROLES: readonly GovernanceRole[] = ["fees", "guardian", "veto"];
/** A request's deadline counts at most three times, when batches advance it: docs/protocol.md §12. */
const LONGEST_DEADLINES = 3;

/** What is wrong with a profile where money is, a sentence each; empty for a sound one. */
export function profileFaults(profile: GovernanceProfile): string[] {
  const { requestDeadlineSeconds, exitWindowSeconds, delaysSeconds, adminDelaySeconds } = profile;
  const faults: string[] = [];
  const leaveSeconds = LONGEST_DEADLINES * requestDeadlineSeconds + exitWindowSeconds;
  if (exitWindowSeconds < 1) faults.push("The exit window is empty: nobody could notice a change before it counts.");
  for (const role of SLOW_ROLES) {
    if (delaysSeconds[role] > leaveSeconds) continue;
    faults.push(`Role ${role} waits ${delaysSeconds[role]} s: not everybody can leave in ${leaveSeconds} s before.`);
  }
  if (delaysSeconds.operatorNaming >= requestDeadlineSeconds) {
    faults.push(
      `A new operator is named in ${delaysSeconds.operatorNaming} s: the exchange would freeze after ${requestDeadlineSeconds} s.`,
    );
  }
  for (const role of ROLE_NAMES) {
    if (delaysSeconds[role] > 0 || PROMPT_ROLES.includes(role)) continue;
    faults.push(`Role ${role} waits for nothing: nobody would be told before.`);
  }
  if (delaysSeconds.guardian !== 0) faults.push("The guardian waits: its pause would come too late.");
  if (delaysSeconds.veto !== 0) faults.push("Role veto waits: a thief would be done before.");
  // Who can hand out a role must not be faster than the role.
  if (adminDelaySeconds <= Math.max(...ROLE_NAMES.map((role) => delaysSeconds[role]))) {
    faults.push(`The admin waits ${adminDelaySeconds} s, no longer than the slowest role that it can hand out.`);
  }
  return faults;
}
