import { HostClock, type HostClockOptions } from "./host-clock.ts";

/**
 * Does what is due of conditional orders: parts of TWAPs, cancels at a time, and triggered orders that a command's bound left for later. What
 * was due while the exchange was down is done at the first look. While provers are too far behind for orders that trade, it cancels and lets
 * nothing in.
 */
export class ConditionalClock extends HostClock {
  constructor(options: HostClockOptions) {
    super(options, 100, "no sweep of conditional orders");
  }

  protected override giveDue(nowMs: number): void {
    const { state, backlog } = this.sequencer;
    if (state.conditionals.isDue(nowMs, backlog.isFull)) this.sequencer.apply({ type: "conditionalSweep" });
  }
}
