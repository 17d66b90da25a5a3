import { INSURANCE_ACCOUNT, type Tier } from "../protocol/spec.ts";
import { fitsTier } from "../state/batch-parts.ts";
import type { ExitFill, ExitFillStep, ForcedCloseStep, RequestStep } from "../state/step.ts";
import type { QueueEntry } from "../state/trace.ts";

/**
 * What is closed for a request within one batch: one row that nobody signed, which is fills of one market, or one counterparty. The rest
 * has to wait for the next batch, and the request advances.
 */
export class RequestChunk {
  private readonly entry: QueueEntry;
  private readonly tier: Tier;
  private closed: (ExitFillStep | ForcedCloseStep)[] = [];

  /** @param tier whose fresh batch has to hold it */
  constructor(entry: QueueEntry, tier: Tier) {
    this.entry = entry;
    this.tier = tier;
  }

  get isEmpty(): boolean {
    return this.closed.length === 0;
  }

  get parts(): RequestStep["parts"] {
    return this.closed;
  }

  add(part: ExitFillStep | ForcedCloseStep): void {
    this.closed.push(part);
  }

  /** Whether a fill may join what is there. */
  hasRoomFor({ market, maker }: ExitFill): boolean {
    const makers = [maker];
    for (const part of this.closed) {
      if (part.kind !== "exitFill" || part.market !== market) return false;
      makers.push(part.maker.order);
    }
    const rows = new Set(makers.map(({ account, slot, sequence }) => `${account}/${slot}/${sequence}`)).size;
    const accounts = new Set([INSURANCE_ACCOUNT, this.entry.account, ...makers.map(({ account }) => account)]).size;
    return fitsTier({ rows, accounts, queue: 0, withdrawals: 0, liquidations: 1 }, this.tier);
  }
}
