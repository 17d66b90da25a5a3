/**
 * How long a snapshot keeps the exchange from anything else, and how long a restart from it takes. Run:
 * `npm run with-node -- node scripts/bench/snapshot.ts [accounts] [orders an account]`, 100,000 and 1 unless told otherwise.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REAL_FILES } from "../../matcher/journal/file-operations.ts";
import { readSnapshot, snapshotName, writeSnapshot } from "../../matcher/journal/snapshot-file.ts";
import { DEVNET_BOOK_RULES, DEVNET_FEE_TIERS } from "../../matcher/protocol/devnet-markets.ts";
import { imageFrom, imageLines } from "../../matcher/sequencer/exchange-image.ts";
import { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import { IDENTITY } from "../../test/journal/identity.ts";
import { accepted, BTC_TICKS, epochOf, FUNDING, order, unsigned } from "../../test/sequencer/exchange-fixture.ts";

const terms = { rules: DEVNET_BOOK_RULES, feeSchedule: DEVNET_FEE_TIERS, funding: FUNDING };
const [accounts = 100_000, orders = 1] = process.argv.slice(2).map(Number);
const state = new ExchangeState(terms);
accepted(state.execute({ type: "epoch", epoch: epochOf(1) }));
let cursor = 0;
for (let account = 1; account <= accounts; account++) {
  const key = { ax: 2n ** 253n + BigInt(account), ay: 2n ** 252n + BigInt(account) };
  const registration = {
    kind: "registration",
    minSequence: 0,
    account,
    amountMicroUsd: 0n,
    owner: BigInt(account) * 0x9e37_79b9_7f4a_7c15n,
    ...key,
  } as const;
  accepted(state.execute({ type: "queue", entry: registration, cursor: cursor++ }));
  const nothing = { owner: 0n, ax: 0n, ay: 0n };
  const deposit = { kind: "deposit", minSequence: 0, account, amountMicroUsd: 1_000_000_000n, ...nothing } as const;
  accepted(state.execute({ type: "queue", entry: deposit, cursor: cursor++ }));
  for (let slot = 0; slot < orders; slot++) {
    const limitPriceTicks = BTC_TICKS - 1 - ((account * 7 + slot) % 2_000);
    const message = unsigned(order({ account, slot, limitPriceTicks, quantityLots: 100, sequence: 64 }));
    const signature = { r8x: 2n ** 250n + BigInt(account), r8y: 2n ** 249n + BigInt(slot), s: 2n ** 248n };
    accepted(state.execute({ type: "message", message: { ...message, signature }, settle: false }));
  }
}
const folder = mkdtempSync(join(tmpdir(), "clearbook-snapshot-"));
try {
  const cpuMs = (since: NodeJS.CpuUsage) => {
    const { user, system } = process.cpuUsage(since);
    return `${((user + system) / 1_000).toFixed(0)} ms of CPU`;
  };
  for (let round = 1; round <= 3; round++) {
    const takingCpu = process.cpuUsage();
    const values = imageLines(state);
    const held = cpuMs(takingCpu);
    // What anybody else would wait who comes while the file is written.
    const waits: number[] = [];
    let isWritten = false;
    const startCpu = process.cpuUsage();
    const writing = writeSnapshot(REAL_FILES, folder, IDENTITY, { command: round, head: 0n, batch: 0 }, [
      { name: "exchange", values },
    ]).then(() => {
      isWritten = true;
    });
    for (let beforeMs = performance.now(); !isWritten; beforeMs = performance.now()) {
      await new Promise((wake) => setImmediate(wake));
      waits.push(performance.now() - beforeMs);
    }
    await writing;
    waits.sort((a, b) => a - b);
    const at = (share: number) => (waits[Math.floor((waits.length - 1) * share)] as number).toFixed(1);
    const { size } = statSync(join(folder, snapshotName(round)));
    console.log(
      `${accounts} accounts, ${accounts * orders} orders: taken with ${held} at once, written with ${cpuMs(startCpu)} in ${waits.length} slices ` +
        `(median ${at(0.5)} ms, 99 % ${at(0.99)} ms, longest ${at(1)} ms), ${(size / 2 ** 20).toFixed(0)} MiB`,
    );
  }
  const startCpu = process.cpuUsage();
  const { parts } = readSnapshot(REAL_FILES, folder, IDENTITY, 3);
  const again = new ExchangeState(terms, imageFrom(parts.get("exchange") ?? []));
  if (again.journalHead !== state.journalHead) throw new Error("another state came back");
  console.log(`read back with ${cpuMs(startCpu)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
