/** What one unit of the suite (a test file, a check, the Solidity tests) came to. */
export interface Outcome {
  readonly label: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly durationMs: number;
  /** What a person needs to see of the failures; empty when nothing failed. */
  readonly report: string;
}

/** A piece of the suite that can run beside others. `expectedSeconds` only orders the queue. */
export interface Unit {
  readonly label: string;
  readonly expectedSeconds: number;
  /** False for what reads neither compiled contracts nor built circuits and keys. */
  readonly needsBuild: boolean;
  run(): Promise<Omit<Outcome, "label" | "durationMs">>;
}

/** One failure that is no test's own: a crash, a hang, a file that does not load. */
export function failureOf(report: string): Omit<Outcome, "label" | "durationMs"> {
  return { passed: 0, failed: 1, skipped: 0, report };
}

/** The closing line of a run: skipped tests are named apart and are never counted as passed. */
export function summaryOf(outcomes: readonly Outcome[]): string {
  const total = (count: (outcome: Outcome) => number) => outcomes.reduce((sum, outcome) => sum + count(outcome), 0);
  const skipped = total((outcome) => outcome.skipped);
  const line = `${total((outcome) => outcome.passed)} passed, ${total((outcome) => outcome.failed)} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}

/** True when something failed or no test ran at all. */
export function isRed(outcomes: readonly Outcome[]): boolean {
  return outcomes.some((outcome) => outcome.failed > 0) || outcomes.every((outcome) => outcome.passed === 0);
}
