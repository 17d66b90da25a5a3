import { INSURANCE_ACCOUNT } from "../protocol/spec.ts";

/** An account's positive equity. */
export interface EscapeClaim {
  readonly account: number;
  readonly equityMicroUsd: bigint;
}

/** Who files when, in the order in which it happens. */
export interface EscapeFilings {
  readonly poolMicroUsd: bigint;
  /** Within the claim window, in any order. */
  readonly inTime: readonly EscapeClaim[];
  /** After it, in their order. */
  readonly late?: readonly EscapeClaim[];
}

export interface EscapePayouts {
  /** Σ of what was filed in time, the insurance fund's left out. */
  readonly filedMicroUsd: bigint;
  /** Micro-USD by account. */
  readonly paidMicroUsd: ReadonlyMap<number, bigint>;
  /** What stays in the pool for good: rounding, fees that were not collected, equities that nobody filed. */
  readonly leftMicroUsd: bigint;
}

/** min(1, pool / filed) of an equity, rounded down. */
export function shareMicroUsdFloor(equityMicroUsd: bigint, poolMicroUsd: bigint, filedMicroUsd: bigint): bigint {
  return filedMicroUsd <= poolMicroUsd ? equityMicroUsd : (equityMicroUsd * poolMicroUsd) / filedMicroUsd;
}

/**
 * What the escape pays whom: claims in time share the pool, late ones take at most the same share of what is left, and the insurance
 * fund, whenever it is filed, is last. An account that is filed twice counts once.
 */
export function escapePayouts({ poolMicroUsd, inTime, late = [] }: EscapeFilings): EscapePayouts {
  const once = new Set<number>();
  const isNew = ({ account, equityMicroUsd }: EscapeClaim) => {
    if (equityMicroUsd <= 0n || once.has(account)) return false;
    once.add(account);
    return true;
  };
  const [shared, later] = [inTime.filter(isNew), late.filter(isNew)];
  const isFund = ({ account }: EscapeClaim) => account === INSURANCE_ACCOUNT;
  const fund = [...shared, ...later].find(isFund);
  const sharing = shared.filter((claim) => !isFund(claim));
  const filedMicroUsd = sharing.reduce((sum, { equityMicroUsd }) => sum + equityMicroUsd, 0n);
  const share = (equity: bigint) => shareMicroUsdFloor(equity, poolMicroUsd, filedMicroUsd);
  const paidMicroUsd = new Map(sharing.map(({ account, equityMicroUsd }) => [account, share(equityMicroUsd)]));
  // Rounding of the shares is nobody's: what is left begins behind the sum of the claims.
  let left = filedMicroUsd < poolMicroUsd ? poolMicroUsd - filedMicroUsd : 0n;
  const payOfTheRest = (account: number, most: bigint) => {
    const amount = most < left ? most : left;
    left -= amount;
    paidMicroUsd.set(account, amount);
  };
  for (const claim of later) if (!isFund(claim)) payOfTheRest(claim.account, share(claim.equityMicroUsd));
  if (fund !== undefined) payOfTheRest(fund.account, fund.equityMicroUsd);
  const paid = [...paidMicroUsd.values()].reduce((sum, amount) => sum + amount, 0n);
  return { filedMicroUsd, paidMicroUsd, leftMicroUsd: poolMicroUsd - paid };
}
