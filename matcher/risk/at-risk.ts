import { MARKETS } from "../protocol/spec.ts";
import type { EpochTerms, MarketTerms } from "./epoch-terms.ts";
import type { Margin, Position } from "./margin.ts";

/** An account as it was last written: collateral with funding settled to the indices that stand beside it. */
export interface WrittenAccount extends Position {
  readonly fundingIndexPicoUsd: readonly bigint[];
}

/** What a lot adds to an account's value, funding since index 0 taken off, and to what it must hold. */
interface Lot {
  valuePicoUsd: bigint;
  maintenancePicoUsd: bigint;
}

/** A row of the mirror: K = collateral + Σ size · index, then the sizes. */
const ROW = 1 + MARKETS;
const FIRST_ACCOUNTS = 1_024;

/** 16 roundings of half a unit in the last place, 2^−53 each. */
const ERROR_SHARE = 2 ** -49;

/**
 * Finds every account whose value is below its maintenance margin at an epoch's prices, exactly, without a product of big integers for
 * those that are far from it.
 *
 * TV − TR_m = K + Σ (size · v − |size| · m), v the value of a lot without its funding index, m its maintenance: of an account it takes
 * only what its last writing left, so that a new epoch changes v and m and nothing else. K, sizes, v and m are kept as doubles; the sum
 * is trusted where it is further from zero than its error can be.
 *
 * The bound: let u = 2^−53 and A = |K| + Σ (|size · v| + |size| · m). Sizes (40 bits) and m (52 bits) are exact. On its way into the sum
 * every term is rounded at most 11 times, each time by a factor within 1 ± u: K or v as it becomes a double, its product, the
 * difference of the two products, eight additions. So |computed − exact| ≤ γ·A with γ = 11u / (1 − 11u). A is computed from the same
 * products by as many additions, all of one sign, so that computed A ≥ (1 − γ)·A. As 16u·(1 − γ) > γ, the error is below
 * 16u · computed A = 2^−49 · computed A, and a product with a power of two is exact. All terms are integers below 2^112: nothing
 * overflows, nothing is small enough to lose bits at the lower end of the doubles.
 */
export class AtRiskSearch {
  private readonly accountOf: (account: number) => WrittenAccount | undefined;
  private rows = new Float64Array(FIRST_ACCOUNTS * ROW);
  private stale = new Uint8Array(FIRST_ACCOUNTS);
  private readonly written: number[] = [];
  /** One beyond the highest account seen. */
  private end = 0;
  private rechecked = 0;

  /** @param accountOf the account as it stands, or undefined when there is none */
  constructor(accountOf: (account: number) => WrittenAccount | undefined) {
    this.accountOf = accountOf;
  }

  /** Accounts that the last search had to look at with exact integers. */
  get recheckedCount(): number {
    return this.rechecked;
  }

  /** Tells that an account may have changed since the last search. Funding and prices of a new epoch change no account. */
  noteWritten(account: number): void {
    if (account >= this.stale.length) this.grow(account);
    if (this.stale[account] === 1) return;
    this.stale[account] = 1;
    this.written.push(account);
    if (account >= this.end) this.end = account + 1;
  }

  /** Accounts with TV < TR_m, ascending. */
  find(terms: EpochTerms): number[] {
    this.refresh();
    const lots = terms.markets.map((market, index) => lotOf(market, terms.fundingIndexPicoUsd[index] ?? 0n));
    const values = Float64Array.from(lots, (lot) => Number(lot.valuePicoUsd));
    const maintenances = Float64Array.from(lots, (lot) => Number(lot.maintenancePicoUsd));
    const { rows, end } = this;
    const found: number[] = [];
    this.rechecked = 0;
    for (let account = 0, at = 0; account < end; account++) {
      let sum = rows[at++] as number;
      let magnitude = Math.abs(sum);
      for (let market = 0; market < MARKETS; market++) {
        const size = rows[at++] as number;
        const value = size * (values[market] as number);
        const maintenance = Math.abs(size) * (maintenances[market] as number);
        sum += value - maintenance;
        magnitude += Math.abs(value) + maintenance;
      }
      const errorBound = magnitude * ERROR_SHARE;
      if (sum >= errorBound) continue;
      if (sum < -errorBound || this.isBelow(account, lots)) found.push(account);
    }
    return found;
  }

  private isBelow(account: number, lots: readonly Lot[]): boolean {
    this.rechecked += 1;
    const written = this.accountOf(account);
    if (written === undefined) return false;
    let excessPicoUsd = indexedCollateralPicoUsd(written);
    for (let market = 0; market < MARKETS; market++) {
      const size = written.sizesLots[market] as bigint;
      if (size === 0n) continue;
      const { valuePicoUsd, maintenancePicoUsd } = lots[market] as Lot;
      excessPicoUsd += size * valuePicoUsd - (size < 0n ? -size : size) * maintenancePicoUsd;
    }
    return excessPicoUsd < 0n;
  }

  private refresh(): void {
    const { rows } = this;
    for (const account of this.written) {
      this.stale[account] = 0;
      const written = this.accountOf(account);
      let at = account * ROW;
      if (written === undefined) {
        rows.fill(0, at, at + ROW);
        continue;
      }
      rows[at++] = Number(indexedCollateralPicoUsd(written));
      for (let market = 0; market < MARKETS; market++) rows[at++] = Number(written.sizesLots[market]);
    }
    this.written.length = 0;
  }

  private grow(account: number): void {
    let length = this.stale.length;
    while (length <= account) length *= 2;
    const rows = new Float64Array(length * ROW);
    const stale = new Uint8Array(length);
    rows.set(this.rows);
    stale.set(this.stale);
    this.rows = rows;
    this.stale = stale;
  }
}

/**
 * Which of two accounts is liquidated first: the lower TV / TR_m, cross-multiplied. Nothing required and a negative value comes before
 * everything. Bits: 109 + 95.
 */
export function compareMaintenanceRatio(a: Margin, b: Margin): number {
  const difference = a.valuePicoUsd * b.maintenancePicoUsd - b.valuePicoUsd * a.maintenancePicoUsd;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** A position in a retired market asks for no margin: it is settled before anything is judged (docs/protocol.md §5). */
function lotOf({ lotValuePicoUsd, lotMaintenancePicoUsd, retired }: MarketTerms, indexPicoUsd: bigint): Lot {
  return { valuePicoUsd: lotValuePicoUsd - indexPicoUsd, maintenancePicoUsd: retired ? 0n : lotMaintenancePicoUsd };
}

/** K: collateral from which funding, whenever it is settled, takes size · index (docs/protocol.md §2). */
function indexedCollateralPicoUsd({ collateralPicoUsd, sizesLots, fundingIndexPicoUsd }: WrittenAccount): bigint {
  let sum = collateralPicoUsd;
  for (let market = 0; market < MARKETS; market++) {
    const size = sizesLots[market] as bigint;
    if (size !== 0n) sum += size * (fundingIndexPicoUsd[market] as bigint);
  }
  return sum;
}
