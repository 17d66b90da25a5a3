import type { PreviewLevel } from "../../risk/preview.ts";
import { type BookWalk, walkBook } from "../order/book-walk.ts";

/** How a size is sent in parts. */
export interface Slicing {
  readonly slices: number;
  readonly intervalSeconds: number;
  /** How much of what a slice takes comes back before the next one, in percent: 0 is a book that nobody fills again. */
  readonly refillPercent: number;
}

/** What a way of sending is expected to cost against the middle of the book, by the book as it stands. */
export interface Expectation {
  readonly filledLots: bigint;
  readonly costMicroUsdCeil: bigint;
  readonly slippagePpmCeil: bigint;
  readonly feeMicroUsdCeil: bigint;
  readonly durationSeconds: number;
  /** Cost of each slice, for the picture. */
  readonly slices: readonly { readonly atSeconds: number; readonly lots: bigint; readonly slippagePpmCeil: bigint }[];
}

const PPM = 1_000_000n;

/** Lots of each slice: as equal as the step allows, the first ones the larger. Slices of nothing are left out. */
export function sliceLots(quantityLots: bigint, slices: number, stepLots: bigint): bigint[] {
  const steps = quantityLots / stepLots;
  const count = BigInt(slices);
  return Array.from(
    { length: slices },
    (_, i) => (steps / count + (BigInt(i) < steps % count ? 1n : 0n)) * stepLots,
  ).filter((lots) => lots > 0n);
}

/** The levels after so many lots were taken and a part of them came back, at the prices where they had been. */
function afterTaking(levels: readonly PreviewLevel[], takenLots: bigint, refillPercent: number): PreviewLevel[] {
  let left = Number(takenLots);
  return levels.flatMap(({ priceTicks, quantityLots }) => {
    const taken = Math.min(left, quantityLots);
    left -= taken;
    const back = Math.floor((taken * refillPercent) / 100);
    const quantity = quantityLots - taken + back;
    return quantity === 0 ? [] : [{ priceTicks, quantityLots: quantity }];
  });
}

export interface Market {
  readonly levels: readonly PreviewLevel[];
  /** Best bid plus best ask. */
  readonly middleTwiceTicks: number;
}

/**
 * What sending a size in slices is expected to cost: each slice walks the book as the slices before have left it, the middle staying where it
 * is. One slice is sending it at once.
 * @param feePpm what a taker pays
 */
export function expectation(
  { levels, middleTwiceTicks }: Market,
  side: "buy" | "sell",
  limitPriceTicks: number,
  lots: readonly bigint[],
  { intervalSeconds, refillPercent }: Omit<Slicing, "slices">,
  feePpm: number,
): Expectation {
  let book = levels;
  const walks: { atSeconds: number; lots: bigint; walk: BookWalk }[] = [];
  for (const [i, wanted] of lots.entries()) {
    const walk = walkBook(book, side, limitPriceTicks, wanted, middleTwiceTicks);
    if (walk === null) continue;
    walks.push({ atSeconds: i * intervalSeconds, lots: walk.filledLots, walk });
    book = afterTaking(book, walk.filledLots, refillPercent);
  }
  const sum = (value: (walk: BookWalk) => bigint) => walks.reduce((total, { walk }) => total + value(walk), 0n);
  const filledLots = sum((walk) => walk.filledLots);
  const costMicroUsdCeil = sum((walk) => walk.costMicroUsdCeil);
  const fees = sum((walk) => walk.quoteMicroUsd) * BigInt(feePpm);
  const base = BigInt(middleTwiceTicks) * filledLots;
  const slippage = base === 0n ? 0n : (2n * costMicroUsdCeil * PPM) / base;
  const isExact = base === 0n || (2n * costMicroUsdCeil * PPM) % base <= 0n;
  return {
    filledLots,
    costMicroUsdCeil,
    slippagePpmCeil: isExact ? slippage : slippage + 1n,
    feeMicroUsdCeil: fees / PPM + (fees % PPM > 0n ? 1n : 0n),
    durationSeconds: walks.at(-1)?.atSeconds ?? 0,
    slices: walks.map(({ atSeconds, lots: of, walk }) => ({
      atSeconds,
      lots: of,
      slippagePpmCeil: walk.slippagePpmCeil,
    })),
  };
}
