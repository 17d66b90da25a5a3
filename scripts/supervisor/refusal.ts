/** An expected failure of a command: printed as its one sentence, without a stack. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly exitCode: number;
  constructor(sentence: string, exitCode = 1) {
    super(sentence);
    this.exitCode = exitCode;
  }
}

/** Errors of the matcher's parts that say in one sentence what a user can mend. */
const PLAIN_ERRORS = new Set([
  "ChainConnectionError",
  "DeploymentError",
  "ArtifactError",
  "CircuitCompileError",
  "KeyRefused",
  "SectionFileError",
]);

/** Prints why a command failed and returns its exit code: one sentence for what is expected, the stack for a bug. */
export function reportFailure(error: unknown): number {
  if (error instanceof Refusal) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof Error && PLAIN_ERRORS.has(error.name)) {
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

/**
 * Runs the body of a command. It may leave servers and timers running when it succeeds; a failure ends the process with its
 * exit code, whatever is still open: a service that only half started must not look alive.
 */
export async function runCommand(body: () => Promise<number | undefined>): Promise<void> {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    process.exit(reportFailure(error));
  }
}
