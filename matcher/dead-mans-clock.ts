import { HostClock, type HostClockOptions } from "./host-clock.ts";

/** Fires dead-man's switches whose time has come. One that came due while the exchange was down fires at the first look. */
export class DeadMansClock extends HostClock {
  constructor(options: HostClockOptions) {
    super(options, 100, "no dead-man's switch");
  }

  protected override giveDue(nowMs: number): void {
    for (const account of this.sequencer.state.deadMansSwitches.due(nowMs)) {
      this.sequencer.apply({ type: "cancelAllApi", account, market: null });
    }
  }
}
