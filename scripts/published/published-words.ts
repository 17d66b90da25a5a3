import { sizesFromWords } from "../../matcher/protocol/account.ts";
import { marketFromWord } from "../../matcher/protocol/epoch-record.ts";
import type { Side } from "../../matcher/protocol/message.ts";
import { unpack } from "../../matcher/protocol/packing.ts";
import { type ChainedEntry, queueEntryFromWords } from "../../matcher/protocol/queue-chain.ts";
import {
  ACCOUNT_SLOT_WORDS,
  ACCOUNT_WORD,
  dataLayout,
  HEADER,
  LIQUIDATION_WORD,
  MARKETS,
  QUEUE_CURSOR_WORD,
  QUEUE_ENTRY_WORDS,
  ROW_KIND,
  ROW_WORD,
  type Tier,
  WIDTH,
} from "../../matcher/protocol/spec.ts";
import { newAccount } from "../../matcher/state/account-record.ts";
import type { AccountStore } from "../../matcher/state/account-store.ts";

const COLLATERAL_OFFSET = 1n << BigInt(WIDTH.collateralMagnitude);

/** The kinds of rows that nobody signed, by their numbers. */
const FORCED_KINDS = ["liquidation", "deleveraging", "exitFill", "forcedClose"] as const;

/** A row that nobody signed as its word tells it. */
export interface PublishedLiquidation {
  readonly kind: (typeof FORCED_KINDS)[number];
  readonly account: number;
  /** Deleveraging and forced close only. */
  readonly counterparty: number | undefined;
  readonly market: number;
  /** What the account does. */
  readonly side: Side;
  readonly quantityLots: number;
  readonly quoteMicroUsd: bigint;
}

/** The account slots that are in use, a prefix of all. */
export function activeSlots(tier: Tier, words: readonly bigint[]) {
  const { accounts } = dataLayout(tier);
  const word = (index: number): bigint => words[index] as bigint;
  return Array.from({ length: tier.accounts }, (_, position) => {
    const at = accounts + position * ACCOUNT_SLOT_WORDS;
    return { head: unpack(ACCOUNT_WORD, word(at)), sizes: sizesFromWords([word(at + 1), word(at + 2)]) };
  }).filter(({ head }) => head.active === 1n);
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
    const kind = FORCED_KINDS.find((candidate) => BigInt(ROW_KIND[candidate]) === row.kind);
    if (kind === undefined) throw new Error(`a liquidation has the kind ${row.kind}`);
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

/** The key rotation that a batch serves, if it does. */
function keyRotation(tier: Tier, words: readonly bigint[]): ChainedEntry | undefined {
  const { request } = dataLayout(tier);
  const { requestOutcome } = unpack(QUEUE_CURSOR_WORD, words[HEADER.queueCursor] as bigint);
  if (requestOutcome === 0n) return undefined;
  const entry = queueEntryFromWords(words.slice(request, request + QUEUE_ENTRY_WORDS));
  return entry.kind === "keyRotation" ? entry : undefined;
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
  // 3. The accounts themselves, with a new key after a rotation, which every batch that serves one does; all indices of a touched one are the epoch's.
  const fundingIndexPicoUsd = Array.from(
    { length: MARKETS },
    (_, market) => marketFromWord(word(HEADER.markets + market), 0n, 0).fundingIndexPicoUsd,
  );
  const rotated = keyRotation(tier, words);
  return slots.map(({ head, sizes: sizesLots }) => {
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
    store.store(account);
    return account;
  });
}
