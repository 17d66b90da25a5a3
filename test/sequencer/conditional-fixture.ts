import type { ConditionalLeg, Slicing, Trigger } from "../../matcher/protocol/conditional.ts";
import type { Instruction, OrderMessage } from "../../matcher/protocol/message.ts";
import type { ConditionalCommand } from "../../matcher/sequencer/command.ts";
import type { ConditionalEvent, ExchangeEvent } from "../../matcher/sequencer/exchange-event.ts";
import type { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import type { Accepted, Outcome } from "../../matcher/sequencer/outcome.ts";
import { accepted, epochOf, openedState, order, unsigned } from "./exchange-fixture.ts";

/** An order with conditions. */
export function leg(
  change: Partial<OrderMessage>,
  trigger: Trigger | null = null,
  slicing: Slicing | null = null,
): ConditionalLeg {
  return { order: unsigned(order(change)), trigger, slicing };
}

export const stop = (value: number): Trigger => ({ kind: "stop", value });
export const takeProfit = (value: number): Trigger => ({ kind: "takeProfit", value });

export function conditional(legs: readonly ConditionalLeg[], hasEntry = false, clientId?: string): ConditionalCommand {
  return { type: "conditional", legs, hasEntry, ...(clientId === undefined ? {} : { clientId }) };
}

/** An exchange of four accounts whose prices and times are moved by hand. */
export class ConditionalRun {
  readonly state: ExchangeState = openedState(4);
  readonly events: ExchangeEvent[] = [];
  #epoch = 1;
  nowMs = 1_000_000;

  execute(command: Parameters<ExchangeState["execute"]>[0]): Outcome {
    const outcome = this.state.execute(command, this.nowMs);
    if (outcome.accepted) this.events.push(...outcome.events.map(({ event }) => event));
    return outcome;
  }

  place(legs: readonly ConditionalLeg[], hasEntry = false, clientId?: string): Outcome {
    return this.execute(conditional(legs, hasEntry, clientId));
  }

  send(message: Instruction, settle = false): Outcome {
    return this.execute({ type: "message", message: unsigned(message), settle });
  }

  /** @throws Error when it is refused */
  order(change: Partial<OrderMessage>): Accepted {
    return accepted(this.send(order(change)));
  }

  /** The next epoch, with this price of the first market. */
  price(usd: string, change: Parameters<typeof epochOf>[2] = {}): Accepted {
    this.#epoch += 1;
    return accepted(this.execute({ type: "epoch", epoch: epochOf(this.#epoch, { 0: usd }, change) }));
  }

  sweep(afterMs = 0): Accepted {
    this.nowMs += afterMs;
    return accepted(this.execute({ type: "conditionalSweep" }));
  }

  /** Signed position of an account in the first market. */
  lots(account: number): number {
    return this.state.ledger.positionLots(account, 0);
  }

  /** What was said of conditional orders: place in their command, status, reason. */
  said(group?: number): [leg: number, status: string, reason: string | null][] {
    return this.events
      .filter((event): event is ConditionalEvent => event.type === "conditional")
      .filter((event) => group === undefined || event.group === group)
      .map(({ leg: at, status, reason }) => [at, status, reason]);
  }

  /** Account 2 sells and account 3 buys, each this much around a price, on slots of their own. */
  makers(ticks: number, quantityLots: number, sequence: number, spreadTicks = 10): void {
    const terms = { quantityLots, sequence, expirySeconds: 2_000_000_000 };
    const expirySeconds = epochOf(this.#epoch).timeSeconds + 3_600;
    this.order({ ...terms, account: 2, slot: 100, side: "sell", limitPriceTicks: ticks + spreadTicks, expirySeconds });
    this.order({ ...terms, account: 3, slot: 100, side: "buy", limitPriceTicks: ticks - spreadTicks, expirySeconds });
  }
}
