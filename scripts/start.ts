/**
 * Brings up a whole exchange on a development chain and keeps it up: build, chain, contracts, matcher with its provers, price
 * feed, bots. Ctrl-C stops everything in order.
 *
 *   npm start [-- --port <api> --rpc-port <chain> --bots <n> --no-bots --seed <n> --for <seconds>]
 */
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, rmSync, type WriteStream, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { readDeployment } from "../matcher/chain/deployment.ts";
import type { WireStatus } from "../matcher/protocol/api-wire.ts";
import type { BatchProgress } from "../matcher/prover/batch-progress.ts";
import { FIRST_TRADER_WALLET, ORACLE_ROLES, writeTradersFile } from "./devnet/wallets.ts";
import { BatchBoard } from "./supervisor/batch-board.ts";
import type { ChildMessage, ChildOptions } from "./supervisor/child.ts";
import { readLogLine } from "./supervisor/log-line.ts";
import { choosePort, freePort, parsePort } from "./supervisor/ports.ts";
import { Refusal, reportFailure } from "./supervisor/refusal.ts";
import { StatusView } from "./supervisor/status-view.ts";
import { Supervisor } from "./supervisor/supervisor.ts";

const USUAL_RPC_PORT = 8545;
const USUAL_API_PORT = 8080;
const STATUS_INTERVAL_MS = 1_000;
const BANNER = [
  "┌──────────────────────────────────────────────────────────────────────────────┐",
  "│ INSECURE DEVELOPMENT KEYS: anybody can forge proofs. Play money, local chain. │",
  "└──────────────────────────────────────────────────────────────────────────────┘",
].join("\n");

interface Options {
  port?: string;
  rpcPort?: string;
  bots: string | false;
  seed: string;
  shocks?: string;
  for?: string;
  tiers: string;
  provers: string;
  build: boolean;
}

const options = new Command("start")
  .option("--port <port>", `port of the API (default: ${USUAL_API_PORT}, or a free one when it is taken)`)
  .option("--rpc-port <port>", `port of the chain (default: ${USUAL_RPC_PORT}, or a free one when it is taken)`)
  .option("--bots <n>", "how many bots trade: the first makes markets, the others take", "3")
  .option("--no-bots", "nobody trades but you")
  .option("--seed <n>", "seed of the simulated prices and of the bots", "1")
  .option("--shocks <file>", "moves that the simulated prices are told to make: JSON, see scripts/feed.ts")
  .option("--for <seconds>", "stop by itself after trading this long")
  .option("--tiers <names>", "circuit sizes that batches may use: small ones are final sooner", "small,large")
  .option("--provers <n>", "processes that prove, each with its share of the processors", "1")
  .option("--no-build", "use what is built already")
  .parse()
  .opts<Options>();

const view = new StatusView(process.stdout);
const logs: WriteStream[] = [];
let finish: (code: number) => void = () => {};
const finished = new Promise<number>((resolve) => {
  finish = resolve;
});
let failureIsTold = false;
const supervisor = new Supervisor((sentence) => {
  failureIsTold = true;
  view.line(`✗ ${sentence}`);
  finish(1);
});

/** One signal stops in order; a second one, a moment later, at once. (A terminal and npm may both pass the first one on.) */
let askedMs: number | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (askedMs === undefined) {
      askedMs = performance.now();
      view.line("stopping …");
      finish(0);
    } else if (performance.now() - askedMs > 1_500) {
      supervisor.kill();
      endProvers();
      process.exit(1);
    }
  });
}

function wholeNumber(text: string, option: string, most: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > most)
    throw new Refusal(`${option} needs a whole number up to ${most}, not "${text}".`);
  return number;
}

/** A child whose lines go to a log file, and its complaints to the terminal, too. */
function childOf(
  folder: string,
  name: string,
  script: string,
  args: readonly string[],
  onMessage?: (message: ChildMessage) => void,
): ChildOptions {
  const log = createWriteStream(join(folder, "logs", `${name.replaceAll(" ", "-")}.log`));
  logs.push(log);
  return {
    name,
    script,
    args,
    graceMs: 6_000,
    onLine: (line, stream) => {
      log.write(`${line}\n`);
      // What the others say once one part has died follows from that, and would bury the sentence that matters.
      if (stream !== "stderr" || failureIsTold) return;
      const { text, isComplaint } = readLogLine(line);
      if (isComplaint) view.line(`${name}: ${text}`);
    },
    ...(onMessage === undefined ? {} : { onMessage }),
  };
}

/** Provers lead groups of their own. One whose matcher was killed would finish its proof first. */
const proverProcessIds = new Set<number>();

function endProvers(): void {
  for (const processId of proverProcessIds) {
    try {
      process.kill(-processId, "SIGKILL");
    } catch {
      // It is gone, as it should be.
    }
  }
}

/** The build shows its own progress, so it gets the terminal. */
async function build(): Promise<void> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "scripts/build.ts"], {
    // The channel tells the build when we are gone.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const code = await Promise.race([ended, finished.then(() => undefined)]);
  if (code === undefined) child.kill("SIGTERM");
  else if (code !== 0) throw new Refusal("The build failed, so nothing was started; its reason is above.");
}

async function watchStatus(url: string): Promise<void> {
  const response = await fetch(`${url}/v1/status`, { signal: AbortSignal.timeout(2_000) });
  view.status((await response.json()) as WireStatus);
}

/** Bots wait by themselves; people are told. */
async function tellWhenReady(url: string): Promise<void> {
  let ended = false;
  finished.then(() => (ended = true));
  while (!ended) {
    const answer = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (answer?.ok) return view.line("ready: orders are taken");
    await new Promise((wake) => setTimeout(wake, 250));
  }
}

function onMatcherMessage(board: BatchBoard): (message: ChildMessage) => void {
  return (message) => {
    if (Array.isArray(message.provers)) for (const processId of message.provers) proverProcessIds.add(processId);
    if (failureIsTold) return;
    if (message.type === "batch") board.take(message as unknown as BatchProgress);
    if (message.type === "epoch") view.line(`epoch ${message.number} in force`);
    if (message.type === "halted") {
      view.line(`✗ Settlement has stopped: ${message.report}`);
      finish(1);
    }
  };
}

async function up(): Promise<void> {
  const startMs = performance.now();
  const bots = options.bots === false ? 0 : wholeNumber(options.bots, "--bots", 50);
  const forSeconds = options.for === undefined ? undefined : wholeNumber(options.for, "--for", 10_000_000);
  wholeNumber(options.seed, "--seed", 1_000_000_000);
  const provers = Math.max(1, wholeNumber(options.provers, "--provers", 64));
  const rpcPort = await choosePort(parsePort(options.rpcPort, "--rpc-port"), USUAL_RPC_PORT, "--rpc-port");
  const apiPort = await choosePort(parsePort(options.port, "--port"), USUAL_API_PORT, "--port");
  if (options.build) await build();
  if (askedMs !== undefined) return;

  const folder = rpcPort === USUAL_RPC_PORT ? "build/devnet" : `build/devnet-${rpcPort}`;
  mkdirSync(join(folder, "logs"), { recursive: true });
  const deploymentPath = join(folder, "deployment.json");
  const keysPath = join(folder, "keys.json");
  const files = ["--deployment", deploymentPath, "--keys", keysPath];

  view.line("starting the chain …");
  const chain = await supervisor.startUntil(
    "ready",
    childOf(folder, "chain", "scripts/chain.ts", ["--rpc-port", `${rpcPort}`]),
  );
  view.line("deploying the contracts …");
  await supervisor.runToEnd(
    childOf(folder, "deployment", "scripts/deploy.ts", ["--rpc-url", String(chain.url), "--out", folder]),
  );
  const { exchange } = readDeployment(deploymentPath);
  view.line(`exchange ${exchange}; starting matcher and prover …`);
  const board = new BatchBoard((line) => view.line(line));
  const operatorPort = await freePort();
  const threads = Math.max(1, Math.floor(availableParallelism() / provers));
  const proving = ["--tiers", options.tiers, "--provers", `${provers}`, "--prover-threads", `${threads}`];
  // The chain is a new one, and so is the exchange's history.
  const journalPath = join(folder, "journal");
  rmSync(journalPath, { recursive: true, force: true });
  const matcherArguments = [
    ...files,
    ...proving,
    "--journal",
    journalPath,
    "--port",
    `${apiPort}`,
    "--operator-port",
    `${operatorPort}`,
    // Whoever stops a devnet throws it away.
    "--settle-grace-ms",
    "0",
  ];
  const matcher = await supervisor.startUntil(
    "ready",
    childOf(folder, "matcher", "matcher/main.ts", matcherArguments, onMatcherMessage(board)),
  );
  const url = String(matcher.url);
  // One process a signer, so that no single one can stop or set the price.
  const market = ["--seed", options.seed, "--start", `${Math.floor(Date.now() / 1_000)}`];
  const shocks = options.shocks === undefined ? [] : ["--source-config", options.shocks];
  await Promise.all(
    ORACLE_ROLES.map((_, i) => {
      const feedArguments = [...files, "--matcher", String(matcher.operatorUrl), "--signer", `${i + 1}`];
      return supervisor.startUntil(
        "ready",
        // Two signers are enough, and with fewer the exchange goes on with the prices that it has, and says so.
        {
          ...childOf(folder, `price feed ${i + 1}`, "scripts/feed.ts", [...feedArguments, ...market, ...shocks]),
          onLoss: (sentence) => view.line(`✗ ${sentence} The others go on.`),
        },
      );
    }),
  );
  const tradersPath = join(folder, "traders.txt");
  writeTradersFile(tradersPath);
  const ready = Array.from({ length: bots }, (_, i) => {
    const role = i === 0 ? "maker" : "taker";
    const wallet = [
      "--key-file",
      tradersPath,
      "--index",
      `${FIRST_TRADER_WALLET + i}`,
      "--seed",
      `${Number(options.seed) + i}`,
    ];
    const place = ["--rpc", String(chain.url), "--api", url, "--exchange", exchange];
    return supervisor.startUntil(
      "ready",
      childOf(folder, `bot ${i}`, "scripts/bot.ts", ["--role", role, ...place, ...wallet]),
    );
  });
  writeFileSync(join(folder, "urls.json"), `${JSON.stringify({ api: url, rpc: chain.url, exchange }, null, 2)}\n`);
  view.block(
    `${BANNER}\n  page    ${url}/\n  API     ${url}\n  status  ${url}/v1/status\n  metrics ${matcher.operatorUrl}/metrics\n  chain   ${chain.url}\n  logs    ${folder}/logs\n  Ctrl-C stops everything.`,
  );
  const ticker = setInterval(() => watchStatus(url).catch(() => {}), STATUS_INTERVAL_MS);
  finished.finally(() => clearInterval(ticker));
  void tellWhenReady(url);
  await Promise.all(ready);
  if (bots > 0) view.line(`${bots} bots trade, ${((performance.now() - startMs) / 1000).toFixed(1)} s after the start`);
  if (forSeconds !== undefined) setTimeout(() => finish(0), forSeconds * 1000).unref();
}

up().catch((error: unknown) => {
  // What a child said before it ended was told by the supervisor already.
  if (askedMs !== undefined) return finish(0);
  if (failureIsTold) return finish(1);
  finish(reportFailure(error instanceof Error && error.name === "Error" ? new Refusal(error.message) : error));
});

const code = await finished;
await supervisor.stop();
endProvers();
for (const log of logs) log.end();
view.end();
if (code === 0) view.line("stopped");
process.exit(code);
