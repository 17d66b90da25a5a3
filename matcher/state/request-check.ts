import type { Side } from "../protocol/message.ts";
import { INSURANCE_ACCOUNT } from "../protocol/spec.ts";
import type { Closing } from "../risk/bankruptcy.ts";
import type { EpochTerms, MarketTerms } from "../risk/epoch-terms.ts";
import { exitQuoteMicroUsdSafeSide } from "../risk/exit-price.ts";
import * as fees from "../risk/fees.ts";
import * as requests from "../risk/request-rules.ts";
import type { AccountRecord } from "./account-record.ts";
import * as records from "./account-record.ts";
import { type CheckedLeg, checkLeg, type FillRefusal, grossGrowth } from "./fill-check.ts";
import type { LedgerState } from "./ledger-state.ts";
import type { ExitFill, ExitFillStep, ForcedCloseProposal, ForcedCloseStep } from "./step.ts";

/** Why no row may name an account as the one that a request is about. */
type RequestedRefusal = "unknown-account" | "insurance-account" | "no-insurance-account" | "collateral-range";

/** "ok", or who is at fault and why. */
export type ExitFillVerdict =
  | "ok"
  | `maker-refused:${FillRefusal}`
  | `account-refused:${requests.ExitFillRefusal | RequestedRefusal | "self-trade" | "market-not-live"}`;

/** "ok", or why not. What begins with "counterparty" is for the next one to do better. */
export type ForcedCloseVerdict =
  | "ok"
  | requests.ForcedCloseRefusal
  | RequestedRefusal
  | "counterparty-unknown"
  | "counterparty-collateral-range";

/** A row that may be applied, worked out: the account and the other side after it. */
interface CheckedClose<S, Other> {
  step: S;
  record: AccountRecord;
  other: Other;
  /** Growth of the market's Σ|size|. */
  grossDeltaLots: bigint;
}
export type CheckedExitFill = CheckedClose<ExitFillStep, CheckedLeg>;
export type CheckedForcedClose = CheckedClose<ForcedCloseStep, AccountRecord>;

/** The account, settled: S₀ of a fresh batch, in which the fund has its slot while anything is closed. */
function startOf(state: LedgerState, terms: EpochTerms, account: number): AccountRecord | RequestedRefusal {
  if (account === INSURANCE_ACCOUNT) return "insurance-account";
  const stored = state.record(account);
  if (stored === undefined) return "unknown-account";
  if (state.record(INSURANCE_ACCOUNT) === undefined) return "no-insurance-account";
  return records.settled(stored, terms);
}

/** The account's position after a row. */
export function afterClosing(record: AccountRecord, { market, side, quantityLots, quoteMicroUsd }: Closing) {
  return records.withTrade(record, market, side === "buy", quantityLots, quoteMicroUsd, 0n);
}

/** A counterparty's mirror image of it. */
export function afterMirroredClosing(record: AccountRecord, { market, side, quantityLots, quoteMicroUsd }: Closing) {
  return records.withTrade(record, market, side === "sell", quantityLots, quoteMicroUsd, 0n);
}

/** @throws RangeError for something that is no fill at all: a bug of the matcher, not a refusal */
function assertWellFormed({ maker, market, side, priceTicks, quantityLots }: ExitFill): void {
  if (maker.market !== market) throw new RangeError(`markets ${maker.market} and ${market} in one fill`);
  if (maker.side === side) throw new RangeError(`two orders to ${side} in one fill`);
  if (!Number.isSafeInteger(priceTicks) || priceTicks < 1) throw new RangeError(`a fill at ${priceTicks} ticks`);
  if (!Number.isSafeInteger(quantityLots) || quantityLots < 1) throw new RangeError(`a fill of ${quantityLots} lots`);
}

/** Whether an exit fill is provable in a fresh batch that serves the request. Changes nothing. */
export function checkExitFill(
  state: LedgerState,
  terms: EpochTerms,
  fill: ExitFill,
): CheckedExitFill | ExitFillVerdict {
  assertWellFormed(fill);
  const { account, market, side, maker, priceTicks, quantityLots } = fill;
  if (maker.account === account) return "account-refused:self-trade";
  const start = startOf(state, terms, account);
  if (typeof start === "string") return `account-refused:${start}`;
  // 1. The account's row: what it may get is narrower than the band on one side only.
  const quantity = BigInt(quantityLots);
  const quoteMicroUsd = BigInt(priceTicks) * quantity;
  const row: Closing = { market, side, quantityLots: quantity, quoteMicroUsd };
  const record = afterClosing(start, row);
  const refusal = requests.exitFillRefusal(terms, { start, final: record }, row);
  const { priceMinTicks, priceMaxTicks } = terms.markets[market] as MarketTerms;
  // A maker on the aggressive side of the band has to go: it would be hit first and block the book.
  const aggressive = side === "buy" ? BigInt(priceTicks) < priceMinTicks : BigInt(priceTicks) > priceMaxTicks;
  if (refusal === "price-band" && aggressive) return "maker-refused:price-band";
  if (refusal !== undefined) return `account-refused:${refusal}`;
  if (!records.collateralInRange(record)) return "account-refused:collateral-range";
  // 2. The maker's is an order's like any other; no taker's fee covers a rebate.
  const makerFee = fees.feePicoUsd(Math.max(0, fill.makerFeePpm), quoteMicroUsd);
  const made = checkLeg(state, terms, maker, quantityLots, quantity, quoteMicroUsd, makerFee);
  if (made === "market-not-live") return "account-refused:market-not-live";
  if (typeof made === "string") return `maker-refused:${made}`;
  // 3. The open interest's cap holds by itself: the account gives up as much as the maker can take.
  const grossDeltaLots = grossGrowth(state, maker.account, market, made.record) - quantity;
  const leg = { order: maker, feePicoUsd: makerFee };
  const step: ExitFillStep = {
    kind: "exitFill",
    account,
    market,
    side,
    priceTicks,
    quantityLots,
    quoteMicroUsd,
    maker: leg,
  };
  return { step, record, other: made, grossDeltaLots };
}

/** Whether a forced close is provable in a fresh batch that serves the request, and what it entails. Changes nothing. */
export function checkForcedClose(
  state: LedgerState,
  terms: EpochTerms,
  { request, account, counterparty, market, quantityLots }: ForcedCloseProposal,
): CheckedForcedClose | ForcedCloseVerdict {
  if (!Number.isSafeInteger(quantityLots) || quantityLots < 1)
    throw new RangeError(`a forced close of ${quantityLots} lots`);
  if (account === counterparty) throw new RangeError(`account ${account} against itself`);
  const start = startOf(state, terms, account);
  if (typeof start === "string") return start;
  const stored = counterparty === INSURANCE_ACCOUNT ? undefined : state.record(counterparty);
  if (stored === undefined) return "counterparty-unknown";
  const side: Side = (start.sizesLots[market] as bigint) > 0n ? "sell" : "buy";
  const closed = { market, side, quantityLots: BigInt(quantityLots) };
  const indexMicroUsd = closed.quantityLots * (terms.markets[market] as MarketTerms).priceTicks;
  const quoteMicroUsd = request === "forcedExit" ? exitQuoteMicroUsdSafeSide(terms, closed) : indexMicroUsd;
  const row: Closing = { ...closed, quoteMicroUsd };
  const record = afterClosing(start, row);
  const otherStart = records.settled(stored, terms);
  const other = afterMirroredClosing(otherStart, row);
  const refusal = requests.forcedCloseRefusal(
    terms,
    request,
    { start, final: record },
    { start: otherStart, final: other },
    row,
  );
  if (refusal !== undefined) return refusal;
  if (!records.collateralInRange(record)) return "collateral-range";
  if (!records.collateralInRange(other)) return "counterparty-collateral-range";
  const step: ForcedCloseStep = {
    kind: "forcedClose",
    account,
    counterparty,
    market,
    side,
    quantityLots,
    quoteMicroUsd,
  };
  return { step, record, other, grossDeltaLots: -2n * closed.quantityLots };
}
