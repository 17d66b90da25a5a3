import type { RequestKind, RequestOutcome } from "../protocol/queue-chain.ts";
import { PICO_PER_MICRO, PPM } from "../protocol/spec.ts";
import type { Closing } from "./bankruptcy.ts";
import type { EpochTerms, MarketTerms } from "./epoch-terms.ts";
import { exitQuoteMicroUsdSafeSide } from "./exit-price.ts";
import type { Transition } from "./liquidation-rules.ts";
import { type Margin, marginOf, type Position } from "./margin.ts";
import { holdsRestricted, onlyReduces } from "./transition.ts";

/** The requests whose rows close something. */
export type ClosingRequest = Extract<RequestKind, "forcedExit" | "liquidationRequest">;

/** What both kinds of row have in common. */
type RequestRowRefusal = "quantity" | "restricted-position" | "not-a-reduction" | "below-maintenance-ratio";

/** Why an exit fill is not valid. */
export type ExitFillRefusal = RequestRowRefusal | "price-band" | "exit-price";

/** Why a forced close is not valid. */
export type ForcedCloseRefusal =
  | RequestRowRefusal
  | "forced-close-price"
  | "maintenance-met"
  | "least-quantity"
  | "counterparty-not-a-reduction"
  | "counterparty-maintenance-ratio";

const PPM_PARTS = BigInt(PPM);

/** TV / TR_m fell, cross-multiplied. Bits: 109 + 95. */
function maintenanceRatioFell(before: Margin, after: Margin): boolean {
  return after.valuePicoUsd * before.maintenancePicoUsd < before.valuePicoUsd * after.maintenancePicoUsd;
}

function rowRefusal(
  terms: EpochTerms,
  { start, final }: Transition,
  before: Margin,
  after: Margin,
  { quantityLots }: Closing,
): RequestRowRefusal | undefined {
  if (quantityLots < 1n) return "quantity";
  if (holdsRestricted(terms, start)) return "restricted-position";
  if (!onlyReduces(start, final)) return "not-a-reduction";
  return maintenanceRatioFell(before, after) ? "below-maintenance-ratio" : undefined;
}

/**
 * Rule 4 of docs/protocol.md §5b, exactly as the circuit has it. Undefined: the row is valid.
 * @param account in S₀ and at the end of the batch
 * @param row sums of all that was joined in the batch
 */
export function exitFillRefusal(terms: EpochTerms, account: Transition, row: Closing): ExitFillRefusal | undefined {
  const refusal = rowRefusal(terms, account, marginOf(terms, account.start), marginOf(terms, account.final), row);
  if (refusal !== undefined) return refusal;
  const { side, quantityLots, quoteMicroUsd } = row;
  const { priceTicks, exitHaircutPpm, priceMinTicks, priceMaxTicks } = terms.markets[row.market] as MarketTerms;
  if (quoteMicroUsd < priceMinTicks * quantityLots || quoteMicroUsd > priceMaxTicks * quantityLots) return "price-band";
  // Bits: 72 + 20.
  const quoted = quoteMicroUsd * PPM_PARTS;
  const indexed = quantityLots * priceTicks;
  const holds =
    side === "sell"
      ? quoted >= indexed * (PPM_PARTS - exitHaircutPpm)
      : quoted <= indexed * (PPM_PARTS + exitHaircutPpm);
  return holds ? undefined : "exit-price";
}

/**
 * Rule 5, likewise.
 * @param account in S₀ and at the end of the batch
 * @param counterparty who takes the other side, likewise
 */
export function forcedCloseRefusal(
  terms: EpochTerms,
  request: ClosingRequest,
  account: Transition,
  counterparty: Transition,
  row: Closing,
): ForcedCloseRefusal | undefined {
  const before = marginOf(terms, account.start);
  const after = marginOf(terms, account.final);
  const refusal = rowRefusal(terms, account, before, after, row);
  if (refusal !== undefined) return refusal;
  const { quantityLots, quoteMicroUsd } = row;
  if (request === "forcedExit") {
    if (quoteMicroUsd !== exitQuoteMicroUsdSafeSide(terms, row)) return "forced-close-price";
  } else {
    // As for a liquidation: below maintenance at the start, and with one lot less still so at the end.
    const shortPicoUsd = before.valuePicoUsd - before.maintenancePicoUsd;
    if (shortPicoUsd >= 0n) return "maintenance-met";
    const { priceTicks } = terms.markets[row.market] as MarketTerms;
    if (quoteMicroUsd !== quantityLots * priceTicks) return "forced-close-price";
    const afterPicoUsd = after.valuePicoUsd - after.maintenancePicoUsd;
    if (shortPicoUsd + (quantityLots - 1n) * afterPicoUsd >= 0n) return "least-quantity";
  }
  // The counterparty's leg mirrors the account's, so what reduces is opposite.
  if (!onlyReduces(counterparty.start, counterparty.final)) return "counterparty-not-a-reduction";
  if (holdsRestricted(terms, counterparty.start)) return undefined;
  const fell = maintenanceRatioFell(marginOf(terms, counterparty.start), marginOf(terms, counterparty.final));
  return fell ? "counterparty-maintenance-ratio" : undefined;
}

/** What a batch did for a request. */
export interface RequestEnd {
  readonly request: RequestKind;
  /** The account at the end of the batch, before a forced exit is paid. */
  readonly final: Position;
  /** Whether a row of the batch closes something of the account. */
  readonly closed: boolean;
}

/** Whether a batch that ends like this may say so of its request, exactly as the circuit has it. */
export function outcomeHolds(terms: EpochTerms, { request, final, closed }: RequestEnd, outcome: RequestOutcome) {
  if (request === "cancelAll" || request === "keyRotation") return outcome === "done";
  if (outcome === "advanced") return closed;
  const { valuePicoUsd, maintenancePicoUsd } = marginOf(terms, final);
  const healthy = valuePicoUsd >= maintenancePicoUsd;
  const priced = !holdsRestricted(terms, final);
  if (request === "liquidationRequest") return outcome === "done" ? healthy && priced : !priced;
  // Who is flat and worth something has nothing to ask anybody for but its money.
  if (outcome === "done") return healthy && isFlat(final);
  return !closed && (!healthy || !priced);
}

const OUTCOMES: readonly RequestOutcome[] = ["done", "inapplicable", "advanced"];

/** What is to be said of a request: that it is over where that holds. Undefined: nothing yet, it waits at the head. */
export function requestOutcome(terms: EpochTerms, end: RequestEnd): RequestOutcome | undefined {
  return OUTCOMES.find((outcome) => outcomeHolds(terms, end, outcome));
}

/** Without positions. */
export function isFlat({ sizesLots }: Position): boolean {
  return sizesLots.every((size) => size === 0n);
}

/** What a forced exit pays: the collateral, of which less than a micro-USD stays. */
export function exitPayoutMicroUsdFloor({ collateralPicoUsd }: Position): bigint {
  return collateralPicoUsd / PICO_PER_MICRO;
}
