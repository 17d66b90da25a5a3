import type { WireUptime } from "../../protocol/api-wire.ts";
import { percent } from "../show/decimal-text.ts";
import { span, when } from "../show/time-text.ts";
import { Panel } from "./status-view.tsx";
import { uptimeSlots } from "./uptime-slots.ts";

const SLOTS = 48;
const SHOWN = 6;

/** When the sequencer worked: a bar for each part of the time since it began, at most a day. */
export function UptimePanel({ uptime, nowMs }: { uptime: WireUptime | null; nowMs: number }) {
  if (uptime === null || uptime.sinceMs === null) {
    return (
      <Panel title="Sequencer uptime" wide>
        <p class="soft">Nothing is known yet.</p>
      </Panel>
    );
  }
  const { sinceMs, downMs, downtimes } = uptime;
  const all = Math.max(1, nowMs - sinceMs);
  const { slots, fromMs } = uptimeSlots(sinceMs, downtimes, nowMs, SLOTS);
  const up = Math.max(0, 1 - downMs / all);
  return (
    <Panel title="Sequencer uptime" wide>
      <p>
        <b>{percent(up.toFixed(6))}</b>{" "}
        <span class="soft">
          of the {span(all)} since the first command; a silence of more than {span(uptime.silenceMs)} counts as down.
        </span>
      </p>
      <div
        class="uptime"
        role="img"
        aria-label={`Up ${percent(up.toFixed(6))} of the time, ${downtimes.length} downtimes`}
      >
        {slots.map((down, at) => (
          <i
            key={at}
            class={down === 0 ? "" : down < 0.5 ? "partly" : "down"}
            title={when(fromMs + (at * (nowMs - fromMs)) / SLOTS, nowMs)}
          />
        ))}
      </div>
      {downtimes.length === 0 ? (
        <p class="soft">No downtime.</p>
      ) : (
        <ul class="downtimes">
          {downtimes
            .toReversed()
            .slice(0, SHOWN)
            .map(({ fromMs: from, toMs }) => (
              <li key={from}>
                {when(from, nowMs)} <span class="soft">for</span> {span((toMs ?? nowMs) - from)}
                {toMs === null && <em class="tag tag-warn">now</em>}
              </li>
            ))}
        </ul>
      )}
    </Panel>
  );
}
