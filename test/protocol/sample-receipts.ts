import { nextJournalHead, recordDigest } from "../../matcher/protocol/journal-head.ts";
import { type MessageEnvelope, messageCommandBytes, recordBytes } from "../../matcher/protocol/journal-record.ts";
import type { Receipt } from "../../matcher/protocol/receipt.ts";
import { type ReceiptPlace, receiptsAddress, signReceiptGroup } from "../../matcher/protocol/receipt-group.ts";
import { CHAIN_ID, EXCHANGE, order, signed } from "../sequencer/exchange-fixture.ts";

export const PLACE: ReceiptPlace = { chainId: CHAIN_ID, exchange: EXCHANGE };
export const RECEIPTS_KEY = `0x${"5a".repeat(32)}`;
export const OTHER_KEY = `0x${"5b".repeat(32)}`;
export const SIGNER = receiptsAddress(RECEIPTS_KEY);

/** A history of orders: what was sent, when, and the chain over it. Command n is at n − 1. */
export interface SampleHistory {
  readonly envelopes: readonly MessageEnvelope[];
  readonly acceptedAtMs: readonly number[];
  readonly digests: readonly bigint[];
  /** Head after n commands. */
  readonly heads: readonly bigint[];
}

/** Commands n = 1 … count, a second apart. */
export function sampleHistory(
  count: number,
  change: (n: number) => Partial<MessageEnvelope> = () => ({}),
): SampleHistory {
  const envelopes = Array.from({ length: count }, (_, i) => ({
    message: signed(order({ sequence: 64 * (i + 1), slot: i })),
    settle: false,
    ...change(i + 1),
  }));
  return historyOf(
    envelopes,
    envelopes.map((_, i) => 1_800_000_000_000 + i * 1_000),
  );
}

export function historyOf(envelopes: readonly MessageEnvelope[], acceptedAtMs: readonly number[]): SampleHistory {
  const digests = envelopes.map((envelope, i) =>
    recordDigest(recordBytes(acceptedAtMs[i] as number, messageCommandBytes(envelope))),
  );
  const heads = [0n];
  for (const digest of digests) heads.push(nextJournalHead(heads.at(-1) as bigint, digest));
  return { envelopes, acceptedAtMs, digests, heads };
}

/** The receipt of a command in the group that ends with another one. */
export function receiptIn(history: SampleHistory, command: number, lastCommand: number, key = RECEIPTS_KEY): Receipt {
  const { heads, digests, acceptedAtMs } = history;
  const groupHead = heads[lastCommand] as bigint;
  return {
    command,
    acceptedAtMs: acceptedAtMs[command - 1] as number,
    previousHead: heads[command - 1] as bigint,
    digest: digests[command - 1] as bigint,
    head: heads[command] as bigint,
    path: digests.slice(command, lastCommand),
    lastCommand,
    groupHead,
    signature: signReceiptGroup(PLACE, { lastCommand, journalHead: groupHead }, key),
  };
}
