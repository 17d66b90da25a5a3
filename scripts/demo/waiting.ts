/**
 * Asks again and again until the answer is there. @throws Error naming what was waited for, or what `aborted` says.
 * @param ask undefined: not yet.
 */
export async function until<T>(
  what: string,
  limitMs: number,
  ask: () => Promise<T | undefined> | T | undefined,
  aborted?: () => string | undefined,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    const reason = aborted?.();
    if (reason !== undefined) throw new Error(reason);
    if (performance.now() > deadline) throw new Error(`${what} did not come within ${Math.round(limitMs / 1000)} s`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
}
