import type { Log, Result } from "ethers";
import type { Bytes32 } from "../protocol/abi-hash.ts";
import { epochFromRecord, type OpenedEpoch } from "../protocol/epoch-record.ts";
import { type ChainedEntry, queueEntryFromWords } from "../protocol/queue-chain.ts";
import { EXCHANGE } from "./contract-interfaces.ts";

/** Where an event stands on L1. */
export interface LogPosition {
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly transactionHash: string;
  readonly logIndex: number;
}

/** What the matcher needs of the Exchange's events; amounts as their names say. */
export type L1Event =
  | { readonly type: "queue"; readonly cursor: number; readonly entry: ChainedEntry; readonly queueHash: Bytes32 }
  | { readonly type: "epoch"; readonly epoch: OpenedEpoch; readonly roundHash: Bytes32 }
  | {
      readonly type: "settled";
      readonly batchNumber: number;
      readonly epochNumber: number;
      readonly tier: number;
      readonly newRoot: bigint;
      readonly queueCursor: number;
      readonly feesPicoUsd: bigint;
      readonly journalHead: bigint;
      readonly sharedStateHash: Bytes32;
    }
  | { readonly type: "data"; readonly batchNumber: number; readonly words: readonly bigint[] }
  | {
      readonly type: "withdrawal";
      readonly owner: string;
      readonly batchNumber: number;
      readonly amountMicroUsd: bigint;
    }
  | { readonly type: "claimed"; readonly owner: string; readonly amountMicroUsd: bigint };

const WORD_DIGITS = 64;

/** The words of a `BatchData` event. @throws RangeError when the bytes are no whole number of words. */
export function wordsOf(data: string): bigint[] {
  const digits = data.slice(2);
  if (digits.length % WORD_DIGITS !== 0) throw new RangeError("the batch data is not a whole number of words");
  return Array.from({ length: digits.length / WORD_DIGITS }, (_, i) =>
    BigInt(`0x${digits.slice(i * WORD_DIGITS, (i + 1) * WORD_DIGITS)}`),
  );
}

function readEpoch(args: Result): OpenedEpoch {
  return epochFromRecord({
    number: args.number as bigint,
    timeSeconds: args.timeSeconds as bigint,
    paramVersion: args.paramVersion as bigint,
    rebateCapPpm: args.rebateCapPpm as bigint,
    journalHead: args.journalHead as bigint,
    liquidationTerms: args.liquidationTerms as bigint,
    marketWords: [...(args.marketWords as Iterable<bigint>)],
    openInterestCapWords: [...(args.openInterestCapWords as Iterable<bigint>)],
    exitHaircutsWord: args.exitHaircutsWord as bigint,
  });
}

/**
 * Reads one log of the Exchange. @returns undefined for events that the matcher does not need.
 * @throws RangeError for a queue entry of a kind that there is not: the matcher must not go on without it.
 */
export function readLog(log: Pick<Log, "topics" | "data">): L1Event | undefined {
  const parsed = EXCHANGE.parseLog(log);
  const args = parsed?.args;
  switch (parsed?.name) {
    case "QueueEntryAdded": {
      const entry = queueEntryFromWords([args!.head, BigInt(args!.owner), args!.ax, args!.ay]);
      return { type: "queue", cursor: Number(args!.index), entry, queueHash: args!.queueHash };
    }
    case "EpochOpened":
      return { type: "epoch", epoch: readEpoch(args!), roundHash: args!.roundHash };
    case "BatchSettled":
      return {
        type: "settled",
        batchNumber: Number(args!.batchNumber),
        epochNumber: Number(args!.epochNumber),
        tier: Number(args!.tier),
        newRoot: args!.newRoot,
        queueCursor: Number(args!.queueCursor),
        feesPicoUsd: args!.feesPicoUsd,
        journalHead: args!.journalHead,
        sharedStateHash: args!.sharedStateHash,
      };
    case "BatchData":
      return { type: "data", batchNumber: Number(args!.batchNumber), words: wordsOf(args!.data) };
    case "WithdrawalCredited":
      return {
        type: "withdrawal",
        owner: args!.owner,
        batchNumber: Number(args!.batchNumber),
        amountMicroUsd: args!.amountMicroUsd,
      };
    case "Claimed":
      return { type: "claimed", owner: args!.owner, amountMicroUsd: args!.amountMicroUsd };
    default:
      return undefined;
  }
}
