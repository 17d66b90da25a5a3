import { formatDecimal, parseDecimal } from "../../protocol/decimal.ts";

interface Fill {
  readonly market: string;
  readonly side: "buy" | "sell";
  readonly size: string;
  readonly atMs: number;
}

interface Payment {
  readonly market: string;
  readonly amount: string;
  readonly atMs: number;
}

export interface FundingSum {
  /** USD, exact: received, or paid when negative. */
  readonly amount: string;
  /** false: the position is older than the rows that were looked at, and so may be a part of its funding. */
  readonly isWhole: boolean;
}

/** More places than any size or amount has. */
const PLACES = 18;

/**
 * What funding has paid to a position since it was opened, or last changed its side. Rows are newest first.
 * @param size of the position now, signed
 */
export function fundingSinceOpened(
  market: string,
  size: string,
  fills: readonly Fill[],
  payments: readonly Payment[],
): FundingSum {
  let held = parseDecimal(size, PLACES, "the size");
  const isLong = held > 0n;
  let openedMs: number | null = null;
  for (const fill of fills) {
    if (fill.market !== market) continue;
    const change = parseDecimal(fill.size, PLACES, "the size");
    held -= fill.side === "buy" ? change : -change;
    if (isLong ? held <= 0n : held >= 0n) {
      openedMs = fill.atMs;
      break;
    }
  }
  let sum = 0n;
  for (const payment of payments) {
    if (payment.market !== market || (openedMs !== null && payment.atMs <= openedMs)) continue;
    sum += parseDecimal(payment.amount, PLACES, "the amount");
  }
  return { amount: formatDecimal(sum, PLACES), isWhole: openedMs !== null };
}
