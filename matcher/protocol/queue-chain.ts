import { abiHash, type Bytes32 } from "./abi-hash.ts";
import { pack, unpack } from "./packing.ts";
import { QUEUE_HEAD_WORD, QUEUE_KIND, type REQUEST_OUTCOME } from "./spec.ts";

export type QueueKind = Exclude<keyof typeof QUEUE_KIND, "none">;
/** What an L1 owner, or anybody, asks for (docs/protocol.md §5b). */
export type RequestKind = Exclude<QueueKind, "registration" | "deposit">;
export type RequestOutcome = Exclude<keyof typeof REQUEST_OUTCOME, "none">;

/** One entry of the L1 queue (docs/protocol.md §6). */
export interface ChainedEntry {
  kind: QueueKind;
  account: number;
  /** Deposit only, else 0. */
  amountMicroUsd: bigint;
  /** The new minimum sequence of a forced exit, key rotation or cancel-all; else 0. Stands where a deposit has its amount. */
  minSequence: number;
  /** L1 address; registration only, else 0. */
  owner: bigint;
  /** Key; registration and key rotation only, else 0. */
  ax: bigint;
  ay: bigint;
}

/** How a batch serves the request behind its other entries. */
export interface ServedRequest {
  entry: ChainedEntry;
  outcome: RequestOutcome;
}

const KINDS = ["registration", "deposit", "forcedExit", "keyRotation", "liquidationRequest", "cancelAll"] as const;

/** Whether an entry is a request: a batch serves one at most, the last of what it takes from the queue. */
export function isRequest({ kind }: Pick<ChainedEntry, "kind">): boolean {
  return kind !== "registration" && kind !== "deposit";
}

/** The entries of the queue that a batch consumes: what came in, and a request that is not left at the head. */
export function consumedEntries(
  queue: readonly ChainedEntry[],
  request: ServedRequest | undefined,
): readonly ChainedEntry[] {
  return request === undefined || request.outcome === "advanced" ? queue : [...queue, request.entry];
}

/** The entry's four words in the public data: head, owner, Ax, Ay. @throws RangeError naming a field that does not fit. */
export function queueEntryWords(entry: ChainedEntry): bigint[] {
  const head = pack(QUEUE_HEAD_WORD, {
    kind: BigInt(QUEUE_KIND[entry.kind]),
    account: BigInt(entry.account),
    amountMicroUsd: entry.kind === "deposit" ? entry.amountMicroUsd : BigInt(entry.minSequence),
  });
  return [head, entry.owner, entry.ax, entry.ay];
}

/** Inverse of {@link queueEntryWords}. @throws RangeError for a kind that there is not. */
export function queueEntryFromWords(words: readonly bigint[]): ChainedEntry {
  const [head = 0n, owner = 0n, ax = 0n, ay = 0n] = words;
  const fields = unpack(QUEUE_HEAD_WORD, head);
  const kind = KINDS.find((candidate) => BigInt(QUEUE_KIND[candidate]) === fields.kind);
  if (kind === undefined) throw new RangeError(`there is no queue kind ${fields.kind}`);
  const amountMicroUsd = kind === "deposit" ? fields.amountMicroUsd : 0n;
  const minSequence = kind === "deposit" ? 0 : Number(fields.amountMicroUsd);
  return { kind, account: Number(fields.account), amountMicroUsd, minSequence, owner, ax, ay };
}

/** The chain's value with `entry` behind `previous`; the chain starts from zero. */
export function linkQueueEntry(previous: Bytes32, entry: ChainedEntry): Bytes32 {
  return abiHash([BigInt(previous), ...queueEntryWords(entry)]);
}
