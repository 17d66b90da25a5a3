/**
 * An exchange with a journal and without a chain: sequencer, HTTP, snapshots, and epochs from a clock of its own. It is what
 * scripts/deep-crash.ts kills by the thousand.
 *
 *   node scripts/crash/journal-server.ts <journal folder> <port>
 *
 * Tells its parent {type: "ready", commands, journalHead}.
 */
import { createApi } from "../../matcher/api/server.ts";
import { hashOfData, protocolHash } from "../../matcher/data-hash.ts";
import { ExchangeJournal } from "../../matcher/exchange-journal.ts";
import { DEVNET_BOOK_RULES, DEVNET_FEE_TIERS, DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { MARKETS } from "../../matcher/protocol/spec.ts";
import { Backlog } from "../../matcher/sequencer/backlog.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import type { SignatureVerifier } from "../../matcher/sequencer/verify-pool.ts";
import {
  CHAIN_ID,
  DOMAIN,
  EXCHANGE,
  epochOf,
  FUNDING,
  openingCommands,
} from "../../test/sequencer/exchange-fixture.ts";
import { endWithParent, tellParent } from "../supervisor/child-life.ts";
import { runCommand } from "../supervisor/refusal.ts";

export const CRASH_ACCOUNTS = 4;
const DEPOSIT_USD = 10_000_000n;
const EPOCH_MS = 150;
const SEGMENT_BYTES = 64 * 1024;
const SNAPSHOT_EVERY = 150;

await runCommand(async () => {
  const [directory = "", port = "0"] = process.argv.slice(2);
  const terms = { rules: DEVNET_BOOK_RULES, feeSchedule: DEVNET_FEE_TIERS, funding: FUNDING };
  const identity = {
    ...{ chainId: CHAIN_ID, exchange: BigInt(EXCHANGE), deployment: 1n, circuits: 0n },
    ...{ protocol: protocolHash(), terms: hashOfData(terms) },
  };
  const journal = await ExchangeJournal.open({
    ...{ directory, identity, parts: ["entry-values", "conditional-records"] },
    ...{ segmentBytes: SEGMENT_BYTES, everyCommands: SNAPSHOT_EVERY, onNotice: console.error },
  });
  const state = journal.begin(terms, 0);
  // Signatures cost the most, and have no part in this.
  const verifier: SignatureVerifier = {
    verify: async () => ({ signed: true, messageHash: 0n }),
    close: async () => {},
  };
  const backlog = new Backlog({ unprovenRowsMax: Number.MAX_SAFE_INTEGER });
  const sequencer = new Sequencer({ state, verifier, backlog, log: journal.log });
  const api = createApi({
    ...{ sequencer, chainId: CHAIN_ID, exchange: EXCHANGE, domain: DOMAIN, snapshots: journal.snapshots },
    markets: Array.from({ length: MARKETS }, (_, index) => DEVNET_MARKETS[index]?.market ?? null),
    chainStatus: () => ({ halted: sequencer.halt?.message ?? null }),
    onDefect: (error) => {
      console.error(error);
      process.exit(1);
    },
  });
  await journal.replay(sequencer);
  for (const command of openingCommands(CRASH_ACCOUNTS, DEPOSIT_USD).slice(state.commandCount)) {
    if (command.type !== "message") sequencer.apply(command);
    await sequencer.durable();
  }
  const { commandCount: commands, journalHead } = state;
  const epochs = setInterval(() => {
    const number = state.epochNumber + 1;
    // Up and down by a few hundred dollars, the same in every life.
    if (sequencer.halt === null) {
      sequencer.apply({ type: "epoch", epoch: epochOf(number, { 0: String(65_000 + ((number * 37) % 11) * 40) }) });
    }
  }, EPOCH_MS);
  endWithParent(async () => {
    clearInterval(epochs);
    await api.close();
    await sequencer.durable();
    await journal.snapshots.take();
    await journal.close();
  });
  await api.listen({ host: "127.0.0.1", port: Number(port) });
  tellParent({ type: "ready", commands, journalHead: journalHead.toString() });
  return undefined;
});
