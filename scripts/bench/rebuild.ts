/**
 * How fast an exchange is rebuilt from its logs, as `npm run rebuild` does it, reading, decoding and hashing, but without a network:
 * 1,000 accounts register and deposit, then batches of the large tier are filled to the last row and account.
 * `npm run with-node -- node scripts/bench/rebuild.ts [batches]`, 1,000 unless told otherwise.
 */
import type { Log } from "ethers";
import { EXCHANGE } from "../../matcher/chain/contract-interfaces.ts";
import type { L1Event } from "../../matcher/chain/l1-event.ts";
import { epochHash, epochRecord } from "../../matcher/protocol/epoch-record.ts";
import type { OrderMessage } from "../../matcher/protocol/message.ts";
import { queueEntryWords } from "../../matcher/protocol/queue-chain.ts";
import { sharedStateHash } from "../../matcher/protocol/shared-state.ts";
import { tierById } from "../../matcher/protocol/spec.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import { checkpointFrom, checkpointLines } from "../../matcher/rebuild/checkpoint.ts";
import type { LogSource } from "../../matcher/rebuild/log-pages.ts";
import { rebuildState } from "../../matcher/rebuild/rebuild-state.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { Ledger } from "../../matcher/state/ledger.ts";
import type { Step } from "../../matcher/state/step.ts";
import { PublishedEvents } from "../../test/fixtures/published-events.ts";
import {
  EXCHANGE as ADDRESS,
  BTC_TICKS,
  CHAIN_ID,
  DOMAIN,
  epochOf,
  order,
  unsigned,
} from "../../test/sequencer/exchange-fixture.ts";
import { reportRows } from "./frame/bench-row.ts";

const [wanted = 1_000] = process.argv.slice(2).map(Number);
const ACCOUNTS = 1_000;
const FILLS_A_BATCH = 8;
const hash = await buildFastPoseidon();

const ledger = new Ledger();
const batcher = new Batcher({ hash, domain: DOMAIN, tiers: [tierById(2)] });
const published = new PublishedEvents();
const events: L1Event[] = [];
const word = (value: bigint): string => value.toString(16).padStart(64, "0");

function take(step: Step): void {
  const trace = batcher.push(step, 1n);
  if (trace !== undefined) events.push(...published.of(trace));
}

function open(number: number): void {
  for (const step of ledger.openEpoch(epochOf(number))) take(step);
}

open(1);
for (let account = 1; account <= ACCOUNTS; account++) {
  const key = { ax: 2n ** 253n + BigInt(account), ay: 2n ** 252n + BigInt(account) };
  const registration = {
    kind: "registration",
    account,
    amountMicroUsd: 0n,
    minSequence: 0,
    owner: BigInt(account) << 8n,
    ...key,
  } as const;
  take(ledger.registerAccount(registration));
  const nothing = { minSequence: 0, owner: 0n, ax: 0n, ay: 0n };
  take(ledger.applyDeposit({ kind: "deposit", account, amountMicroUsd: 1_000_000_000_000n, ...nothing }));
}
for (let round = 0, sequence = 64; published.state.batchNumber < wanted; round++, sequence += 64) {
  if (round % 10 === 9) open(2 + Math.floor(round / 10));
  for (let i = 0; i < FILLS_A_BATCH; i++) {
    const first = 1 + ((round * 2 * FILLS_A_BATCH + 2 * i) % ACCOUNTS);
    const slot = (round * 37) % 4096;
    const terms: Partial<OrderMessage> = { slot, sequence, expirySeconds: 2 ** 32 - 1, quantityLots: 10 };
    const fill = {
      maker: unsigned(order({ ...terms, account: first, side: round % 2 === 0 ? "sell" : "buy" })),
      taker: unsigned(order({ ...terms, account: first + 1, side: round % 2 === 0 ? "buy" : "sell" })),
      ...{ priceTicks: BTC_TICKS, quantityLots: 10, makerFeePpm: 0, takerFeePpm: 100 },
    };
    const verdict = ledger.checkFill(fill);
    if (verdict !== "ok") throw new Error(`a fill of the benchmark is refused: ${verdict}`);
    take(ledger.applyFill(fill));
  }
}

/** The events as a server's logs, a block each. */
const logs = events.map((event, index): Log => {
  const { topics, data } = encoded(event);
  const hashOf = `0x${word(BigInt(index + 1))}`;
  const at = { blockNumber: index + 1, blockHash: hashOf, transactionHash: hashOf, index: 0 };
  return { address: ADDRESS, topics, data, ...at } as unknown as Log;
});

function encoded(event: L1Event): { topics: string[]; data: string } {
  switch (event.type) {
    case "queue": {
      const [head, owner, ax, ay] = queueEntryWords(event.entry);
      const address = `0x${(owner as bigint).toString(16).padStart(40, "0")}`;
      return EXCHANGE.encodeEventLog("QueueEntryAdded", [event.cursor, head, address, ax, ay, event.queueHash]);
    }
    case "epoch": {
      const { number, timeSeconds, paramVersion, rebateCapPpm, journalHead, liquidationTerms, ...words } = epochRecord(
        event.epoch,
      );
      const scalars = [number, timeSeconds, paramVersion, rebateCapPpm, journalHead, liquidationTerms, event.roundHash];
      return EXCHANGE.encodeEventLog("EpochOpened", [...scalars, ...Object.values(words)]);
    }
    case "settled": {
      const { batchNumber, epochNumber, tier, newRoot, queueCursor, feesPicoUsd, journalHead } = event;
      const before = [batchNumber, epochNumber, tier, newRoot, queueCursor, `0x${word(0n)}`, feesPicoUsd, journalHead];
      return EXCHANGE.encodeEventLog("BatchSettled", [...before, event.sharedStateHash]);
    }
    case "data":
      return EXCHANGE.encodeEventLog("BatchData", [event.batchNumber, `0x${event.words.map(word).join("")}`]);
    default:
      throw new Error(`no ${event.type} in this benchmark`);
  }
}

const { state } = published;
const answers: Record<string, () => unknown[]> = {
  sharedStateHash: () => [sharedStateHash(state)],
  queueLength: () => [state.queueCursor],
  queueHashAt: () => [state.queueHash],
  latestEpoch: () => [lastEpoch().number, 0, 0, 0, new Array(8).fill(0)],
  epochHash: () => [lastEpoch().hash],
  vault: () => [0, ledger.shared.depositedMicroUsd, 0, 0],
};
const provider: LogSource = {
  getBlockNumber: async () => logs.length,
  getBlock: (async (number: number) => ({ hash: `0x${word(BigInt(number))}` })) as unknown as LogSource["getBlock"],
  getLogs: (async ({ fromBlock, toBlock }: { fromBlock: number; toBlock: number }) =>
    logs.slice(fromBlock - 1, toBlock)) as unknown as LogSource["getLogs"],
  call: (async ({ data }: { data: string }) => {
    const { name } = EXCHANGE.parseTransaction({ data }) as { name: string };
    return EXCHANGE.encodeFunctionResult(name, (answers[name] as () => unknown[])());
  }) as unknown as LogSource["call"],
};

function lastEpoch(): { number: number; hash: string } {
  const { epoch } = events.findLast(({ type }) => type === "epoch") as Extract<L1Event, { type: "epoch" }>;
  return { number: epoch.number, hash: epochHash(epochRecord(epoch)) };
}

const cpu = process.cpuUsage();
const startMs = performance.now();
const rebuilt = await rebuildState({ provider, hash, chainId: CHAIN_ID, exchange: ADDRESS, firstBlock: 1 });
const wallSeconds = (performance.now() - startMs) / 1_000;
const { user, system } = process.cpuUsage(cpu);
const cpuSeconds = (user + system) / 1e6;
const { batchNumber } = rebuilt.progress.sharedState;
const text = Buffer.from([...checkpointLines(rebuilt)].join(""));
const readMs = performance.now();
checkpointFrom(text, { hash, chainId: CHAIN_ID, exchange: ADDRESS });
const checkSeconds = (performance.now() - readMs) / 1_000;
console.log(
  `${batchNumber} batches, ${rebuilt.touched.size} accounts: ${cpuSeconds.toFixed(2)} s of CPU, ${wallSeconds.toFixed(2)} s by the clock; ` +
    `the file has ${(text.length / 2 ** 20).toFixed(1)} MiB and is checked in ${checkSeconds.toFixed(2)} s`,
);
reportRows([
  {
    figure: "Rebuild of 1,000 batches",
    value: (cpuSeconds * 1_000) / batchNumber,
    unit: "s of CPU",
    better: "lower",
    goal: 60,
  },
]);
