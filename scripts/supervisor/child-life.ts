import type { ChildMessage } from "./child.ts";

/** Tells the parent, if there is one, and does nothing when run by hand. */
export function tellParent(message: ChildMessage): void {
  if (process.connected) process.send?.(message);
}

/**
 * Ends this process in order when it is asked to, or when its parent is gone: without the latter, a killed supervisor
 * would leave its children behind. `stop` runs once; a process that does not end within `limitMs` after it is ended.
 */
export function endWithParent(stop: () => Promise<void>, limitMs = 4_000): void {
  let stopping = false;
  const end = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(0), limitMs).unref();
    stop().then(
      () => process.exit(process.exitCode ?? 0),
      (error) => {
        process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  process.on("disconnect", end);
}
