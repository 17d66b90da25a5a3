import { countersWord, sizeWords } from "../protocol/account.ts";
import { kindNumber } from "../protocol/message.ts";
import { pack, unpack } from "../protocol/packing.ts";
import {
  ACCOUNT_WORD,
  COUNTERS_WORD,
  LIQUIDATION_WORD,
  ROW_KIND,
  ROW_WORD,
  WIDTH,
  WITHDRAWAL_WORD,
} from "../protocol/spec.ts";
import type { AccountTrace, BatchTrace, LiquidationTrace, RowTrace } from "../state/trace.ts";

const COLLATERAL_OFFSET = 1n << BigInt(WIDTH.collateralMagnitude);

/** The published word of a row (docs/protocol.md §8). */
export function rowWord(row: RowTrace): bigint {
  const { message } = row;
  const withSlot = message.kind === "order" || message.kind === "cancel";
  return pack(ROW_WORD, {
    kind: BigInt(kindNumber(message.kind)),
    accountSlot: BigInt(row.accountSlot),
    slot: withSlot ? BigInt(message.slot) : 0n,
    sequence: BigInt(message.sequence),
    filledAfterLots: withSlot ? BigInt(row.slotAfter.filledLots) : 0n,
    market: message.kind === "order" ? BigInt(message.market) : 0n,
    side: message.kind === "order" && message.side === "sell" ? 1n : 0n,
    quantityLots: BigInt(row.quantityLots),
    quoteMicroUsd: row.quoteMicroUsd,
  });
}

/** The published word of a row that nobody signed. */
export function liquidationWord(row: LiquidationTrace): bigint {
  return pack(LIQUIDATION_WORD, {
    kind: BigInt(ROW_KIND[row.kind]),
    accountSlot: BigInt(row.accountSlot),
    counterpartySlot: BigInt(row.counterpartySlot ?? 0),
    market: BigInt(row.market),
    side: row.side === "sell" ? 1n : 0n,
    quantityLots: BigInt(row.quantityLots),
    quoteMicroUsd: row.quoteMicroUsd,
  });
}

/** What a withdrawal row pays, or 0. */
export function withdrawalWord(row: RowTrace | undefined, accounts: readonly AccountTrace[]): bigint {
  if (row?.message.kind !== "withdrawal") return 0n;
  const owner = accounts[row.accountSlot]?.before.owner;
  if (owner === undefined)
    throw new RangeError(`row refers to account slot ${row.accountSlot}, which the batch does not have`);
  return pack(WITHDRAWAL_WORD, { owner, amountMicroUsd: row.message.amountMicroUsd });
}

/** What a forced exit pays to the account's L1 owner, or 0. */
export function exitPayoutWord({ request, accounts }: Pick<BatchTrace, "request" | "accounts">): bigint {
  if (request === undefined || request.payoutMicroUsd === 0n) return 0n;
  const owner = accounts[request.accountSlot]?.before.owner;
  if (owner === undefined)
    throw new RangeError(`the request refers to account slot ${request.accountSlot}, which the batch does not have`);
  return pack(WITHDRAWAL_WORD, { owner, amountMicroUsd: request.payoutMicroUsd });
}

/** The three published words of an account slot. */
export function accountWords(slot: AccountTrace): bigint[] {
  const counters = unpack(COUNTERS_WORD, countersWord(slot.after));
  return [
    pack(ACCOUNT_WORD, {
      active: 1n,
      account: BigInt(slot.account),
      withdrawalNonce: counters.withdrawalNonce,
      minSequence: counters.minSequence,
      collateralOffset: slot.after.collateralPicoUsd + COLLATERAL_OFFSET,
    }),
    ...sizeWords(slot.after.sizesLots),
  ];
}

/** Withdrawals, a forced exit's payment, rows, liquidations and account slots, zero padded: what the prover contributes to d beside the header's words. */
export function bodyWords(trace: BatchTrace): bigint[] {
  const { tier } = trace;
  const words: bigint[] = [];
  for (let i = 0; i < tier.withdrawals; i++) words.push(withdrawalWord(trace.rows[i], trace.accounts));
  words.push(exitPayoutWord(trace));
  for (let i = 0; i < tier.rows; i++) {
    const row = trace.rows[i];
    words.push(row === undefined ? 0n : rowWord(row));
  }
  for (let i = 0; i < tier.liquidations; i++) {
    const row = trace.liquidations[i];
    words.push(row === undefined ? 0n : liquidationWord(row));
  }
  for (let j = 0; j < tier.accounts; j++) {
    const slot = trace.accounts[j];
    words.push(...(slot === undefined ? [0n, 0n, 0n] : accountWords(slot)));
  }
  return words;
}

/** Σ fee of the signed rows, pico-USD: what a liquidation pays goes to the insurance fund's account. */
export function feeDeltaPicoUsd({ rows }: { readonly rows: readonly Pick<RowTrace, "feePicoUsd">[] }): bigint {
  return rows.reduce((sum, row) => sum + row.feePicoUsd, 0n);
}
