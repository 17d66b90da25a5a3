import type { JournalIdentity } from "../../matcher/journal/journal-identity.ts";

/** Of the tests' journals. */
export const IDENTITY: JournalIdentity = {
  chainId: 31_337,
  exchange: 0x5fbdb2315678afecb367f032d93f642f64180aa3n,
  deployment: 11n,
  circuits: 22n,
  protocol: 33n,
  terms: 44n,
};
