import type { Scenario } from "./scenario.ts";

const JUMPS_MS = [600_000, -600_000, 0];
const PAUSE_MS = 1_500;

/** The exchange's clock jumps ten minutes ahead, then ten back, then right again: nothing may be refused or stall for it. */
export const clockJump: Scenario = {
  name: "clock ±10 min",
  async run({ server, url }) {
    const faults: string[] = [];
    for (const aheadMs of JUMPS_MS) {
      server.tell({ type: "clock", aheadMs });
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      const status = (await (await fetch(`${url}/v1/status`)).json()) as { status: string };
      if (status.status !== "trading")
        faults.push(`the status is ${status.status} after a jump of ${aheadMs / 1_000} s`);
    }
    return { sent: JUMPS_MS.map((ms) => `${ms / 1_000} s`).join(", "), faults };
  },
};
