import type { WireAccount } from "../../protocol/api-wire.ts";
import type { WirePreview } from "../../protocol/margin-wire.ts";
import { PREVIEW_LEVELS_MAX, type PreviewLevel } from "../../risk/preview.ts";
import type { LocalBook } from "../../sdk/local-book.ts";
import type { MarketData } from "../../sdk/market-data.ts";
import { previewOf } from "../../sdk/order-preview.ts";
import type { OrderTerms } from "../../sdk/order-terms.ts";

/** The levels that an order of a side would take from, best first. */
export function levelsAgainst(book: LocalBook, side: OrderTerms["side"]): PreviewLevel[] {
  return side === "buy" ? book.asks(PREVIEW_LEVELS_MAX) : book.bids(PREVIEW_LEVELS_MAX);
}

/**
 * What the matcher would make of the order now, by the functions that it judges by, from what the page has been told. Nothing is asked:
 * it is there while the trader types.
 * @returns null while account and markets are of two epochs: figures of both would be wrong for each
 */
export function livePreview(
  markets: MarketData,
  account: WireAccount,
  book: LocalBook,
  terms: OrderTerms,
): WirePreview | null {
  if (account.epochNumber !== markets.epochNumber) return null;
  return previewOf({ account, markets, levels: levelsAgainst(book, terms.side) }, terms);
}
