/**
 * The exchange as its traders reach it, in a process of its own: HTTP, signature threads, sequencer, book, margin, journal on disk, read
 * models, and behind them batches and real proofs. Only L1 is missing: what it would settle counts as settled at once.
 *
 *   node scripts/bench/full-path/server.ts <accounts> <journal folder> <provers>
 *
 * Tells its parent {type: "ready", url}; answers {type: "usage"} with its CPU time and what it has done; {type: "clock", aheadMs} moves its
 * clock; ends with the channel.
 */
import { join } from "node:path";
import { History } from "../../../matcher/api/history.ts";
import { createApi } from "../../../matcher/api/server.ts";
import { RecordLog } from "../../../matcher/journal/record-log.ts";
import { SteadyClock } from "../../../matcher/ops/steady-clock.ts";
import { DEVNET_MARKETS } from "../../../matcher/protocol/devnet-markets.ts";
import { TIERS } from "../../../matcher/protocol/spec.ts";
import { Batcher } from "../../../matcher/prover/batcher.ts";
import { startProver } from "../../../matcher/prover/groth16/prover.ts";
import { ProofPipeline } from "../../../matcher/prover/pipeline.ts";
import { Backlog } from "../../../matcher/sequencer/backlog.ts";
import { ReceiptBook } from "../../../matcher/sequencer/receipt-book.ts";
import { ReceiptSigner } from "../../../matcher/sequencer/receipt-signer.ts";
import { Sequencer } from "../../../matcher/sequencer/sequencer.ts";
import { VerifyPool } from "../../../matcher/sequencer/verify-pool.ts";
import { buildFastPoseidon } from "../../../matcher/state/fast-poseidon.ts";
import { devnetKeys } from "../../devnet/wallets.ts";
import { BENCH_CHAIN_ID, BENCH_DOMAIN, BENCH_EXCHANGE, openedExchange } from "./opened-exchange.ts";

const [accounts = "64", folder = ".", provers = "1"] = process.argv.slice(2);
/** Far more than provers of any machine catch up with in a minute: what waits for them is no part of an acknowledgement. */
const UNPROVEN_ROWS_MAX = 10_000_000;
const MUCH = { perSecond: 100_000, burst: 100_000 };

const hash = await buildFastPoseidon();
const verifier = new VerifyPool({ domain: BENCH_DOMAIN });
const identity = { chainId: BENCH_CHAIN_ID, exchange: BigInt(BENCH_EXCHANGE), ...{ deployment: 0n, circuits: 0n } };
const log = await RecordLog.open({
  directory: join(folder, "journal"),
  identity: { ...identity, protocol: 0n, terms: 0n },
});
const backlog = new Backlog({ unprovenRowsMax: UNPROVEN_ROWS_MAX });
const { state, opening } = openedExchange(Number(accounts));
let clockAheadMs = 0;
const { nowMs } = new SteadyClock({ wallMs: () => Date.now() + clockAheadMs });
const sequencer = new Sequencer({ state, verifier, backlog, log, nowMs });
const tiers = TIERS.filter(({ name }) => name !== "test");
let proofs = 0;
const pipeline =
  provers === "0"
    ? null
    : new ProofPipeline({
        batcher: new Batcher({ hash, domain: BENCH_DOMAIN, tiers }),
        hash,
        chainId: BENCH_CHAIN_ID,
        exchange: BENCH_EXCHANGE,
        provers: await Promise.all(
          Array.from({ length: Number(provers) }, () => startProver({ circuitsDir: "build/circuits" })),
        ),
        cutAfterMs: 2_000,
        growFromQueued: 4,
        settle: () => {
          proofs += 1;
          const place = Promise.resolve({ hash: "0x", blockNumber: proofs, gasUsed: 0n });
          return { mined: place, confirmed: place };
        },
        onHalt: (report) => {
          console.error(report);
          process.exit(1);
        },
      });
if (pipeline !== null) sequencer.onDurable(({ steps }) => pipeline.push(steps));
const receiptSigner = new ReceiptSigner({ chainId: BENCH_CHAIN_ID, exchange: BENCH_EXCHANGE }, devnetKeys().receipts);
const receipts = new ReceiptBook({ signer: receiptSigner });
sequencer.onDurable((accepted) => receipts.record(accepted));
const history = await History.open({
  path: join(folder, "history.db"),
  identity: `${BENCH_CHAIN_ID}:${BENCH_EXCHANGE}`,
});
const app = createApi({
  sequencer,
  history,
  receipts,
  chainId: BENCH_CHAIN_ID,
  exchange: BENCH_EXCHANGE,
  domain: BENCH_DOMAIN,
  markets: DEVNET_MARKETS.map(({ market }) => market),
  nowMs,
  // One address stands for all traders.
  rateLimits: { orderAddress: MUCH, orderAccount: MUCH },
  onDefect: (error) => console.error(error),
});
for (const command of opening) sequencer.apply(command);
const url = await app.listen({ host: "127.0.0.1", port: 0 });

process.on("message", (told: { type: string; aheadMs?: number }) => {
  if (told.type === "clock") clockAheadMs = told.aheadMs ?? 0;
  if (told.type !== "usage") return;
  const [cpuMs, orderingCpuMs] = [process.cpuUsage(), process.threadCpuUsage()].map(
    ({ user, system }) => (user + system) / 1_000,
  );
  const usage = { cpuMs, orderingCpuMs, commands: state.commandCount, proofs, rssBytes: process.memoryUsage.rss() };
  process.send?.({ type: "usage", ...usage });
});
process.on("disconnect", () => {
  app
    .close()
    .then(() => history.close())
    .then(() => pipeline?.stop())
    .finally(() => process.exit(0));
});
process.send?.({ type: "ready", url });
