import { loopbackAddress, RawStream } from "./raw-stream.ts";
import type { Scenario } from "./scenario.ts";

const CONNECTIONS = 10_000;
const PER_ADDRESS = 100;
/** They come in one after the other, not all in one moment. */
const AT_ONCE = 100;
const BETWEEN_MS = 120;
/** Of the exchange's memory, a connection; what it holds when there is nothing to say. */
const KIB_MAX = 40;

/** As many readers as an exchange has, of which nobody asks anything. */
export const idleStreams: Scenario = {
  name: "idle streams",
  async run({ url, server }, signal) {
    const before = await server.usage();
    const streams: RawStream[] = [];
    let entered = 0;
    while (streams.length < CONNECTIONS && !signal.aborted) {
      const opened = Array.from({ length: AT_ONCE }, (_, i) => {
        return new RawStream(url, loopbackAddress(Math.floor((streams.length + i) / PER_ADDRESS)));
      });
      streams.push(...opened);
      const results = await Promise.all(opened.map((stream) => stream.entered));
      entered += results.filter((isIn) => isIn).length;
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    }
    const { rssBytes } = await server.usage();
    let dropped = 0;
    for (const { ended } of streams) ended.then(() => (dropped += signal.aborted ? 0 : 1));
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    for (const { socket } of streams) socket.destroy();
    const kib = (rssBytes - before.rssBytes) / 1_024 / CONNECTIONS;
    const faults = [];
    if (entered < CONNECTIONS) faults.push(`${CONNECTIONS - entered} were not let in`);
    if (dropped > 0) faults.push(`${dropped} were dropped`);
    if (kib > KIB_MAX) faults.push(`${kib.toFixed(1)} KiB a connection, at most ${KIB_MAX}`);
    return { sent: `${entered} connections that say nothing, ${kib.toFixed(1)} KiB each`, faults };
  },
};
