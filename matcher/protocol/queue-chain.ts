import { abiHash, type Bytes32 } from "./abi-hash.ts";
import { pack, unpack } from "./packing.ts";
import { QUEUE_HEAD_WORD, QUEUE_KIND } from "./spec.ts";

/** One entry of the L1 queue (docs/protocol.md §6). */
export interface ChainedEntry {
  kind: "registration" | "deposit";
  account: number;
  /** 0 for a registration. */
  amountMicroUsd: bigint;
  /** L1 address; registration only, else 0. */
  owner: bigint;
  /** Key; registration only, else 0. */
  ax: bigint;
  ay: bigint;
}

/** The entry's four words in the public data: head, owner, Ax, Ay. @throws RangeError naming a field that does not fit. */
export function queueEntryWords(entry: ChainedEntry): bigint[] {
  const head = pack(QUEUE_HEAD_WORD, {
    kind: BigInt(QUEUE_KIND[entry.kind]),
    account: BigInt(entry.account),
    amountMicroUsd: entry.amountMicroUsd,
  });
  return [head, entry.owner, entry.ax, entry.ay];
}

/** Inverse of {@link queueEntryWords}. @throws RangeError for a kind that this version does not enqueue. */
export function queueEntryFromWords(words: readonly bigint[]): ChainedEntry {
  const [head = 0n, owner = 0n, ax = 0n, ay = 0n] = words;
  const { kind, account, amountMicroUsd } = unpack(QUEUE_HEAD_WORD, head);
  const name = (["registration", "deposit"] as const).find((candidate) => BigInt(QUEUE_KIND[candidate]) === kind);
  if (name === undefined) throw new RangeError(`queue kind ${kind} is reserved`);
  return { kind: name, account: Number(account), amountMicroUsd, owner, ax, ay };
}

/** The chain's value with `entry` behind `previous`; the chain starts from zero. */
export function linkQueueEntry(previous: Bytes32, entry: ChainedEntry): Bytes32 {
  return abiHash([BigInt(previous), ...queueEntryWords(entry)]);
}
