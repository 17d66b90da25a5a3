/** Estimates for a picture: floating-point numbers are good enough, and nothing is decided by them. */

/** Closing prices a minute apart that an estimate needs. */
const CLOSES_MIN = 10;

/**
 * How far the price moves in a second, as a share, by the standard deviation of one-minute returns.
 * @returns null when too little was traded to say
 */
export function volatilityPerRootSecond(closes: readonly number[]): number | null {
  if (closes.length < CLOSES_MIN) return null;
  const returns = closes.slice(1).map((close, i) => Math.log(close / (closes[i] as number)));
  const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length;
  const variance = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (returns.length - 1);
  return Math.sqrt(variance / 60);
}

/**
 * By how much the average price of equal slices over a time may differ from the arrival price, one standard deviation, as a share: what is
 * sent at the k-th of n times has run the risk until then, and the mean of all of them σ · √(T · (2n − 1) / 6n).
 */
export function priceRiskShare(volatility: number, durationSeconds: number, slices: number): number {
  if (slices <= 1 || durationSeconds <= 0) return 0;
  return volatility * Math.sqrt((durationSeconds * (2 * slices - 1)) / (6 * slices));
}
