/** Runs what may have changed something before it throws: its exception is no RangeError, which would say that nothing has changed. */
export function orBrokenOff<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new Error(`${what} broke off: ${text}`, { cause: error });
  }
}
