import type { EpochCadence } from "../../matcher/chain/epoch-cadence.ts";
import { Refusal } from "../supervisor/refusal.ts";
import { feedStops } from "./feed-stops.ts";
import { marketPumped } from "./market-pumped.ts";
import { proverDown } from "./prover-down.ts";
import { PROMPT_EPOCHS, PROVEN_EPOCHS, type Rehearsal } from "./rehearsal.ts";
import { verifierBug } from "./verifier-bug.ts";

export interface Drill {
  /** The emergency in one sentence. */
  readonly title: string;
  readonly cadence: EpochCadence;
  readonly happen: (rehearsal: Rehearsal) => Promise<void>;
}

export const DRILLS: Readonly<Record<string, Drill>> = {
  "feed-stops": { title: "signers of prices fall silent", cadence: PROMPT_EPOCHS, happen: feedStops },
  "market-pumped": { title: "somebody moves a thin market", cadence: PROMPT_EPOCHS, happen: marketPumped },
  "prover-down": { title: "the prover dies in the middle of a proof", cadence: PROVEN_EPOCHS, happen: proverDown },
  "verifier-bug": { title: "a bug is found in a verifier", cadence: PROVEN_EPOCHS, happen: verifierBug },
};

/** @throws Refusal that names them all */
export function drillNamed(name: string): Drill {
  const found = DRILLS[name];
  if (found !== undefined) return found;
  throw new Refusal(`There is no drill "${name}": choose ${Object.keys(DRILLS).join(", ")}.`);
}
