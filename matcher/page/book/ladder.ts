import type { LocalBook } from "../../sdk/local-book.ts";

/** One row of the book as it is shown: perhaps several levels. */
export interface LadderRow {
  readonly priceTicks: number;
  readonly quantityLots: number;
  /** With everything that is better. */
  readonly totalLots: number;
}

/** Both sides, best first. */
export interface BookLadder {
  readonly bids: readonly LadderRow[];
  readonly asks: readonly LadderRow[];
  /** The largest total that is shown: what bars are measured by. */
  readonly totalMaxLots: number;
  readonly spreadTicks: number | null;
  readonly middleTicks: number | null;
}

/** Of each side; the style sheet has room for exactly these. */
export const LADDER_ROWS = 10;

interface Level {
  readonly priceTicks: number;
  readonly quantityLots: number;
}

/**
 * Rows of one side. Bids are rounded down and asks up to a multiple, so that a row never looks better than what is in it.
 * @param step ticks that a row spans
 */
export function ladderRows(levels: readonly Level[], step: number, isBid: boolean, rowsMax = LADDER_ROWS): LadderRow[] {
  const rows: { priceTicks: number; quantityLots: number; totalLots: number }[] = [];
  let totalLots = 0;
  for (const { priceTicks, quantityLots } of levels) {
    const at = isBid ? Math.floor(priceTicks / step) * step : Math.ceil(priceTicks / step) * step;
    const last = rows.at(-1);
    if (last?.priceTicks === at) {
      last.quantityLots += quantityLots;
      totalLots += quantityLots;
      last.totalLots = totalLots;
      continue;
    }
    if (rows.length === rowsMax) break;
    totalLots += quantityLots;
    rows.push({ priceTicks: at, quantityLots, totalLots });
  }
  return rows;
}

/** @param step ticks that a row spans */
export function ladderOf(book: LocalBook, step: number): BookLadder {
  // Many levels may share a row, but not so many that looking at them would take longer than a frame.
  const levelsMax = step === 1 ? LADDER_ROWS : LADDER_ROWS * 40;
  const bids = ladderRows(book.bids(levelsMax), step, true);
  const asks = ladderRows(book.asks(levelsMax), step, false);
  const { bestBid, bestAsk } = book;
  const both = bestBid !== null && bestAsk !== null;
  return {
    bids,
    asks,
    totalMaxLots: Math.max(1, bids.at(-1)?.totalLots ?? 0, asks.at(-1)?.totalLots ?? 0),
    spreadTicks: both ? bestAsk.priceTicks - bestBid.priceTicks : null,
    middleTicks: both ? (bestAsk.priceTicks + bestBid.priceTicks) / 2 : null,
  };
}
