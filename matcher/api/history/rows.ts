import type { Side } from "../../protocol/message.ts";
import type {
  CandleRecord,
  DepositRecord,
  EpochMarketRecord,
  EpochRecord,
  FillRecord,
  ForcedTradeRecord,
  FundingPaymentRecord,
  IntervalRecord,
  OrderRecord,
  TouchedRecord,
  TransferRecord,
  WithdrawalRecord,
} from "./records.ts";
import type { TableName } from "./tables.ts";

/** What a column holds. */
export type SqlValue = number | string | null | Uint8Array;
export type Row = SqlValue[];

/** Between a record and its row. `fromRow(toRow(record))` is the record. */
interface RowCodec<R> {
  toRow(record: R): Row;
  fromRow(row: Row): R;
}

const WORD_BYTES = 32;

function sideFrom(value: SqlValue | undefined): Side {
  return value === 0 ? "buy" : "sell";
}

function sideTo(side: Side): number {
  return side === "buy" ? 0 : 1;
}

/** JSON with bigints: each is an object of its decimal digits. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, item) => (typeof item === "bigint" ? { big: item.toString() } : item));
}

function parsedFrom<T>(text: string): T {
  return JSON.parse(text, (_, item) => {
    return typeof item === "object" && item !== null && typeof item.big === "string" ? BigInt(item.big) : item;
  }) as T;
}

function wordsTo(words: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(words.length * WORD_BYTES);
  for (const [index, word] of words.entries()) {
    const hex = word.toString(16).padStart(2 * WORD_BYTES, "0");
    for (let at = 0; at < WORD_BYTES; at++) {
      bytes[index * WORD_BYTES + at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
    }
  }
  return bytes;
}

function wordsFrom(bytes: Uint8Array): bigint[] {
  return Array.from({ length: bytes.length / WORD_BYTES }, (_, index) => {
    const word = bytes.subarray(index * WORD_BYTES, (index + 1) * WORD_BYTES);
    return BigInt(`0x${Buffer.from(word).toString("hex")}`);
  });
}

/** The columns are those of {@link COLUMNS}, whose order they have. */
export interface Records {
  orders: OrderRecord;
  trades: FillRecord;
  deposits: DepositRecord;
  withdrawals: WithdrawalRecord;
  transfers: TransferRecord;
  forced_trades: ForcedTradeRecord;
  funding_payments: FundingPaymentRecord;
  touched: TouchedRecord;
  epochs: EpochRecord;
  funding_intervals: IntervalRecord;
  candles: CandleRecord;
}

type Numbers = number[];

/** In the column "liquidation": whose position the fill closed without a signature. */
const LIQUIDATED = 1;
const LEFT = 2;
/** In the column "nonce": what a forced exit paid. */
const NOT_SIGNED = -1;

function takerKindTo({ liquidation, exit }: Pick<FillRecord, "liquidation" | "exit">): number {
  if (exit) return LEFT;
  return liquidation ? LIQUIDATED : 0;
}

export const ROWS: { readonly [T in TableName]: RowCodec<Records[T]> } = {
  orders: {
    toRow: (order) => [
      ...[order.seq, order.account, order.slot, order.sequence, order.market, sideTo(order.side), order.priceTicks],
      ...[order.quantityLots, order.filledLots, order.remainingLots, order.closed, order.acceptedAtMs],
      ...[order.updatedAtMs, order.clientId, order.command, order.lastFillStep],
    ],
    fromRow: (row) => {
      const [seq, account, slot, sequence, market, , priceTicks, quantityLots, filledLots, remainingLots] =
        row as Numbers;
      const [closed, acceptedAtMs, updatedAtMs, clientId, command, lastFillStep] = row.slice(10);
      return {
        ...{ seq, account, slot, sequence, market, side: sideFrom(row[5]), priceTicks, quantityLots, filledLots },
        ...{ remainingLots, closed, acceptedAtMs, updatedAtMs, clientId, command, lastFillStep },
      } as OrderRecord;
    },
  },
  trades: {
    toRow: ({ maker, taker, ...fill }) => [
      ...[fill.tradeId, fill.seq, fill.market, fill.priceTicks, fill.quantityLots, sideTo(fill.takerSide)],
      ...[maker.account, maker.slot, maker.sequence, maker.feePicoUsd.toString()],
      ...[taker.account, taker.slot, taker.sequence, taker.feePicoUsd.toString()],
      ...[takerKindTo(fill), fill.step, fill.atMs],
    ],
    fromRow: (row) => {
      const [tradeId, seq, market, priceTicks, quantityLots] = row as Numbers;
      const [takerKind, step, atMs] = row.slice(14) as Numbers;
      const sideOf = ([account, slot, sequence, fee]: Row) => {
        return { account, slot, sequence, feePicoUsd: BigInt(fee as string) } as FillRecord["maker"];
      };
      const sides = { maker: sideOf(row.slice(6, 10)), taker: sideOf(row.slice(10, 14)) };
      const terms = { tradeId, seq, market, priceTicks, quantityLots, takerSide: sideFrom(row[5]) };
      return {
        ...terms,
        ...sides,
        liquidation: takerKind === LIQUIDATED,
        exit: takerKind === LEFT,
        step,
        atMs,
      } as FillRecord;
    },
  },
  deposits: {
    toRow: ({ seq, account, amountMicroUsd, step, atMs }) => [seq, account, amountMicroUsd.toString(), step, atMs],
    fromRow: ([seq, account, amount, step, atMs]) => {
      return { seq, account, amountMicroUsd: BigInt(amount as string), step, atMs } as DepositRecord;
    },
  },
  withdrawals: {
    toRow: ({ seq, account, nonce, amountMicroUsd, step, atMs }) => {
      return [seq, account, nonce ?? NOT_SIGNED, amountMicroUsd.toString(), step, atMs];
    },
    fromRow: ([seq, account, nonce, amount, step, atMs]) => {
      const signed = nonce === NOT_SIGNED ? null : nonce;
      return { seq, account, nonce: signed, amountMicroUsd: BigInt(amount as string), step, atMs } as WithdrawalRecord;
    },
  },
  transfers: {
    toRow: ({ seq, account, to, nonce, amountMicroUsd, step, atMs }) => {
      return [seq, account, to, nonce, amountMicroUsd.toString(), step, atMs];
    },
    fromRow: ([seq, account, to, nonce, amount, step, atMs]) => {
      return { seq, account, to, nonce, amountMicroUsd: BigInt(amount as string), step, atMs } as TransferRecord;
    },
  },
  forced_trades: {
    toRow: ({ seq, event, step, atMs }) => [seq, event.account, textOf(event), step, atMs],
    fromRow: ([seq, , event, step, atMs]) => {
      return { seq, event: parsedFrom(event as string), step, atMs } as ForcedTradeRecord;
    },
  },
  funding_payments: {
    toRow: (payment) => [
      ...[payment.id, payment.account, payment.market, payment.sizeLots, payment.fromEpoch, payment.epoch],
      ...[payment.fromSeconds, payment.toSeconds, payment.indexDeltaPicoUsd.toString()],
      ...[payment.amountPicoUsd.toString(), payment.step, payment.atMs],
    ],
    fromRow: (row) => {
      const [id, account, market, sizeLots, fromEpoch, epoch, fromSeconds, toSeconds] = row as Numbers;
      const [delta, amount, step, atMs] = row.slice(8);
      const amounts = { indexDeltaPicoUsd: BigInt(delta as string), amountPicoUsd: BigInt(amount as string) };
      const terms = { id, account, market, sizeLots, fromEpoch, epoch, fromSeconds, toSeconds };
      return { ...terms, ...amounts, step, atMs } as FundingPaymentRecord;
    },
  },
  touched: {
    toRow: ({ account, epoch, epochSeconds, sizesLots, indicesPicoUsd }) => {
      return [account, epoch, epochSeconds, JSON.stringify(sizesLots), indicesPicoUsd.join(" ")];
    },
    fromRow: ([account, epoch, epochSeconds, sizes, indices]) => {
      const indicesPicoUsd = (indices as string).split(" ").map(BigInt);
      return { account, epoch, epochSeconds, sizesLots: JSON.parse(sizes as string), indicesPicoUsd } as TouchedRecord;
    },
  },
  epochs: {
    toRow: ({ number, timeSeconds, atMs, step, markets }) => [number, timeSeconds, atMs, step, textOf(markets)],
    fromRow: ([number, timeSeconds, atMs, step, markets]) => {
      const records = parsedFrom<(EpochMarketRecord | null)[]>(markets as string);
      return { number, timeSeconds, atMs, step, markets: records } as EpochRecord;
    },
  },
  funding_intervals: {
    toRow: ({ interval, words, previousDigest, digest }) => {
      return [interval, wordsTo(words), previousDigest.toString(), digest.toString()];
    },
    fromRow: ([interval, words, previous, digest]) => {
      const digests = { previousDigest: BigInt(previous as string), digest: BigInt(digest as string) };
      return { interval: interval as number, words: wordsFrom(words as Uint8Array), ...digests };
    },
  },
  candles: {
    toRow: (candle) => [
      ...[candle.market, candle.resolutionMs, candle.startMs, candle.openTicks, candle.highTicks, candle.lowTicks],
      ...[candle.closeTicks, candle.baseLots.toString(), candle.quoteMicroUsd.toString(), candle.trades],
    ],
    fromRow: (row) => {
      const [market, resolutionMs, startMs, openTicks, highTicks, lowTicks, closeTicks] = row as Numbers;
      const ticks = { openTicks, highTicks, lowTicks, closeTicks };
      const amounts = { baseLots: BigInt(row[7] as string), quoteMicroUsd: BigInt(row[8] as string) };
      return { market, resolutionMs, startMs, ...ticks, ...amounts, trades: row[9] } as CandleRecord;
    },
  },
};
