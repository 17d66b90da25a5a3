/** Who signs what. Each has a key of its own, so that losing one costs no more than its role. */
export const KEY_ROLES = {
  operator: "opens epochs and settles batches on L1",
  receipts: "signs the receipts of acknowledged orders",
  oracleSigner: "signs price reports",
  oracleSigner2: "signs price reports",
  oracleSigner3: "signs price reports",
} as const;

export type KeyRole = keyof typeof KEY_ROLES;

/** The variable that a role's key may stand in: CLEARBOOK_ORACLE_SIGNER2_KEY. */
export function keyVariable(role: KeyRole): string {
  return `CLEARBOOK_${role.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}_KEY`;
}
