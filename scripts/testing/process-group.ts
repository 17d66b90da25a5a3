import { type ChildProcess, spawn } from "node:child_process";

/** How a finished process ended, with everything it printed (standard output and error, interleaved). */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  /** Why we ended it ourselves, if we did. */
  readonly stopped: string | undefined;
}

export interface RunOptions {
  /** Shows the output as it comes instead of keeping it. */
  readonly show?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly limitMs: number;
  /** Asked every second: a reason to end the process early, or undefined to let it go on. */
  readonly stopWhen?: () => string | undefined;
}

const live = new Set<ChildProcess>();
/** Set once this process is asked to end: nothing new is started then. */
let ending = false;

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    // The child leads its own group, so that what it started ends with it.
    process.kill(-child.pid, signal);
  } catch {
    // The group is already gone.
  }
}

/** Asks every running group to end, makes those end that have not after `graceMs`, and lets no new one start. */
export async function endAll(graceMs = 5_000): Promise<void> {
  ending = true;
  const children = [...live];
  for (const child of children) signalGroup(child, "SIGTERM");
  const deadline = performance.now() + graceMs;
  while (live.size > 0 && performance.now() < deadline) await new Promise((wake) => setTimeout(wake, 50));
  for (const child of children) signalGroup(child, "SIGKILL");
}

/** Ends the children first, then this process as the signal asked. */
export function endChildrenOnSignals(): void {
  const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (ending) return;
      process.stderr.write(`\n${signal}: ending the tests that run …\n`);
      endAll().finally(() => process.exit(exitCodes[signal]));
    });
  }
}

/**
 * Runs a program in a process group of its own and waits for its end. Never rejects on a bad exit; once this process
 * ends, never settles, so that no caller goes on to a next step.
 */
export function run(program: string, programArguments: readonly string[], options: RunOptions): Promise<Ending> {
  if (ending) return new Promise(() => {});
  return new Promise((done, fail) => {
    const child = spawn(program, programArguments, {
      detached: true,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
      stdio: ["ignore", options.show ? "inherit" : "pipe", options.show ? "inherit" : "pipe"],
    });
    live.add(child);
    const startMs = performance.now();
    let output = "";
    let stopped: string | undefined;
    const keep = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    const stop = (reason: string) => {
      stopped = reason;
      signalGroup(child, "SIGTERM");
      setTimeout(() => signalGroup(child, "SIGKILL"), 5_000).unref();
    };
    const watch = setInterval(() => {
      if (stopped !== undefined) return;
      if (performance.now() - startMs > options.limitMs)
        stop(`it ran longer than ${Math.round(options.limitMs / 1000)} s`);
      const reason = options.stopWhen?.();
      if (reason !== undefined) stop(reason);
    }, 1_000);
    const settle = () => {
      live.delete(child);
      clearInterval(watch);
    };
    child.on("error", (error) => {
      settle();
      fail(error);
    });
    child.on("exit", (code, signal) => {
      // Whatever the process left running in its group would hold the pipes open and the cores busy.
      signalGroup(child, "SIGTERM");
      const finish = () => {
        settle();
        if (!ending) done({ code, signal, output, stopped });
      };
      const late = setTimeout(() => {
        signalGroup(child, "SIGKILL");
        finish();
      }, 5_000);
      child.on("close", () => {
        clearTimeout(late);
        finish();
      });
    });
  });
}
