import type { ConditionalGroup } from "../protocol/conditional.ts";
import type {
  WireConditionalOrder,
  WireConditionalPlaced,
  WireConditionalRequest,
} from "../protocol/conditional-wire.ts";
import type { RejectCode } from "../protocol/reject.ts";
import type { Submitted } from "../sequencer/outcome.ts";
import { Rejection } from "./api-error.ts";
import type { ConditionalRecord } from "./conditional-records.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { hashText } from "./hash-text.ts";
import { addressKey } from "./rate-limits.ts";
import { conditionalFrom, wireConditional } from "./wire-conditional.ts";

/** Conditional orders from outside. A request that was accepted before is answered with what it placed then. */
export class ConditionalOrderEntry {
  readonly #access: ExchangeAccess;

  constructor(access: ExchangeAccess) {
    this.#access = access;
  }

  /** @param address where it came from. @throws (rejects) Rejection */
  async place(body: WireConditionalRequest, address: string): Promise<WireConditionalPlaced> {
    const { limits, sequencer, conditionals, options } = this.#access;
    const group = conditionalFrom(body, (symbol) => this.#access.marketOf(symbol), options);
    // Each of its orders counts as one.
    const admit = (): RejectCode | null => {
      return group.legs.every(({ order }) => limits.order(order.account).allowed) ? null : "RATE_LIMIT";
    };
    const submit = () => sequencer.submitConditional(group, { admit, origin: addressKey(address) });
    const isBad = (submitted: Submitted | Rejection) =>
      "outcome" in submitted && !submitted.outcome.accepted && submitted.outcome.code === "WRONG_SIGNATURE";
    const { outcome, messageHash } = await limits.verifying(address, submit, isBad);
    if (outcome.accepted) {
      const receipt = await this.#access.receiptOf(outcome);
      return { orders: this.wire(conditionals.group(outcome.command)), duplicate: false, receipt };
    }
    const known = this.#placedBefore(group, outcome.code);
    if (known === undefined) throw this.#rejection(outcome.code, messageHash, body.account);
    const receipt = await this.#access.receiptOf({ command: known[0]?.group as number });
    return { orders: this.wire(known), duplicate: true, receipt };
  }

  wire(records: readonly ConditionalRecord[]): WireConditionalOrder[] {
    return records.map((record) => wireConditional(record, this.#access.wire.market(record.terms.order.market)));
  }

  #placedBefore(group: ConditionalGroup, code: RejectCode): ConditionalRecord[] | undefined {
    const isKnown = code === "DUPLICATE_SEQUENCE" || code === "DUPLICATE_CLIENT_ID" || code === "STALE_SEQUENCE";
    return isKnown ? this.#access.conditionals.placedBefore(group) : undefined;
  }

  #rejection(code: RejectCode, messageHash: bigint | null, account: number): Rejection {
    if (code === "WRONG_SIGNATURE") return new Rejection(code, { messageHash: hashText(messageHash) });
    if (code === "RATE_LIMIT") return new Rejection(code, { allowance: this.#access.limits.orderAllowance(account) });
    return new Rejection(code);
  }
}
