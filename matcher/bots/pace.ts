import type { WireStatus } from "../protocol/api-wire.ts";

/** Shares of the exchange's bound on unproven rows, in percent. */
export interface PaceLimits {
  /** From here on, a bot does less. */
  easePercent: number;
  /** From here on, it does nothing that makes work for the provers. */
  stopPercent: number;
}

export type Pace = "go" | "ease" | "stop";

/** How much a considerate client does, given what is matched and not yet proven. */
export function paceOf(
  { status, unprovenRows, unprovenRowsMax }: WireStatus,
  { easePercent, stopPercent }: PaceLimits,
): Pace {
  if (status === "halted" || status === "starting") return "stop";
  const percent = (unprovenRows * 100) / unprovenRowsMax;
  if (percent >= stopPercent) return "stop";
  return percent >= easePercent ? "ease" : "go";
}
