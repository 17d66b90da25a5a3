import type { Freedom } from "./r1cs-wires.ts";

/** A wire that a prover may change in some honest batch, and why nothing comes of it. */
export interface LooseWire {
  readonly signal: RegExp;
  /** The wire's honest value and what it may become; "any" for every value of the field. */
  readonly from: bigint | "any";
  readonly to: Freedom;
  readonly reason: string;
}

export const LOOSE_WIRES: readonly LooseWire[] = [
  {
    signal: /^main\.row\[\d+\]\.replay\.sameOrder\.isz\.inv$/,
    from: "any",
    to: "any",
    reason:
      "circomlib's IsZero: the inverse of a zero difference of order numbers is multiplied by that zero; the result is 1 whatever it is.",
  },
  {
    signal: /^main\.row\[\d+\]\.insurance\.isz\.inv$/,
    from: "any",
    to: "any",
    reason: "IsZero again, for account 0: rows that are padding.",
  },
  {
    signal: /^main\.account\[\d+\]\.rule\.noRequirement\.inv$/,
    from: "any",
    to: "any",
    reason: "IsZero again, for an account whose margin requirement at S₀ is zero.",
  },
  {
    signal: /^main\.account\[\d+\]\.rule\.sizes\.empty\[\d+\]\.inv$/,
    from: "any",
    to: "any",
    reason: "IsZero again, for a position that is none.",
  },
  {
    signal: /^main\.liquidation\[\d+\]\.none\.inv$/,
    from: "any",
    to: "any",
    reason: "IsZero again, for the quantity of an unused liquidation.",
  },
  {
    signal: /^main\.(request\.isFund|outcome\.priced|outcome\.nothing|priced)\.inv$/,
    from: "any",
    to: "any",
    reason: "IsZero again, of a batch without a request, without anything silent, without a payment.",
  },
  {
    signal: /^main\.slotGrows\[\d+\]\[\d+\]$/,
    from: 0n,
    to: 1n,
    reason:
      "The prover says which bound holds; a size that equals the market's cap at S₀ meets both, with the same slack.",
  },
  {
    signal: /^main\.withinCap\[\d+\]$/,
    from: 1n,
    to: 0n,
    reason: "The prover says which bound holds; where cap = before both do, with the same slack.",
  },
];

/** Inputs that are decided by the others: what the circuit compares its results with. */
export const WITNESS_OUTPUTS = ["newRoot", "commitment", "y"] as const;

export function isAllowed(entry: LooseWire, signals: readonly string[], to: Freedom, from: bigint): boolean {
  if (!signals.some((signal) => entry.signal.test(signal))) return false;
  return entry.to === to && (entry.from === "any" || entry.from === from);
}
