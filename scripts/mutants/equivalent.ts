import type { Mutation } from "./mutations.ts";

/** A mutation that changes nothing a prover could use, and why. */
export interface EquivalentMutation {
  readonly template: string;
  /** The statement that is changed. */
  readonly before: string;
  readonly reason: string;
}

export const EQUIVALENT: readonly EquivalentMutation[] = [];

export function reasonOf({ template, before }: Mutation): string | undefined {
  return EQUIVALENT.find((entry) => entry.template === template && entry.before === before)?.reason;
}
