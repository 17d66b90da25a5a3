import { ClearbookError, Unreachable } from "../sdk/http.ts";
import { pause } from "./pause.ts";

export interface BotLoopOptions {
  intervalMs: number;
  signal: AbortSignal;
  /** One line of what went wrong; the loop goes on. */
  onTrouble: (line: string) => void;
}

const RETRY_MS = 2_000;
/** Refusals that a healthy bot meets every day. */
const EXPECTED: ReadonlySet<string> = new Set([
  "POST_ONLY_WOULD_CROSS",
  "BACKLOG_FULL",
  "RATE_LIMIT",
  "ORDER_NOT_FOUND",
]);

/** How long to wait after a failure, or null when it is none that waiting mends: then it is thrown on. */
export function waitAfter(error: unknown): number | null {
  if (error instanceof Unreachable) return RETRY_MS;
  if (error instanceof ClearbookError) return error.retryAfterMs ?? 0;
  return null;
}

/** Runs a bot's turns until the signal. Refusals and lost connections are waited out; anything else ends the loop with its error. */
export async function runBotLoop(
  turn: () => Promise<void>,
  { intervalMs, signal, onTrouble }: BotLoopOptions,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await turn();
    } catch (error) {
      const waitMs = waitAfter(error);
      if (waitMs === null) throw error;
      if (!(error instanceof ClearbookError && EXPECTED.has(error.code))) onTrouble((error as Error).message);
      await pause(waitMs, signal);
    }
    await pause(intervalMs, signal);
  }
}
