import type { Context } from "mocha";

/** Skips what measures code or gas while coverage is measured: the code is another then. scripts/testing/coverage.ts */
export function skipWhenInstrumented(test: Context): void {
  if (process.env.CLEARBOOK_COVERAGE_FOLDER !== undefined) test.skip();
}
