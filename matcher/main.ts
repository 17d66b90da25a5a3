/**
 * The matcher as a process: reads where the contracts are and the operator's key, then runs until it is told to end.
 *
 *   node matcher/main.ts --deployment <file> --keys <file> [--port <n>] [--operator-port <n>] …
 *
 * Tells its parent {type: "ready", url, operatorUrl}, {type: "accepted", …}, {type: "batch", …}, {type: "notice", …} and
 * {type: "halted", report}. With "ready" and every batch it names its provers' processes.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { readDeployment } from "./chain/deployment.ts";
import { Matcher } from "./matcher.ts";
import { DEVNET_INTEREST_8H_PPM } from "./protocol/devnet-markets.ts";
import { TIERS } from "./protocol/spec.ts";

const { values } = parseArgs({
  options: {
    deployment: { type: "string", default: "build/devnet/deployment.json" },
    keys: { type: "string", default: "build/devnet/keys.json" },
    circuits: { type: "string", default: "build/circuits" },
    tiers: { type: "string", default: "small,large" },
    journal: { type: "string" },
    history: { type: "string" },
    port: { type: "string", default: "0" },
    "operator-port": { type: "string", default: "0" },
    confirmations: { type: "string", default: "2" },
    provers: { type: "string", default: "1" },
    "prover-threads": { type: "string", default: String(availableParallelism()) },
    "cut-after-ms": { type: "string", default: "2000" },
    "grow-from-queued": { type: "string", default: "4" },
    "epoch-ms": { type: "string", default: "15000" },
    "idle-epoch-ms": { type: "string", default: "60000" },
    "silent-ms": { type: "string", default: "30000" },
    "move-bound-ppm": { type: "string", default: "5000" },
    "unproven-rows": { type: "string", default: "120" },
    "interest-ppm": { type: "string", default: String(DEVNET_INTEREST_8H_PPM) },
  },
});

function count(name: keyof typeof values, least: number): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new Error(`--${name} needs a whole number from ${least}, not "${values[name]}".`);
}

function keyOf(role: "operator" | "receipts", path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new Error(`The key file ${path} is missing: deploy first, or name yours with --keys.`);
  }
  try {
    const key = (JSON.parse(text) as Record<string, unknown>)[role];
    if (typeof key === "string" && /^0x[0-9a-fA-F]{64}$/.test(key)) return key;
  } catch {
    // A file that is no JSON has no key either.
  }
  throw new Error(`The key file ${path} has no usable "${role}" key: deploy again, or name yours with --keys.`);
}

function tell(message: { type: string } & Record<string, unknown>): void {
  if (process.connected) process.send?.(message);
}

function tiersNamed(list: string) {
  return list.split(",").map((name) => {
    const tier = TIERS.find((candidate) => candidate.name === name);
    if (tier === undefined) throw new Error(`There is no tier "${name}".`);
    return tier;
  });
}

let running: Matcher | undefined;

async function run(): Promise<void> {
  const matcher = await Matcher.start({
    deployment: readDeployment(values.deployment),
    operatorKey: keyOf("operator", values.keys),
    receiptsKey: keyOf("receipts", values.keys),
    circuitsDir: values.circuits,
    tiers: tiersNamed(values.tiers),
    port: count("port", 0),
    operatorPort: count("operator-port", 0),
    confirmations: count("confirmations", 0),
    provers: count("provers", 1),
    proverThreads: count("prover-threads", 1),
    cutAfterMs: count("cut-after-ms", 0),
    growFromQueued: count("grow-from-queued", 0),
    cadence: {
      leastMs: count("epoch-ms", 1),
      idleMs: count("idle-epoch-ms", 1),
      aheadMax: 3,
      silentMs: count("silent-ms", 1),
      moveBoundPpm: count("move-bound-ppm", 0),
    },
    unprovenRowsMax: count("unproven-rows", 1),
    interest8hPpm: count("interest-ppm", 0),
    ...(values.journal === undefined ? {} : { journalPath: values.journal }),
    ...(values.history === undefined ? {} : { historyPath: values.history }),
    onAccepted: ({ events }) => {
      const seen = { orders: 0, fills: 0 };
      for (const { event } of events) {
        if (event.type === "accepted") seen.orders++;
        if (event.type === "fill") seen.fills++;
      }
      if (seen.orders + seen.fills > 0) tell({ type: "accepted", ...seen });
      for (const { event } of events) {
        if (event.type === "epoch") tell({ type: "epoch", number: event.number, timeSeconds: event.timeSeconds });
      }
    },
    onProgress: (progress) => tell({ type: "batch", ...progress, provers: running?.proverProcessIds ?? [] }),
    onNotice: (sentence) => {
      console.error(sentence);
      tell({ type: "notice", sentence });
    },
    onHalt: (report) => {
      console.error(`HALTED: ${report}`);
      tell({ type: "halted", report });
    },
  });
  running = matcher;
  let stopping = false;
  const end = () => {
    if (stopping) return;
    stopping = true;
    // What is left open then holds nothing that could be lost: the provers end with their channel to us.
    setTimeout(() => process.exit(0), 4_000).unref();
    matcher.stop().finally(() => process.exit(0));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  process.on("disconnect", end);
  console.log(`API at ${matcher.url}, status at ${matcher.url}/v1/status`);
  tell({ type: "ready", url: matcher.url, operatorUrl: matcher.operatorUrl, provers: matcher.proverProcessIds });
}

run().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
