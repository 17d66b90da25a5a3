import { appendFileSync } from "node:fs";
import { inspect } from "node:util";
import type { MochaOptions, Runner, Test } from "mocha";

/** One line of the report file. `end` says that mocha ran to its end: without it the process died before. */
export type TestEvent =
  | { readonly type: "pass" | "pending" | "end" }
  | { readonly type: "fail"; readonly description: string };

interface Failure {
  readonly message?: string;
  readonly stack?: string;
  readonly expected?: unknown;
  readonly actual?: unknown;
}

function describe(test: Test, thrown: unknown): string {
  const error: Failure = typeof thrown === "object" && thrown !== null ? thrown : {};
  const lines = [`✘ ${test.fullTitle()}`, error.stack ?? error.message ?? `threw ${inspect(thrown)}`];
  const show = (value: unknown) => (typeof value === "string" ? value : inspect(value, { depth: 6 }));
  if ("expected" in error) lines.push(`expected: ${show(error.expected)}`, `actual:   ${show(error.actual)}`);
  return lines.join("\n");
}

/**
 * A mocha reporter that appends one line of JSON per event to the file named in its `output` option. mocha's own JSON
 * reporter ends the process without a report, and with exit code 0, when a failed comparison holds a bigint.
 */
class EventReporter {
  constructor(runner: Runner, options: MochaOptions) {
    const { output } = options.reporterOptions as { output: string };
    const write = (event: TestEvent) => appendFileSync(output, `${JSON.stringify(event)}\n`);
    runner.on("pass", () => write({ type: "pass" }));
    runner.on("pending", () => write({ type: "pending" }));
    runner.on("fail", (test: Test, error: unknown) => write({ type: "fail", description: describe(test, error) }));
    runner.on("end", () => write({ type: "end" }));
  }
}

// mocha loads reporters with require, and this is the name under which require finds a module's one value.
export { EventReporter as "module.exports" };
