import { PPM } from "../protocol/spec.ts";
import { checkFeeSchedule, type FeeSchedule, feeTier } from "../risk/fees.ts";

/** What an account is charged now, parts per million of the quote. A negative maker rate is a rebate. */
export interface FeeRates {
  makerPpm: number;
  takerPpm: number;
}

/** Which account is in which fee tier. Part of the exchange's state: it changes by commands only. */
export class FeeTiers {
  readonly schedule: FeeSchedule;
  private readonly tiers = new Map<number, number>();

  /** @throws RangeError for a schedule under which a pair of tiers would trade at a loss to the exchange */
  constructor(schedule: FeeSchedule) {
    checkFeeSchedule(schedule, PPM);
    this.schedule = schedule;
  }

  tierOf(account: number): number {
    return this.tiers.get(account) ?? 0;
  }

  /** @throws RangeError for a tier that the schedule does not have */
  set(account: number, tier: number): void {
    feeTier(this.schedule, tier);
    if (tier === 0) this.tiers.delete(account);
    else this.tiers.set(account, tier);
  }

  /** @param rebateCapPpm the epoch's: a larger rebate could not be proven, so it is cut to the cap */
  rates(account: number, rebateCapPpm: number): FeeRates {
    const { makerPpm, takerPpm } = feeTier(this.schedule, this.tierOf(account));
    return { makerPpm: Math.max(makerPpm, -rebateCapPpm), takerPpm: Math.max(takerPpm, -rebateCapPpm) };
  }

  /** Ascending by account: equal states give equal lists. */
  entries(): [account: number, tier: number][] {
    return [...this.tiers].sort(([a], [b]) => a - b);
  }
}
