/** What the pipeline is doing with one circuit. `fraction` is absent where nothing tells how much is left. */
export type CircuitProgress = {
  readonly circuit: string;
  readonly phase: "compile" | "dev-key" | "ready";
  readonly elapsedMs: number;
  readonly fraction?: number;
  /** Set on the last event of a phase: whether the cache already had the result. */
  readonly done?: "built" | "cached";
};

export type ProgressListener = (progress: CircuitProgress) => void;

const PLAIN_INTERVAL_MS = 5000;

/** Shows progress on a terminal as one line that changes, elsewhere as one line every few seconds. */
export function consoleProgress(stream: NodeJS.WriteStream = process.stderr): ProgressListener {
  let lastMs = 0;
  let phase = "";
  return (progress) => {
    const { circuit, elapsedMs, fraction, done } = progress;
    if (progress.phase === "ready") return;
    const label = progress.phase === "compile" ? "compiling" : "insecure development key";
    const percent = fraction === undefined || done ? "" : ` ${Math.floor(fraction * 100)} %`;
    const state =
      done === "cached" ? "cached" : done ? `done, ${seconds(elapsedMs)}` : `${seconds(elapsedMs)}${percent}`;
    const line = `circuit ${circuit}: ${label} … ${state}`;
    if (stream.isTTY) {
      stream.write(`\r\x1b[K${line}${done ? "\n" : ""}`);
      return;
    }
    const key = `${circuit}/${progress.phase}`;
    if (!done && key === phase && performance.now() - lastMs < PLAIN_INTERVAL_MS) return;
    if (!done && key !== phase && elapsedMs < 500) return;
    phase = key;
    lastMs = performance.now();
    stream.write(`${line}\n`);
  };
}

function seconds(elapsedMs: number): string {
  return `${(elapsedMs / 1000).toFixed(1)} s`;
}
