/** Roles of governance by their number in the AccessManager. 0 is the admin: it grants roles, and renews the guardian's pause. */
export const GOVERNANCE_ROLES = {
  parameters: 1n,
  markets: 2n,
  oracle: 3n,
  operatorNaming: 4n,
  verifiers: 5n,
  fees: 6n,
  guardian: 7n,
  veto: 8n,
} as const;

export type GovernanceRole = keyof typeof GOVERNANCE_ROLES;

export const ROLE_NAMES = Object.keys(GOVERNANCE_ROLES) as GovernanceRole[];

/** The AccessManager's own number for whoever grants roles. */
export const ADMIN_ROLE = 0n;

/** Contracts with functions of governance. */
export type GovernedContract = "exchange" | "registry" | "oracle";

/** Which functions a role may call. What stands nowhere here is the admin's. */
export const ROLE_FUNCTIONS: Readonly<
  Record<GovernanceRole, Readonly<Partial<Record<GovernedContract, readonly string[]>>>>
> = {
  parameters: { registry: ["appendParameters"], exchange: ["setDepositLimits"] },
  markets: { registry: ["appendMarkets"] },
  oracle: { oracle: ["setSigners", "setBounds"] },
  operatorNaming: { exchange: ["setOperator"] },
  verifiers: { exchange: ["addVerifier", "retireVerifier"] },
  fees: { exchange: ["collectFees"] },
  guardian: { registry: ["pause", "endPause"] },
  // It cancels what other roles have scheduled, and calls nothing.
  veto: {},
};
