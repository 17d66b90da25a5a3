import { ByteReader, ByteWriter } from "../protocol/byte-stream.ts";
import { CONDITIONAL_TAG, conditionalCommandBytes, readConditional } from "../protocol/conditional.ts";
import {
  liquidationTermsFromWord,
  liquidationTermsWord,
  marketFromWord,
  marketWord,
  type OpenedEpoch,
} from "../protocol/epoch-record.ts";
import { isClientId, MESSAGE_TAG, messageCommandBytes, recordBytes, splitRecord } from "../protocol/journal-record.ts";
import { type Instruction, messageWord, orderFromWord, type Signature } from "../protocol/message.ts";
import { unpack } from "../protocol/packing.ts";
import { isRequest } from "../protocol/queue-chain.ts";
import { MARKETS, MESSAGE_KIND, MESSAGE_WORD, WIDTH } from "../protocol/spec.ts";
import type { QueueEntry } from "../state/trace.ts";
import type { Command } from "./command.ts";

/** First byte of a command. Stable: the journal and the head of the hash chain depend on it. */
const TAG = {
  epoch: 1,
  queue: 2,
  message: MESSAGE_TAG,
  cancelAllApi: 4,
  feeTier: 5,
  fundingSample: 6,
  liquidationSweep: 7,
  deadMansSwitch: 8,
  cancelApi: 9,
  conditional: CONDITIONAL_TAG,
  conditionalSweep: 17,
  cancelAt: 18,
} as const;
const ENTRY_KINDS: readonly QueueEntry["kind"][] = [
  "registration",
  "deposit",
  "forcedExit",
  "keyRotation",
  "liquidationRequest",
  "cancelAll",
];
/** Tier byte of a request that names none: the state refuses it. */
const NO_TIER = 0xff;
/** Market byte of a cancelAllApi that names none. */
const EVERY_MARKET = 0xff;

/**
 * The canonical bytes of a command: fixed widths, big-endian, one encoding for each command. They are what is hashed into the
 * journal head and what the durable journal keeps. @throws RangeError naming a field that does not fit its width.
 */
export function commandBytes(command: Command): Uint8Array {
  if (command.type === "message") return messageCommandBytes(command);
  if (command.type === "conditional") return conditionalCommandBytes(command);
  const out = new ByteWriter();
  out.uint(TAG[command.type], 1);
  switch (command.type) {
    case "epoch":
      writeEpoch(out, command.epoch);
      break;
    case "queue": {
      const { entry, cursor } = command;
      out.uint(cursor, 8);
      out.uint(ENTRY_KINDS.indexOf(entry.kind), 1);
      out.uint(entry.account, 4);
      out.bigUint(entry.amountMicroUsd, 8);
      out.uint(entry.minSequence, 8);
      out.bigUint(entry.owner, 20);
      out.bigUint(entry.ax, 32);
      out.bigUint(entry.ay, 32);
      if (isRequest(entry)) out.uint(command.tier ?? NO_TIER, 1);
      break;
    }
    case "cancelAllApi":
      out.uint(command.account, 4);
      out.uint(command.market ?? EVERY_MARKET, 1);
      break;
    case "cancelApi":
      out.uint(command.account, 4);
      out.uint(command.slot, 2);
      out.uint(command.sequence, 6);
      break;
    case "deadMansSwitch":
      out.uint(command.account, 4);
      out.uint(command.timeoutMs, 4);
      break;
    case "feeTier":
      out.uint(command.account, 4);
      out.uint(command.tier, 1);
      break;
    case "fundingSample":
      out.uint(command.timeSeconds, 4);
      break;
    case "cancelAt":
      out.uint(command.account, 4);
      out.uint(command.slot, 2);
      out.uint(command.sequence, 6);
      out.uint(command.atMs, 8);
      break;
    case "liquidationSweep":
    case "conditionalSweep":
      break;
  }
  return out.bytes();
}

/** Inverse of {@link commandBytes}. @throws RangeError for bytes that are no command, or more or fewer than one. */
export function commandFromBytes(bytes: Uint8Array): Command {
  const source = new ByteReader(bytes);
  const command = readCommand(source);
  source.end();
  return command;
}

function readCommand(source: ByteReader): Command {
  const tag = source.uint(1);
  switch (tag) {
    case TAG.epoch:
      return { type: "epoch", epoch: readEpoch(source) };
    case TAG.queue: {
      const cursor = source.uint(8);
      const kind = ENTRY_KINDS[source.uint(1)];
      if (kind === undefined) throw new RangeError("unknown kind of queue entry");
      const account = source.uint(4);
      const amountMicroUsd = source.bigUint(8);
      const minSequence = source.uint(8);
      const owner = source.bigUint(20);
      const ax = source.bigUint(32);
      const ay = source.bigUint(32);
      const entry = { kind, account, amountMicroUsd, minSequence, owner, ax, ay };
      return { type: "queue", entry, cursor, ...(isRequest(entry) ? { tier: source.uint(1) } : {}) };
    }
    case TAG.message: {
      const kind = source.uint(1);
      const settle = source.uint(1) === 1;
      const message = messageFromWord(kind, source.bigUint(32));
      const signature: Signature = { r8x: source.bigUint(32), r8y: source.bigUint(32), s: source.bigUint(32) };
      const clientId = readClientId(source);
      if (clientId === "") return { type: "message", message: { ...message, signature }, settle };
      if (message.kind !== "order") throw new RangeError(`a ${message.kind} with a client id`);
      return { type: "message", message: { ...message, signature }, settle, clientId };
    }
    case TAG.cancelAllApi: {
      const account = source.uint(4);
      const market = source.uint(1);
      return { type: "cancelAllApi", account, market: market === EVERY_MARKET ? null : market };
    }
    case TAG.cancelApi:
      return { type: "cancelApi", account: source.uint(4), slot: source.uint(2), sequence: source.uint(6) };
    case TAG.deadMansSwitch:
      return { type: "deadMansSwitch", account: source.uint(4), timeoutMs: source.uint(4) };
    case TAG.feeTier:
      return { type: "feeTier", account: source.uint(4), tier: source.uint(1) };
    case TAG.fundingSample:
      return { type: "fundingSample", timeSeconds: source.uint(4) };
    case TAG.liquidationSweep:
      return { type: "liquidationSweep" };
    case TAG.conditional:
      return { type: "conditional", ...readConditional(source) };
    case TAG.conditionalSweep:
      return { type: "conditionalSweep" };
    case TAG.cancelAt: {
      const [account, slot, sequence] = [source.uint(4), source.uint(2), source.uint(6)];
      return { type: "cancelAt", account, slot, sequence, atMs: source.uint(8) };
    }
    default:
      throw new RangeError(`no command has the tag ${tag}`);
  }
}

function readClientId(source: ByteReader): string {
  const length = source.uint(1);
  const clientId = String.fromCharCode(...Array.from({ length }, () => source.uint(1)));
  if (length > 0 && !isClientId(clientId)) throw new RangeError("a client id that is not printable");
  return clientId;
}

/** A journal record read back. */
export interface JournalRecord {
  readonly acceptedAtMs: number;
  readonly command: Command;
}

/** Bytes of a journal record. @throws RangeError naming a field that does not fit its width */
export function journalRecordBytes({ acceptedAtMs, command }: JournalRecord): Uint8Array {
  return recordBytes(acceptedAtMs, commandBytes(command));
}

/** Inverse of {@link journalRecordBytes}. @throws RangeError for bytes that are no record */
export function journalRecordFromBytes(bytes: Uint8Array): JournalRecord {
  const { acceptedAtMs, commandBytes: rest } = splitRecord(bytes);
  return { acceptedAtMs, command: commandFromBytes(rest) };
}

/** Reads a message back from its kind and signed word. @throws RangeError for a kind or bits that no message has. */
export function messageFromWord(kind: number, word: bigint): Instruction {
  if (kind === MESSAGE_KIND.order) return orderFromWord(word);
  const fields = unpack(MESSAGE_WORD, word);
  const account = Number(fields.account);
  const sequence = Number(fields.sequence);
  let message: Instruction;
  if (kind === MESSAGE_KIND.cancel) message = { kind: "cancel", account, slot: Number(fields.slot), sequence };
  else if (kind === MESSAGE_KIND.cancelAll) message = { kind: "cancelAll", account, sequence };
  else if (kind === MESSAGE_KIND.withdrawal) {
    const amountMicroUsd = (fields.limitPriceTicks << BigInt(WIDTH.quantityLots)) | fields.quantityLots;
    message = { kind: "withdrawal", account, sequence, expirySeconds: Number(fields.expirySeconds), amountMicroUsd };
  } else if (kind === MESSAGE_KIND.transfer) {
    const amountMicroUsd = (fields.limitPriceTicks << BigInt(WIDTH.quantityLots)) | fields.quantityLots;
    const to = Number(fields.slot | (fields.flags << BigInt(WIDTH.slot)));
    message = { kind: "transfer", account, to, sequence, expirySeconds: Number(fields.expirySeconds), amountMicroUsd };
  } else if (kind === MESSAGE_KIND.marginMode) {
    const isolatedMarket = fields.side === 1n ? Number(fields.market) : null;
    message = { kind: "marginMode", account, isolatedMarket, sequence };
  } else throw new RangeError(`no message has the kind ${kind}`);
  if (messageWord(message) !== word) throw new RangeError(`the word has fields that a ${message.kind} does not use`);
  return message;
}

function writeEpoch(out: ByteWriter, epoch: OpenedEpoch): void {
  out.uint(epoch.number, 8);
  out.uint(epoch.timeSeconds, 4);
  out.uint(epoch.rebateCapPpm, 4);
  out.uint(epoch.paramVersion, 4);
  out.bigUint(epoch.journalHead, 32);
  out.bigUint(liquidationTermsWord(epoch.liquidation), 32);
  if (epoch.markets.length !== MARKETS) throw new RangeError(`an epoch has ${MARKETS} markets`);
  for (const market of epoch.markets) {
    out.bigUint(marketWord(market), 32);
    out.bigUint(market.grossOpenInterestCapLots, 8);
    out.uint(market.exitHaircutPpm, 4);
  }
}

function readEpoch(source: ByteReader): OpenedEpoch {
  const number = source.uint(8);
  const timeSeconds = source.uint(4);
  const rebateCapPpm = source.uint(4);
  const paramVersion = source.uint(4);
  const journalHead = source.bigUint(32);
  const liquidation = liquidationTermsFromWord(source.bigUint(32));
  const markets = Array.from({ length: MARKETS }, () => {
    const word = source.bigUint(32);
    const grossOpenInterestCapLots = source.bigUint(8);
    return marketFromWord(word, grossOpenInterestCapLots, source.uint(4));
  });
  return { number, timeSeconds, rebateCapPpm, liquidation, paramVersion, journalHead, markets };
}
