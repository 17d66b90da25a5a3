import { setTimeout as pause } from "node:timers/promises";
import { STREAM_CLOSES } from "../../matcher/protocol/stream-channels.ts";
import { loopbackAddress, RawStream } from "./raw-stream.ts";
import type { Scenario } from "./scenario.ts";

const READERS = 200;
const PER_ADDRESS = 50;
/** They come one after the other, not all in one moment. */
const AT_ONCE = 10;
const BETWEEN_MS = 150;
/** How often each of them asks for more that it will not read. */
const ASK_MS = 500;
const CHANNELS = ["trades", "ticker", "funding"];
const MARKETS = ["BTC-USD", "ETH-USD", "SOL-USD"];
/** What the exchange may hold for one of them, in all. */
const MIB_MAX = 2;

/** Readers that subscribe to everything and ask for whole books again and again, and never read a byte of it. */
export const slowReaders: Scenario = {
  name: "slow readers",
  async run({ url, server }, signal) {
    const before = await server.usage();
    const readers: RawStream[] = [];
    while (readers.length < READERS && !signal.aborted) {
      const from = loopbackAddress(300 + Math.floor(readers.length / PER_ADDRESS));
      const some = Array.from({ length: AT_ONCE }, () => new RawStream(url, from));
      await Promise.all(some.map(({ entered }) => entered));
      for (const reader of some) {
        reader.socket.pause();
        for (const market of MARKETS)
          for (const channel of CHANNELS) reader.say({ type: "subscribe", channel, market });
      }
      readers.push(...some);
      await pause(BETWEEN_MS);
    }
    let asked = 0;
    const asking = setInterval(() => {
      for (const [i, reader] of readers.entries()) {
        if (!reader.socket.writable) continue;
        const topic = { channel: "orderbook", market: MARKETS[(asked + i) % MARKETS.length] };
        reader.say({ type: "subscribe", ...topic });
        reader.say({ type: "unsubscribe", ...topic });
      }
      asked += 1;
    }, ASK_MS);
    let peakBytes = 0;
    while (!signal.aborted) {
      peakBytes = Math.max(peakBytes, (await server.usage()).rssBytes);
      await pause(500);
    }
    clearInterval(asking);
    // Those that read now find out why they were let go.
    for (const { socket } of readers) socket.resume();
    const patience = pause(5_000);
    let codes: (number | null)[] = [];
    const all = Promise.all(readers.map(({ ended }) => ended)).then((found) => {
      codes = found;
    });
    await Promise.race([all, patience]);
    for (const { socket } of readers) socket.destroy();
    const slow = codes.filter((code) => code === STREAM_CLOSES.slowReader || code === STREAM_CLOSES.tooManyMessages);
    const mib = Math.max(0, peakBytes - before.rssBytes) / 2 ** 20 / READERS;
    const faults = mib > MIB_MAX ? [`${mib.toFixed(1)} MiB a reader, at most ${MIB_MAX}`] : [];
    const sent = `${READERS} readers of everything that read nothing, and ask ${asked} times for more; ${slow.length} were let go`;
    return { sent, faults };
  },
};
