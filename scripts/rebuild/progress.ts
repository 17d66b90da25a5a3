const PLAIN_INTERVAL_MS = 5_000;
const LIVE_INTERVAL_MS = 100;
const CELLS = 24;

export interface RebuildBar {
  batch(batchNumber: number, block: number): void;
  block(block: number): void;
  end(): void;
}

/** Shows how far a rebuild is: on a terminal a bar that changes, elsewhere a line every few seconds. */
export function rebuildProgress(from: number, to: number, stream: NodeJS.WriteStream = process.stderr): RebuildBar {
  const startMs = performance.now();
  let [at, batches, toldMs] = [from, 0, performance.now()];
  const tell = (isLast: boolean): void => {
    const nowMs = performance.now();
    if (!isLast && nowMs - toldMs < (stream.isTTY ? LIVE_INTERVAL_MS : PLAIN_INTERVAL_MS)) return;
    toldMs = nowMs;
    const share = to > from ? (at - from) / (to - from) : 1;
    const full = Math.round(share * CELLS);
    const bar = `${"█".repeat(full)}${"░".repeat(CELLS - full)} ${Math.floor(share * 100)} %`;
    const line = `rebuilding ${bar} · block ${at} of ${to} · batch ${batches} · ${((nowMs - startMs) / 1000).toFixed(1)} s`;
    stream.write(stream.isTTY ? `\r\x1b[K${line}${isLast ? "\n" : ""}` : `${line}\n`);
  };
  return {
    batch: (batchNumber, block) => {
      [batches, at] = [batchNumber, block];
      tell(false);
    },
    block: (block) => {
      at = block;
      tell(false);
    },
    end: () => {
      at = to;
      tell(true);
    },
  };
}
