/** How fast epochs may follow each other. */
export interface EpochCadence {
  /** Never faster than this, milliseconds. */
  readonly leastMs: number;
  /** With nothing to prove, an epoch is only opened this often: each costs a proof, even an empty one. Milliseconds. */
  readonly idleMs: number;
  /** Epochs that may be open beyond the last one that has a settled batch. */
  readonly aheadMax: number;
  /** Without a usable price round for this long, epochs go on without one, so that markets become restricted. Milliseconds. */
  readonly silentMs: number;
  /** A price further than this from the epoch's calls for the next epoch at once, parts per million. */
  readonly moveBoundPpm: number;
}

/** What the exchange has to do at this moment. */
export interface EpochLoad {
  /** How long the last proofs took, milliseconds; 0 before the first. */
  readonly proofMs: number;
  readonly provers: number;
  /** Epoch of the newest settled batch; 0 before the first. */
  readonly settledEpoch: number;
  /** Whether anything was done since the last epoch that a batch must carry. */
  readonly busy: boolean;
}

const PPM = 1_000_000;

/** Whether a market's price is further than the bound from the one before; without either it cannot be told. */
export function pricesMoved(
  beforeTicks: readonly number[],
  nowTicks: readonly number[],
  { moveBoundPpm }: EpochCadence,
): boolean {
  // 2^32 · 10^6 is below 2^53.
  return nowTicks.some((now, market) => {
    const before = beforeTicks[market] ?? 0;
    return before > 0 && now > 0 && Math.abs(now - before) * PPM > moveBoundPpm * before;
  });
}

/**
 * Why no epoch should be opened now, or undefined. Every epoch needs at least one batch, so epochs that come faster than
 * proofs would pile up without end: the backlog, not the clock, decides.
 *
 * @param openedNumber newest epoch on L1; 0 before the first.
 * @param sinceMs milliseconds since it was opened.
 * @param moved whether prices have moved so far that only the least time counts: what is at risk grows with every second.
 */
export function whyNoEpoch(
  { leastMs, idleMs, aheadMax }: EpochCadence,
  { proofMs, provers, settledEpoch, busy }: EpochLoad,
  openedNumber: number,
  sinceMs: number,
  moved = false,
): string | undefined {
  if (openedNumber === 0) return undefined;
  if (openedNumber - settledEpoch >= aheadMax) return `epoch ${settledEpoch + 1} to have a settled batch`;
  const pacedMs = moved ? leastMs : Math.max(leastMs, (1.25 * proofMs) / provers, busy ? 0 : idleMs);
  return sinceMs < pacedMs ? `${Math.ceil((pacedMs - sinceMs) / 1000)} s more` : undefined;
}
