/**
 * The matcher as a process: reads its settings and keys, then runs until it is told to end.
 *
 *   node matcher/main.ts [--config <file>] [--print-config] [--help] …        docs/configuration.md has every setting
 *
 * A refusal to start is one sentence on stderr and exit code 1; everything later is JSON lines (ops/log.ts). SIGTERM, SIGINT and SIGHUP stop
 * it in order with exit code 0 (ops/shutdown.ts); a second one ends it at once.
 *
 * Tells its parent {type: "ready", url, operatorUrl}, {type: "accepted", …}, {type: "batch", …}, {type: "notice", …} and
 * {type: "halted", report}. With "ready" and every batch it names its provers' processes.
 */
import { availableParallelism } from "node:os";
import { readDeployment } from "./chain/deployment.ts";
import { Matcher } from "./matcher.ts";
import { configText, readConfig, usageText } from "./ops/config.ts";
import type { Config } from "./ops/config-schema.ts";
import { KeyRing } from "./ops/key-ring.ts";
import { createLog, type Logger } from "./ops/log.ts";
import { Secrets } from "./ops/secrets.ts";
import { StopSignals } from "./ops/stop-signals.ts";
import { TIERS } from "./protocol/spec.ts";
import type { Accepted } from "./sequencer/outcome.ts";

/** Beyond the grace time, a stop that has not finished hangs. */
const HANGING_MS = 15_000;

function tell(message: { type: string } & Record<string, unknown>): void {
  if (process.connected) process.send?.(message);
}

/** What the parent shows of accepted commands. */
function tellAccepted({ events }: Accepted): void {
  const seen = { orders: 0, fills: 0 };
  for (const { event } of events) {
    if (event.type === "accepted") seen.orders++;
    if (event.type === "fill") seen.fills++;
  }
  if (seen.orders + seen.fills > 0) tell({ type: "accepted", ...seen });
  for (const { event } of events) {
    if (event.type === "epoch") tell({ type: "epoch", number: event.number, timeSeconds: event.timeSeconds });
  }
}

async function run(config: Config, keys: KeyRing, log: Logger): Promise<void> {
  let running: Matcher | undefined;
  const settlement = log.child({ component: "settlement" });
  const matcher = await Matcher.start({
    deployment: readDeployment(config.deployment),
    operatorKey: keys.privateKey("operator"),
    receiptsKey: keys.privateKey("receipts"),
    circuitsDir: config.circuits,
    pagePath: config.page,
    tiers: config.tiers.split(",").flatMap((name) => TIERS.filter((tier) => tier.name === name)),
    port: config.port,
    operatorPort: config.operatorPort,
    confirmations: config.confirmations,
    provers: config.provers,
    proverThreads: config.proverThreads ?? availableParallelism(),
    proverNiceness: config.proverNiceness,
    cutAfterMs: config.cutAfterMs,
    growFromQueued: config.growFromQueued,
    cadence: {
      leastMs: config.epochMs,
      idleMs: config.idleEpochMs,
      aheadMax: 3,
      silentMs: config.silentMs,
      moveBoundPpm: config.moveBoundPpm,
    },
    unprovenRowsMax: config.unprovenRows,
    interest8hPpm: config.interestPpm,
    staleEpochMs: config.staleEpochMs,
    ...(config.journal === undefined ? {} : { journalPath: config.journal }),
    snapshotEveryCommands: config.snapshotEvery,
    ...(config.history === undefined ? {} : { historyPath: config.history }),
    ...(config.verifyThreads === undefined ? {} : { verifyThreads: config.verifyThreads }),
    doors: {
      ...(config.corsOrigins === undefined ? {} : { corsOrigins: config.corsOrigins.split(",") }),
      ...(config.trustedProxies === undefined ? {} : { trustedProxies: config.trustedProxies.split(",") }),
    },
    onAccepted: tellAccepted,
    onProgress: (progress) => {
      const { batchNumber, tier, state, timings } = progress;
      settlement.info({ batchNumber, tier, state, timings }, `batch ${batchNumber} is ${state}`);
      tell({ type: "batch", ...progress, provers: running?.proverProcessIds ?? [] });
    },
    onNotice: (sentence) => {
      log.warn({ component: "matcher" }, sentence);
      tell({ type: "notice", sentence });
    },
    onDefect: (stack, requestId) => {
      log.error({ component: "api", requestId, stack }, `defect: ${stack.split("\n", 1)[0]}`);
    },
    onHalt: (report) => {
      settlement.error(`HALTED: ${report}`);
      tell({ type: "halted", report });
    },
  });
  running = matcher;
  const life = log.child({ component: "process" });
  new StopSignals(life).listen({
    finish: async (graceless) => {
      const { batches, allAnswered } = await matcher.finish(graceless ? 0 : config.settleGraceMs);
      life.info({ batches, allAnswered }, `finished; ${batches} batches are left to the restart`);
    },
    close: () => matcher.stop(),
    finishLimitMs: config.settleGraceMs + HANGING_MS,
  });
  const { url, operatorUrl } = matcher;
  life.info({ url, operatorUrl }, `API at ${url}, status at ${url}/v1/status`);
  tell({ type: "ready", url, operatorUrl, provers: matcher.proverProcessIds });
}

async function main(): Promise<void> {
  const secrets = new Secrets();
  try {
    const effective = readConfig(process.argv.slice(2), process.env);
    const { config } = effective;
    if (effective.help || effective.printConfig) {
      console.log(effective.help ? usageText() : configText(effective));
      return;
    }
    const { keystore, keystorePasswordFile, keys: path, allowOpenKeyFiles } = config;
    const keys = new KeyRing({
      keystore,
      keystorePasswordFile,
      keys: path,
      allowOpenKeyFiles,
      env: process.env,
      secrets,
    });
    const log = createLog({ level: config.logLevel, file: config.logFile, secrets });
    process.on("uncaughtException", (err) => {
      log.fatal({ component: "process", err }, `a defect ended the matcher: ${err.message}`);
      process.exit(1);
    });
    await run(config, keys, log);
  } catch (error) {
    process.stderr.write(`${secrets.scrubbed(error instanceof Error ? error.message : String(error))}\n`);
    process.exit(1);
  }
}

await main();
