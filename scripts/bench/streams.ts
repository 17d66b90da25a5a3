/**
 * What streams cost, over loopback: memory of idle connections, and CPU time of telling many readers a book that changes all the time.
 *
 *   node scripts/bench/streams.ts [connections] [readers]
 *
 * The exchange runs in a process of its own, whose memory and CPU time are what is shown.
 */
import { fork } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createApi } from "../../matcher/api/server.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import type { OrderMessage } from "../../matcher/protocol/message.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { loopbackAddress, RawStream } from "../load/raw-stream.ts";
import { BENCH_CHAIN_ID, BENCH_DOMAIN, BENCH_EXCHANGE, openedExchange } from "./full-path/opened-exchange.ts";

const PER_ADDRESS = 100;
const ORDERS_PER_SECOND = 1_000;
const FAN_OUT_SECONDS = 5;
const IDLE_SECONDS = 10;

interface Usage {
  rssBytes: number;
  heapBytes: number;
  cpuMs: number;
}

if (process.argv[2] === "server") await serve();
else await measure(Number(process.argv[2] ?? "10000"), Number(process.argv[3] ?? "500"));

/** Places an order, or takes one out, a thousand times a second while it is told to. */
async function serve(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { state, opening } = openedExchange(4);
  const verifier = { verify: async () => ({ signed: true, messageHash: 0n }), close: async () => {} };
  const sequencer = new Sequencer({ state, verifier });
  const app = createApi({
    sequencer,
    chainId: BENCH_CHAIN_ID,
    exchange: BENCH_EXCHANGE,
    domain: BENCH_DOMAIN,
    markets: DEVNET_MARKETS.map(({ market }) => market),
    onDefect: (error) => console.error(error),
  });
  for (const command of opening) sequencer.apply(command);
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  let sequence = 64;
  const step = () => {
    sequence += 64;
    const message: OrderMessage = {
      kind: "order",
      account: 1,
      market: 0,
      side: "buy",
      keepFilled: false,
      reduceOnly: false,
      postOnly: true,
      timeInForce: "GTT",
      selfTrade: "expire-maker",
      slot: (sequence / 64) % 100,
      sequence,
      expirySeconds: state.epochTimeSeconds + 600,
      maxFeePpm: 1_000,
      limitPriceTicks: 640_000 + (sequence % 5_000),
      quantityLots: 1_000,
    };
    sequencer.submit({ ...message, signature: { r8x: 0n, r8y: 1n, s: 0n } }).then(({ outcome }) => {
      if (!outcome.accepted) throw new Error(`the benchmark's order was refused: ${outcome.code}`);
    });
  };
  let trading: NodeJS.Timeout | null = null;
  process.on("message", (told: string) => {
    if (told === "trade") {
      let placed = 0;
      const began = performance.now();
      trading = setInterval(() => {
        const due = ((performance.now() - began) / 1_000) * ORDERS_PER_SECOND;
        for (; placed < due; placed++) step();
      }, 1);
    } else if (told === "rest") clearInterval(trading ?? undefined);
    else {
      collect();
      const { user, system } = process.cpuUsage();
      const { rss, heapUsed, external } = process.memoryUsage();
      process.send?.({ rssBytes: rss, heapBytes: heapUsed + external, cpuMs: (user + system) / 1_000 } satisfies Usage);
    }
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.({ url });
}

async function measure(connections: number, readers: number): Promise<void> {
  const child = fork(import.meta.filename, ["server"], { execArgv: ["--disable-warning=ExperimentalWarning"] });
  const next = <T>() => new Promise<T>((resolve) => child.once("message", (told) => resolve(told as T)));
  const { url } = await next<{ url: string }>();
  const usage = () => {
    const answer = next<Usage>();
    child.send("usage");
    return answer;
  };
  const open = async (count: number, first: number): Promise<RawStream[]> => {
    const streams: RawStream[] = [];
    while (streams.length < count) {
      const some = Array.from({ length: Math.min(PER_ADDRESS, count - streams.length) }, () => {
        return new RawStream(url, loopbackAddress(first + streams.length / PER_ADDRESS));
      });
      const entered = await Promise.all(some.map((stream) => stream.entered));
      if (entered.includes(false)) throw new Error("the exchange did not let everybody in");
      streams.push(...some);
    }
    return streams;
  };
  // Once, so that what is compiled and cached is there.
  for (const { socket } of await open(200, 400)) socket.destroy();
  await pause(500);

  const before = await usage();
  const idle = await open(connections, 0);
  await pause(1_000);
  const after = await usage();
  const kib = (name: "rssBytes" | "heapBytes") => ((after[name] - before[name]) / 1_024 / connections).toFixed(1);
  await pause(IDLE_SECONDS * 1_000);
  const rested = await usage();
  const idleShare = ((rested.cpuMs - after.cpuMs) / IDLE_SECONDS / 10).toFixed(2);
  console.log(`${connections} idle connections`);
  console.log(`  ${kib("rssBytes")} KiB resident and ${kib("heapBytes")} KiB of heap and buffers each`);
  console.log(
    `  ${idleShare} % of a core, pings included; ${Math.round(rested.rssBytes / 2 ** 20)} MiB resident in all`,
  );
  for (const { socket } of idle) socket.destroy();
  await pause(500);

  const trade = async () => {
    const start = await usage();
    child.send("trade");
    await pause(FAN_OUT_SECONDS * 1_000);
    child.send("rest");
    return (await usage()).cpuMs - start.cpuMs;
  };
  // Once to be warm.
  await trade();
  const alone = await trade();
  const reading = await open(readers, 0);
  for (const reader of reading) reader.say({ type: "subscribe", channel: "orderbook", market: "BTC-USD" });
  await pause(500);
  const bytesBefore = reading.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  const told = await trade();
  await pause(300);
  const mib = (reading.reduce((sum, { bytesRead }) => sum + bytesRead, 0) - bytesBefore) / 2 ** 20;
  console.log(`${ORDERS_PER_SECOND} orders a second for ${FAN_OUT_SECONDS} s, a book read by ${readers}`);
  console.log(
    `  ${Math.round(alone)} ms of CPU with no reader, ${Math.round(told)} ms with ${readers}; ${mib.toFixed(0)} MiB were told`,
  );
  for (const { socket } of reading) socket.destroy();
  child.disconnect();
}
