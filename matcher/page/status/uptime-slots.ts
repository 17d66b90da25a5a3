const DAY_MS = 86_400_000;

interface Downtime {
  readonly fromMs: number;
  readonly toMs: number | null;
}

/** The time since the beginning, at most a day, in equal parts: for each, which share of it the sequencer was down. */
export function uptimeSlots(
  sinceMs: number,
  downtimes: readonly Downtime[],
  nowMs: number,
  count: number,
): { slots: number[]; fromMs: number } {
  const fromMs = Math.max(sinceMs, nowMs - DAY_MS);
  const width = Math.max(1, (nowMs - fromMs) / count);
  const slots = Array.from({ length: count }, (_, at) => {
    const start = fromMs + at * width;
    const end = start + width;
    const down = downtimes.reduce((sum, { fromMs: from, toMs }) => {
      return sum + Math.max(0, Math.min(end, toMs ?? nowMs) - Math.max(start, from));
    }, 0);
    return Math.min(1, down / width);
  });
  return { slots, fromMs };
}
