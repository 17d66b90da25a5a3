import { HostClock, type HostClockOptions } from "./host-clock.ts";

/**
 * Every epoch liquidates whoever is at risk by itself. This gives another try within the epoch while somebody is left, because bids have
 * come since.
 */
export class LiquidationClock extends HostClock {
  constructor(options: HostClockOptions) {
    super(options, 1_000, "no liquidation sweep");
  }

  protected override giveDue(): void {
    const { liquidator } = this.sequencer.state;
    if (liquidator.atRisk().length > 0) this.sequencer.apply({ type: "liquidationSweep" });
  }
}
