import { adjustedCollateralPicoUsd, fieldFromSigned } from "../protocol/account.ts";
import { EMPTY_NODES, EMPTY_ORDER_ROOT } from "../protocol/derived.ts";
import type { EpochMarket } from "../protocol/epoch.ts";
import { messageFields } from "../protocol/message.ts";
import { pack } from "../protocol/packing.ts";
import { queueCursorWord } from "../protocol/public-data.ts";
import type { RequestKind } from "../protocol/queue-chain.ts";
import {
  ACCOUNT_TREE_LEVELS,
  EPOCH_WORD,
  MARKETS,
  ORDER_TREE_LEVELS,
  PPM,
  REQUEST_OUTCOME,
  TREE_ARITY,
  WIDTH,
} from "../protocol/spec.ts";
import { compileEpoch, type EpochTerms } from "../risk/epoch-terms.ts";
import { magnitude } from "../risk/magnitude.ts";
import { type Margin, marginOf, meetsInitialMargin } from "../risk/margin.ts";
import { type AccountRecord, settled, withDeposit } from "../state/account-record.ts";
import type { AccountTrace, BatchTrace, LiquidationTrace, RowTrace } from "../state/trace.ts";

/** A circuit input signal: a number or nested arrays of numbers. */
export type Signal = bigint | Signal[];
/** Inputs of circuits/batch.circom by name, without the three public ones. */
export type BatchInput = Record<string, Signal>;

const LANE_OFFSET = 1n << BigInt(WIDTH.sizeMagnitude);
const INDEX_OFFSET = 1n << BigInt(WIDTH.fundingIndexMagnitude);

const bit = (value: boolean): bigint => (value ? 1n : 0n);
const bits = (value: bigint, count: number): bigint[] =>
  Array.from({ length: count }, (_, i) => (value >> BigInt(i)) & 1n);
const oneHot = (position: number | undefined, length: number): bigint[] =>
  Array.from({ length }, (_, i) => bit(i === position));
/** Path of leaf 0 in an empty tree: an unused row or slot still proves some path, which is compared with nothing. */
const emptyPath = (levels: number): bigint[][] =>
  Array.from({ length: levels }, (_, level) => new Array<bigint>(TREE_ARITY).fill(EMPTY_NODES[level] as bigint));

/** Appends one record's signals to the columns of all records. */
function column(columns: BatchInput, record: Record<string, Signal>): void {
  for (const [name, value] of Object.entries(record)) {
    const list = columns[name];
    if (list === undefined) columns[name] = [value];
    else (list as Signal[]).push(value);
  }
}

function marketColumns(market: EpochMarket): Record<string, Signal> {
  return {
    price: BigInt(market.priceTicks),
    imf: BigInt(market.imfPpm),
    mmf: BigInt(market.mmfPpm),
    priceMin: BigInt(market.priceMinTicks),
    priceMax: BigInt(market.priceMaxTicks),
    fundingIndexOffset: market.fundingIndexPicoUsd + INDEX_OFFSET,
    restricted: bit(market.restricted),
    retired: bit(market.retired),
    isolatedOnly: bit(market.isolatedOnly),
    positionCap: market.positionCapLots,
    exitHaircut: BigInt(market.exitHaircutPpm),
    openInterestCap: market.grossOpenInterestCapLots,
  };
}

/** Signals of a row; a padding row has no choice and slot 0 of an empty tree. */
function rowColumns(row: RowTrace | undefined, accounts: number): Record<string, Signal> {
  const f = row === undefined ? undefined : messageFields(row.message);
  const signature = row?.message.signature;
  const kind = row?.message.kind;
  const withSlot = kind === "order" || kind === "cancel";
  return {
    rowIsOrder: bit(kind === "order"),
    rowIsCancel: bit(kind === "cancel"),
    rowIsCancelAll: bit(kind === "cancelAll"),
    rowIsWithdrawal: bit(kind === "withdrawal"),
    rowIsTransfer: bit(kind === "transfer"),
    rowChoice: oneHot(row?.accountSlot, accounts),
    rowAccount: f?.account ?? 0n,
    rowMarket: bits(f?.market ?? 0n, WIDTH.market),
    rowSide: f?.side ?? 0n,
    rowKeepFilled: f?.keepFilled ?? 0n,
    rowFlags: f?.flags ?? 0n,
    rowSlot: bits(f?.slot ?? 0n, WIDTH.slot),
    rowSequence: f?.sequence ?? 0n,
    rowExpiry: f?.expirySeconds ?? 0n,
    rowMaxFee: f?.maxFee ?? 0n,
    rowLimitPrice: f?.limitPriceTicks ?? 0n,
    rowSignedQuantity: f?.quantityLots ?? 0n,
    rowQuantity: BigInt(row?.quantityLots ?? 0),
    rowQuote: row?.quoteMicroUsd ?? 0n,
    rowFee: fieldFromSigned(row?.feePicoUsd ?? 0n),
    rowR8x: signature?.r8x ?? 0n,
    rowR8y: signature?.r8y ?? 0n,
    rowS: signature?.s ?? 0n,
    rowSequenceBefore: BigInt(row?.slotBefore.sequence ?? 0),
    rowFilledBefore: BigInt(row?.slotBefore.filledLots ?? 0),
    rowNewer: bit(row !== undefined && withSlot && row.message.sequence > row.slotBefore.sequence),
    rowOrderPath: row?.orderPath ?? emptyPath(ORDER_TREE_LEVELS),
  };
}

const lanes = (sizesLots: readonly bigint[] | undefined): bigint[] =>
  Array.from({ length: MARKETS }, (_, market) => (sizesLots?.[market] ?? 0n) + LANE_OFFSET);

/** S₀ of a slot: funding and retired markets settled, deposits in. */
function startOf(slot: AccountTrace, terms: EpochTerms): AccountRecord {
  return withDeposit(settled(slot.before, terms), slot.depositsMicroUsd);
}

/** Signals of the request, and of the first liquidation's part in it: no other may serve it. */
function requestSignals(trace: BatchTrace): BatchInput {
  const { request } = trace;
  const is = (kind: RequestKind): bigint => bit(request?.entry.kind === kind);
  const slot = request === undefined ? undefined : trace.accounts[request.accountSlot];
  const outcome = REQUEST_OUTCOME[request?.outcome ?? "none"];
  const terms = compileEpoch(trace.epoch);
  const margin = slot === undefined ? undefined : marginOf(terms, slot.after);
  const isBelow = margin !== undefined && margin.valuePicoUsd < margin.maintenancePicoUsd;
  const served = trace.liquidations[0]?.kind;
  return {
    requestIsForcedExit: is("forcedExit"),
    requestIsKeyRotation: is("keyRotation"),
    requestIsLiquidation: is("liquidationRequest"),
    requestIsCancelAll: is("cancelAll"),
    requestAccount: BigInt(request?.entry.account ?? 0),
    requestMinSequence: BigInt(request?.entry.minSequence ?? 0),
    requestAx: request?.entry.ax ?? 0n,
    requestAy: request?.entry.ay ?? 0n,
    outcomeLow: BigInt(outcome & 1),
    outcomeHigh: BigInt(outcome >> 1),
    requestChoice: oneHot(request?.accountSlot, trace.tier.accounts),
    requestRaises: bit(
      request !== undefined && slot !== undefined && request.entry.minSequence > slot.before.minSequence,
    ),
    requestBelow: bit(is("forcedExit") === 1n && request?.outcome === "inapplicable" && isBelow),
    requestPayout: request?.payoutMicroUsd ?? 0n,
    isExitFill: bit(served === "exitFill"),
    isForcedClose: bit(served === "forcedClose"),
    counterpartyExempt: bit(served === "forcedClose" && holdsRestricted(trace, trace.liquidations[0])),
  };
}

/** Whether the counterparty holds at S₀ a position in a market whose price is not fresh. */
function holdsRestricted({ accounts, epoch }: BatchTrace, row: LiquidationTrace | undefined): boolean {
  // What a retired market ends is in none that is restricted.
  const sizesLots = accounts[row?.counterpartySlot ?? -1]?.before.sizesLots;
  return epoch.markets.some(({ restricted }, market) => restricted && (sizesLots?.[market] ?? 0n) !== 0n);
}

/** Signals of a liquidation; a padding row names nobody. */
function liquidationColumns(row: LiquidationTrace | undefined, trace: BatchTrace, terms: EpochTerms): BatchInput {
  const account = row === undefined ? undefined : trace.accounts[row.accountSlot];
  const accounts = trace.tier.accounts;
  return {
    liquidationIsLiquidation: bit(row?.kind === "liquidation"),
    liquidationIsDeleveraging: bit(row?.kind === "deleveraging"),
    liquidationAccount: oneHot(row?.accountSlot, accounts),
    liquidationCounterparty: oneHot(row?.counterpartySlot, accounts),
    liquidationMarket: bits(BigInt(row?.market ?? 0), WIDTH.market),
    liquidationSide: bit(row?.side === "sell"),
    liquidationQuantity: BigInt(row?.quantityLots ?? 0),
    liquidationQuote: row?.quoteMicroUsd ?? 0n,
    liquidationFee: row?.feePicoUsd ?? 0n,
    liquidationPayout: row?.payoutPicoUsd ?? 0n,
    liquidationCovered: row?.coveredPicoUsd ?? 0n,
    liquidationPays: bit((row?.payoutPicoUsd ?? 0n) > 0n),
    liquidationCapped: bit(
      account !== undefined && isOfFund(row) && spreadIsCapped(terms, marginOf(terms, startOf(account, terms))),
    ),
  };
}

/** Whether the row may involve the insurance fund (docs/protocol.md §5a), which none does that serves a request. */
function isOfFund(row: LiquidationTrace | undefined): boolean {
  return row?.kind === "liquidation" || row?.kind === "deleveraging";
}

/** Whether X of rule 7 is at its upper end (docs/protocol.md §5a). */
function spreadIsCapped({ liquidation }: EpochTerms, { valuePicoUsd, maintenancePicoUsd }: Margin): boolean {
  const proportional = BigInt(liquidation.bankruptcyAdjustmentPpm) * (maintenancePicoUsd - valuePicoUsd);
  return proportional >= BigInt(PPM) * maintenancePicoUsd;
}

/** Signals of an account slot; an unused one is a flat account that nothing refers to. */
function slotColumns(
  slot: AccountTrace | undefined,
  healthy: boolean,
  startSizesLots: readonly bigint[] | undefined,
): Record<string, Signal> {
  const before = slot?.before;
  return {
    slotActive: bit(slot !== undefined),
    slotAccount: BigInt(slot?.account ?? 0),
    slotOwner: before?.owner ?? 0n,
    slotAx: before?.ax ?? 0n,
    slotAy: before?.ay ?? 0n,
    slotCollateral: before === undefined ? 0n : fieldFromSigned(adjustedCollateralPicoUsd(before)),
    slotOrderRoot: before?.orderRoot ?? EMPTY_ORDER_ROOT,
    slotWithdrawalNonce: BigInt(before?.withdrawalNonce ?? 0),
    slotMinSequence: BigInt(before?.minSequence ?? 0),
    slotLane: lanes(before?.sizesLots),
    slotLaneAfter: lanes(slot?.after.sizesLots),
    slotHealthy: bit(healthy),
    slotGrows: Array.from({ length: MARKETS }, (_, market) => {
      const lots = slot?.after.sizesLots[market] ?? 0n;
      return bit(magnitude(lots) > magnitude(startSizesLots?.[market] ?? 0n));
    }),
    slotPath: slot?.path ?? emptyPath(ACCOUNT_TREE_LEVELS),
  };
}

/**
 * Formats a batch for the circuit. Only formats: every value was decided by the ledger and the batcher; the prover's choices
 * (newer, healthy, grows, withinCap, pays, capped, raises, below, exempt) say which branch of a rule holds.
 */
export function batchInput(trace: BatchTrace): BatchInput {
  const { tier, epoch } = trace;
  const input: BatchInput = {
    domain: trace.domain,
    oldRoot: trace.oldRoot,
    newRoot: trace.newRoot,
    batchNumber: BigInt(trace.batchNumber),
    epochNumber: BigInt(epoch.number),
    epochTime: BigInt(epoch.timeSeconds),
    rebateCap: BigInt(epoch.rebateCapPpm),
    queuePosition: queueCursorWord({ queueCursor: trace.queueCursor, queue: trace.queue }),
    ...requestSignals(trace),
    journalHead: trace.journalHead,
    fundingDigest: trace.fundingDigest,
    insuranceSpent: trace.insuranceSpentBeforePicoUsd,
    liquidationFeeCap: BigInt(epoch.liquidation.feeCapPpm),
    liquidationSpread: BigInt(epoch.liquidation.spreadPpm),
    bankruptcyAdjustment: BigInt(epoch.liquidation.bankruptcyAdjustmentPpm),
    insuranceCap: epoch.liquidation.insuranceCapMicroUsd,
    openInterestBefore: trace.grossOpenInterestBeforeLots,
    withinCap: epoch.markets.map((m, i) =>
      bit((trace.grossOpenInterestAfterLots[i] ?? 0n) <= m.grossOpenInterestCapLots),
    ),
    subRoots: tier.registerLevels === 0 ? [0n] : trace.subRoots,
  };
  for (const market of epoch.markets) column(input, marketColumns(market));
  for (let q = 0; q < tier.queue; q++) {
    const entry = trace.queue[q];
    const slot = entry === undefined ? undefined : trace.accounts.findIndex((a) => a.account === entry.account);
    column(input, {
      queueIsRegistration: bit(entry?.kind === "registration"),
      queueIsDeposit: bit(entry?.kind === "deposit"),
      queueAccount: BigInt(entry?.account ?? 0),
      queueAmount: entry?.amountMicroUsd ?? 0n,
      queueOwner: entry?.owner ?? 0n,
      queueAx: entry?.ax ?? 0n,
      queueAy: entry?.ay ?? 0n,
      queueChoice: oneHot(slot, tier.accounts),
    });
  }
  for (let i = 0; i < tier.rows; i++) column(input, rowColumns(trace.rows[i], tier.accounts));
  for (let i = 0; i < tier.withdrawals; i++) {
    column(input, { rowReceiver: oneHot(trace.rows[i]?.receiverSlot, tier.accounts) });
  }
  const terms = compileEpoch(epoch);
  for (let k = 0; k < tier.liquidations; k++) column(input, liquidationColumns(trace.liquidations[k], trace, terms));
  const named = new Set(
    trace.liquidations.flatMap(({ accountSlot, counterpartySlot }) => [accountSlot, counterpartySlot]),
  );
  for (let j = 0; j < tier.accounts; j++) {
    const slot = trace.accounts[j];
    // Whoever a liquidation names is judged by the liquidation's rules, however well it ends.
    const healthy = slot === undefined || (!named.has(j) && meetsInitialMargin(terms, slot.after));
    column(input, slotColumns(slot, healthy, slot && startOf(slot, terms).sizesLots));
  }
  return input;
}

export function epochWord(trace: Pick<BatchTrace, "batchNumber" | "epoch">): bigint {
  return pack(EPOCH_WORD, {
    batchNumber: BigInt(trace.batchNumber),
    epochNumber: BigInt(trace.epoch.number),
    epochTimeSeconds: BigInt(trace.epoch.timeSeconds),
    rebateCapPpm: BigInt(trace.epoch.rebateCapPpm),
  });
}
