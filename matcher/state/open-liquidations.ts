import { PICO_PER_MICRO } from "../protocol/spec.ts";
import type { EpochTerms } from "../risk/epoch-terms.ts";
import {
  deleveragingRefusal,
  type Insurance,
  insuranceAfter,
  insuranceRefusal,
  liquidationRefusal,
  type Transition,
} from "../risk/liquidation-rules.ts";
import { type ClosingRequest, exitFillRefusal, forcedCloseRefusal } from "../risk/request-rules.ts";
import type { BatchRefusal, OpenLiquidation } from "./batch-parts.ts";
import type { DeleveragingStep, ExitFillStep, ForcedCloseStep, LiquidationStep } from "./step.ts";

/** A forced row and where it belongs in the list; the list's length is a new row. */
export interface PlacedLiquidation {
  at: number;
  row: OpenLiquidation;
  /** What is added, by itself. */
  part: OpenLiquidation;
}

/**
 * The rows of a batch so far that nobody signed (docs/protocol.md §5a, §5b), in order of first touch. What is left of the fund and of its
 * cap is followed from row to row, so that one that changes is judged together with all behind it.
 */
export class OpenLiquidations {
  readonly #terms: EpochTerms;
  #rows: OpenLiquidation[] = [];
  /** Row of every account that one names. */
  #rowOf = new Map<number, number>();
  readonly spentBeforePicoUsd: bigint;

  /** @param spentPicoUsd what the fund has paid in the epoch before the batch */
  constructor(terms: EpochTerms, spentPicoUsd: bigint) {
    this.#terms = terms;
    this.spentBeforePicoUsd = spentPicoUsd;
  }

  /** The same rows, on their own from here on. */
  copy(): OpenLiquidations {
    const copy = new OpenLiquidations(this.#terms, this.spentBeforePicoUsd);
    copy.#rows = this.#rows.slice();
    copy.#rowOf = new Map(this.#rowOf);
    return copy;
  }

  get length(): number {
    return this.#rows.length;
  }

  get spentAfterPicoUsd(): bigint {
    return this.#rows.reduce((sum, { coveredPicoUsd }) => sum + coveredPicoUsd, this.spentBeforePicoUsd);
  }

  rows(): OpenLiquidation[] {
    return this.#rows.slice();
  }

  /** The same with the request's in front, where the circuit looks for it. Nothing passes to or from the fund in it. */
  inOrder(): OpenLiquidation[] {
    const isRequest = ({ request }: OpenLiquidation) => request !== undefined;
    return [...this.#rows.filter(isRequest), ...this.#rows.filter((row) => !isRequest(row))];
  }

  names(account: number): boolean {
    return this.#rowOf.has(account);
  }

  put({ at, row }: PlacedLiquidation): void {
    this.#rows[at] = row;
    this.#rowOf.set(row.account, at);
    if (row.counterparty !== undefined) this.#rowOf.set(row.counterparty, at);
  }

  /** The row of a liquidation with the fill added: fills of one account in one market are one row, and it may have no other. */
  ofFill(step: LiquidationStep): PlacedLiquidation | BatchRefusal {
    const { account, market, side, quantityLots, quoteMicroUsd, feePicoUsd, payoutPicoUsd } = step;
    const amounts = { feePicoUsd, payoutPicoUsd, coveredPicoUsd: payoutPicoUsd };
    const closing = { market, side, quantityLots: BigInt(quantityLots), quoteMicroUsd };
    const nobody = { counterparty: undefined, request: undefined };
    const part: OpenLiquidation = { kind: "liquidation", account, ...nobody, ...closing, ...amounts };
    return this.#joinedOrAlone(part);
  }

  /** The same for a fill that closes something for a forced exit. */
  ofExitFill({ account, market, side, quantityLots, quoteMicroUsd }: ExitFillStep): PlacedLiquidation | BatchRefusal {
    const closing = { market, side, quantityLots: BigInt(quantityLots), quoteMicroUsd };
    const who = { account, counterparty: undefined, request: "forcedExit" } as const;
    const part: OpenLiquidation = { kind: "exitFill", ...who, ...closing, ...NOTHING };
    return this.#joinedOrAlone(part);
  }

  /** The row of a deleveraging, which joins no other. */
  ofDeleveraging(step: DeleveragingStep): PlacedLiquidation | BatchRefusal {
    const { account, counterparty, market, side, quantityLots, quoteMicroUsd, payoutPicoUsd, coveredPicoUsd } = step;
    const closing = { market, side, quantityLots: BigInt(quantityLots), quoteMicroUsd };
    const amounts = { feePicoUsd: 0n, payoutPicoUsd, coveredPicoUsd };
    const who = { account, counterparty, request: undefined };
    return this.#alone({ kind: "deleveraging", ...who, ...closing, ...amounts });
  }

  /** The row of a forced close, likewise. */
  ofForcedClose(step: ForcedCloseStep, request: ClosingRequest): PlacedLiquidation | BatchRefusal {
    const { account, counterparty, market, side, quantityLots, quoteMicroUsd } = step;
    const closing = { market, side, quantityLots: BigInt(quantityLots), quoteMicroUsd };
    return this.#alone({ kind: "forcedClose", account, counterparty, request, ...closing, ...NOTHING });
  }

  /**
   * The whole predicate over a row, and the third rule over those behind it.
   * @param fundPicoUsd the fund in S₀
   * @param counterparty deleveraging and forced close only
   */
  refusal(
    placed: PlacedLiquidation,
    account: Transition,
    counterparty: Transition | undefined,
    fundPicoUsd: bigint,
  ): BatchRefusal | undefined {
    const capPicoUsd = this.#terms.liquidation.insuranceCapMicroUsd * PICO_PER_MICRO;
    let insurance: Insurance = { capPicoUsd, spentPicoUsd: this.spentBeforePicoUsd, fundPicoUsd };
    for (const [at, row] of this.#with(placed).entries()) {
      const refusal =
        at === placed.at ? this.#ruleRefusal(row, account, counterparty, insurance) : insuranceRefusal(row, insurance);
      if (refusal !== undefined) return refusal;
      insurance = insuranceAfter(row, insurance);
    }
    return undefined;
  }

  /** What a row adds to the fund, beside what it added before. */
  fundDeltaPicoUsd({ part }: PlacedLiquidation): bigint {
    return part.feePicoUsd - part.coveredPicoUsd;
  }

  #joinedOrAlone(part: OpenLiquidation): PlacedLiquidation | BatchRefusal {
    const at = this.#rowOf.get(part.account);
    if (at === undefined) return this.#alone(part);
    return joined(this.#rows[at] as OpenLiquidation, part, at) ?? "row-beside-liquidation";
  }

  /** A new row on accounts that have none. */
  #alone(part: OpenLiquidation): PlacedLiquidation | BatchRefusal {
    const { account, counterparty } = part;
    if (this.names(account) || (counterparty !== undefined && this.names(counterparty)))
      return "row-beside-liquidation";
    return { at: this.#rows.length, row: part, part };
  }

  #with({ at, row }: PlacedLiquidation): OpenLiquidation[] {
    const rows = this.rows();
    rows[at] = row;
    return rows;
  }

  #ruleRefusal(
    row: OpenLiquidation,
    account: Transition,
    counterparty: Transition | undefined,
    insurance: Insurance,
  ): BatchRefusal | undefined {
    if (row.kind === "liquidation") return liquidationRefusal(this.#terms, account, row, insurance);
    if (row.kind === "exitFill") return exitFillRefusal(this.#terms, account, row);
    if (counterparty === undefined) return "unknown-account";
    if (row.kind === "deleveraging") return deleveragingRefusal(this.#terms, account, counterparty, row, insurance);
    return forcedCloseRefusal(this.#terms, row.request ?? "forcedExit", account, counterparty, row);
  }
}

/** What passes beside the quote in the rows of a request. */
const NOTHING = { feePicoUsd: 0n, payoutPicoUsd: 0n, coveredPicoUsd: 0n };

/** A row with more of the same; undefined when it is of another kind, market or side, or has a counterparty. */
function joined(row: OpenLiquidation, part: OpenLiquidation, at: number): PlacedLiquidation | undefined {
  const { kind, counterparty, market, side } = part;
  if (row.kind !== kind || row.counterparty !== counterparty || row.market !== market || row.side !== side)
    return undefined;
  const sums = {
    quantityLots: row.quantityLots + part.quantityLots,
    quoteMicroUsd: row.quoteMicroUsd + part.quoteMicroUsd,
    feePicoUsd: row.feePicoUsd + part.feePicoUsd,
    payoutPicoUsd: row.payoutPicoUsd + part.payoutPicoUsd,
    coveredPicoUsd: row.coveredPicoUsd + part.coveredPicoUsd,
  };
  return { at, row: { ...row, ...sums }, part };
}
