import { pathSlot } from "../protocol/message.ts";
import type { AccountStore } from "../state/account-store.ts";
import type { OpenAccount, OpenLiquidation, OpenRow } from "../state/batch-parts.ts";
import type { OpenBatch } from "../state/open-batch.ts";
import type { AccountTrace, BatchTrace, LiquidationTrace, RowTrace } from "../state/trace.ts";

/** The part of a trace that comes from the trees. */
export type StoredBatch = Pick<BatchTrace, "oldRoot" | "newRoot" | "subRoots" | "rows" | "liquidations" | "accounts">;

/**
 * Writes a closed batch into the trees in the circuit's order (rows, then accounts), noting what every path was at its moment. Gives way
 * after every path: a batch takes hundreds of hashes.
 */
export function* storeBatch(store: AccountStore, batch: OpenBatch): Generator<void, StoredBatch> {
  const oldRoot = store.root;
  const subRoots = store.subRoots();
  const accounts = batch.accounts();
  const before = new Map(accounts.map((account) => [account.account, leafBefore(store, account)]));
  const positions = new Map(accounts.map(({ account }, position) => [account, position]));
  const position = (account: number) => positions.get(account) as number;
  const rows: RowTrace[] = [];
  for (const row of batch.rows()) {
    const { message } = row;
    const stored = storeRow(store, row, position(message.account));
    rows.push(message.kind === "transfer" ? { ...stored, receiverSlot: position(message.to) } : stored);
    yield;
  }
  const liquidations = batch.liquidations().map((row) => liquidationTrace(row, position));
  const stored: AccountTrace[] = [];
  for (const { account, isNew, now, depositsMicroUsd } of accounts) {
    store.setRecord(account, now);
    const after = store.leaf(account);
    const path = store.store(account);
    stored.push({
      account,
      isNew,
      before: before.get(account) as AccountTrace["before"],
      after,
      depositsMicroUsd,
      path,
    });
    yield;
  }
  return { oldRoot, newRoot: store.root, subRoots, rows, liquidations, accounts: stored };
}

function liquidationTrace(row: OpenLiquidation, position: (account: number) => number): LiquidationTrace {
  const { kind, account, counterparty, market, side, quoteMicroUsd, feePicoUsd, payoutPicoUsd, coveredPicoUsd } = row;
  return {
    kind,
    account,
    accountSlot: position(account),
    ...(counterparty === undefined ? {} : { counterparty, counterpartySlot: position(counterparty) }),
    market,
    side,
    quantityLots: Number(row.quantityLots),
    quoteMicroUsd,
    feePicoUsd,
    payoutPicoUsd,
    coveredPicoUsd,
  };
}

/** Leaf as the batch finds it; an account that the batch registers gets its record here, so that rows can reach its slots. */
function leafBefore(store: AccountStore, { account, isNew, before }: OpenAccount): AccountTrace["before"] {
  if (isNew) store.setRecord(account, before);
  return store.leaf(account);
}

function storeRow(store: AccountStore, row: OpenRow, accountSlot: number): RowTrace {
  const { message, quantityLots, quoteMicroUsd, feePicoUsd } = row;
  const slot = pathSlot(message);
  const orderPath = store.orderPath(message.account, slot);
  const slotBefore = store.slot(message.account, slot);
  const slotAfter = row.slotAfter ?? slotBefore;
  const expected = row.slotBefore ?? slotBefore;
  if (expected.sequence !== slotBefore.sequence || expected.filledLots !== slotBefore.filledLots) {
    throw new Error(`slot ${slot} of account ${message.account} is not what the batch was checked against`);
  }
  if (slotAfter !== slotBefore) store.setSlot(message.account, slot, slotAfter);
  return { message, accountSlot, quantityLots, quoteMicroUsd, feePicoUsd, slotBefore, slotAfter, orderPath };
}
