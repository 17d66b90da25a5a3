import type { Side } from "../protocol/message.ts";
import { unpack } from "../protocol/packing.ts";
import { dataLayout, ROW_KIND, ROW_WORD, type Tier } from "../protocol/spec.ts";
import { activeSlots } from "./published-words.ts";

/** What a batch filled of one order. */
export interface PublishedOrder {
  readonly account: number;
  readonly slot: number;
  readonly sequence: number;
  readonly market: number;
  readonly side: Side;
  /** In this batch. */
  readonly quantityLots: number;
  /** With all batches before. */
  readonly filledAfterLots: number;
}

/** The orders that a batch filled, in its order. @throws Error for a row of an account slot that is not in use */
export function publishedOrders(tier: Tier, words: readonly bigint[]): PublishedOrder[] {
  const slots = activeSlots(tier, words);
  const { rows } = dataLayout(tier);
  const found = words.slice(rows, rows + tier.rows).map((word) => unpack(ROW_WORD, word));
  return found
    .filter(({ kind }) => kind === BigInt(ROW_KIND.order))
    .map((row) => {
      const account = slots[Number(row.accountSlot)]?.head.account;
      if (account === undefined) throw new Error(`a row names account slot ${row.accountSlot}, which is not in use`);
      return {
        account: Number(account),
        slot: Number(row.slot),
        sequence: Number(row.sequence),
        market: Number(row.market),
        side: row.side === 1n ? "sell" : "buy",
        quantityLots: Number(row.quantityLots),
        filledAfterLots: Number(row.filledAfterLots),
      };
    });
}
