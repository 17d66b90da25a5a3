import type { Acknowledgements } from "./acknowledgements.ts";
import type { CrashClient } from "./crash-client.ts";

/** What became of an exchange that was killed again and again. */
export interface RoundsSummary {
  readonly kills: number;
  readonly acknowledged: number;
  readonly commands: number;
  readonly retried: number;
  readonly faults: readonly string[];
}

export function roundsSummary(
  kills: number,
  told: Acknowledgements,
  clients: readonly CrashClient[],
  faults: readonly string[],
): RoundsSummary {
  const retried = clients.reduce((sum, client) => sum + client.retried, 0);
  return { kills, acknowledged: told.count, commands: told.recordCount, retried, faults };
}
