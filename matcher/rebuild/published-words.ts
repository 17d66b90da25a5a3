import { sizesFromWords } from "../protocol/account.ts";
import { marketFromWord } from "../protocol/epoch-record.ts";
import type { Side } from "../protocol/message.ts";
import { unpack } from "../protocol/packing.ts";
import { queueEntryFromWords, type ServedRequest } from "../protocol/queue-chain.ts";
import {
  ACCOUNT_SLOT_WORDS,
  ACCOUNT_WORD,
  dataLayout,
  HEADER,
  LIQUIDATION_WORD,
  MARKETS,
  QUEUE_CURSOR_WORD,
  QUEUE_ENTRY_WORDS,
  REQUEST_OUTCOME,
  ROW_KIND,
  ROW_WORD,
  type Tier,
  WIDTH,
} from "../protocol/spec.ts";
import { newAccount } from "../state/account-record.ts";
import type { AccountStore } from "../state/account-store.ts";

const COLLATERAL_OFFSET = 1n << BigInt(WIDTH.collateralMagnitude);

const OUTCOMES = (Object.keys(REQUEST_OUTCOME) as (keyof typeof REQUEST_OUTCOME)[]).filter((name) => name !== "none");
const FORCED_KINDS = ["liquidation", "deleveraging", "exitFill", "forcedClose"] as const;

/** A row that nobody signed, as its word tells it. */
export interface PublishedLiquidation {
  readonly kind: (typeof FORCED_KINDS)[number];
  readonly account: number;
  /** Of what is outside the pool: deleveraging and forced close. */
  readonly counterparty: number | undefined;
  readonly market: number;
  /** What the account does. */
  readonly side: Side;
  readonly quantityLots: number;
  readonly quoteMicroUsd: bigint;
}

/** The account slots that are in use, a prefix of all. @throws Error when something stands behind them */
export function activeSlots(tier: Tier, words: readonly bigint[]) {
  const { accounts } = dataLayout(tier);
  const slots = Array.from({ length: tier.accounts }, (_, position) => {
    const at = accounts + position * ACCOUNT_SLOT_WORDS;
    const [first = 0n, ...sizes] = words.slice(at, at + ACCOUNT_SLOT_WORDS);
    return { head: unpack(ACCOUNT_WORD, first), sizes, isEmpty: first === 0n && sizes.every((word) => word === 0n) };
  });
  const inactive = slots.findIndex(({ head }) => head.active !== 1n);
  const used = inactive < 0 ? slots : slots.slice(0, inactive);
  if (!slots.slice(used.length).every(({ isEmpty }) => isEmpty)) {
    throw new Error(`account slot ${inactive} is not in use, and something stands there or behind it`);
  }
  return used.map(({ head, sizes }) => ({ head, sizes: sizesFromWords(sizes) }));
}

/** How the batch served a request from L1, if it did. */
export function requestOf(tier: Tier, words: readonly bigint[]): ServedRequest | undefined {
  const { request: at } = dataLayout(tier);
  const { requestOutcome } = unpack(QUEUE_CURSOR_WORD, words[HEADER.queueCursor] as bigint);
  const outcome = OUTCOMES.find((name) => BigInt(REQUEST_OUTCOME[name]) === requestOutcome);
  if (outcome === undefined) return undefined;
  return { entry: queueEntryFromWords(words.slice(at, at + QUEUE_ENTRY_WORDS)), outcome };
}

/** What a batch did that nobody signed, in its order. @throws Error for a word that names a slot which is not in use */
export function publishedLiquidations(tier: Tier, words: readonly bigint[]): PublishedLiquidation[] {
  const slots = activeSlots(tier, words);
  const accountAt = (slot: bigint | undefined): number => {
    const found = slots[Number(slot)];
    if (found === undefined) throw new Error(`a liquidation names account slot ${slot}, which is not in use`);
    return Number(found.head.account);
  };
  const { liquidations } = dataLayout(tier);
  const rows = Array.from({ length: tier.liquidations }, (_, i) =>
    unpack(LIQUIDATION_WORD, words[liquidations + i] as bigint),
  ).filter(({ kind }) => kind !== BigInt(ROW_KIND.none));
  return rows.map((row): PublishedLiquidation => {
    const kind = FORCED_KINDS.find((name) => BigInt(ROW_KIND[name]) === row.kind);
    if (kind === undefined) throw new Error(`there is no row of kind ${row.kind} that nobody signed`);
    const hasCounterparty = kind === "deleveraging" || kind === "forcedClose";
    return {
      kind,
      account: accountAt(row.accountSlot),
      counterparty: hasCounterparty ? accountAt(row.counterpartySlot) : undefined,
      market: Number(row.market),
      side: row.side === 1n ? "sell" : "buy",
      quantityLots: Number(row.quantityLots),
      quoteMicroUsd: row.quoteMicroUsd,
    };
  });
}

/**
 * Applies the words of one batch. What was liquidated needs no word of its own here: the accounts' words say what is left.
 * @returns the accounts it touched
 */
export function applyWords(store: AccountStore, tier: Tier, words: readonly bigint[]): number[] {
  const layout = dataLayout(tier);
  const word = (index: number): bigint => words[index] as bigint;
  // 1. New accounts, so that rows can reach their slots.
  const { queueCount } = unpack(QUEUE_CURSOR_WORD, word(HEADER.queueCursor));
  for (let i = 0; i < Number(queueCount); i++) {
    const at = layout.queue + i * QUEUE_ENTRY_WORDS;
    const entry = queueEntryFromWords(words.slice(at, at + QUEUE_ENTRY_WORDS));
    if (entry.kind === "registration") store.setRecord(entry.account, newAccount(entry));
  }
  // 2. Which account each position is, then what the rows left in the order slots.
  const slots = activeSlots(tier, words);
  for (let i = 0; i < tier.rows; i++) {
    const row = unpack(ROW_WORD, word(layout.rows + i));
    if (row.kind !== BigInt(ROW_KIND.order) && row.kind !== BigInt(ROW_KIND.cancel)) continue;
    const account = Number(slots[Number(row.accountSlot)]!.head.account);
    const content = { sequence: Number(row.sequence), filledLots: Number(row.filledAfterLots) };
    store.setSlot(account, Number(row.slot), content);
  }
  // 3. A new key, which no account's word tells. The lowest sequence that a request brings stands in its account's word.
  const request = requestOf(tier, words);
  const rotated = request?.outcome === "done" && request.entry.kind === "keyRotation" ? request.entry : undefined;
  // 4. The accounts themselves; all indices of a touched one are the epoch's.
  const fundingIndexPicoUsd = Array.from(
    { length: MARKETS },
    (_, market) => marketFromWord(word(HEADER.markets + market), 0n, 0).fundingIndexPicoUsd,
  );
  const accounts = slots.map(({ head, sizes: sizesLots }) => {
    const account = Number(head.account);
    const known = store.record(account);
    if (known === undefined) throw new Error(`account ${account} is touched before it is registered`);
    store.setRecord(account, {
      ...known,
      ...(rotated?.account === account ? { ax: rotated.ax, ay: rotated.ay } : {}),
      collateralPicoUsd: head.collateralOffset - COLLATERAL_OFFSET,
      withdrawalNonce: Number(head.withdrawalNonce),
      minSequence: Number(head.minSequence),
      sizesLots,
      fundingIndexPicoUsd,
    });
    return account;
  });
  store.storeMany(accounts);
  return accounts;
}
