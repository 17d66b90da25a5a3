import { type OrderMessage, orderFlags } from "../protocol/message.ts";

/** Orders whose conditions are remembered; of older ones only price, size and side are compared. */
const ORDERS_MAX = 50_000;

function keyOf({ account, slot, sequence }: { account: number; slot: number; sequence: number }): string {
  return `${account}/${slot}/${sequence}`;
}

function conditionsOf(order: OrderMessage): number {
  return orderFlags(order) * 2 + (order.keepFilled ? 1 : 0);
}

/** Conditions that orders were placed under, so that a retry can be told from another order of the same name. */
export class PlacedTerms {
  private readonly conditions = new Map<string, number>();

  placed(order: OrderMessage): void {
    this.conditions.set(keyOf(order), conditionsOf(order));
    if (this.conditions.size <= ORDERS_MAX) return;
    const [oldest] = this.conditions.keys();
    this.conditions.delete(oldest as string);
  }

  /** Whether an order asks for the conditions of one that was placed, as far as they are remembered. */
  isSame(order: OrderMessage, placed: { account: number; slot: number; sequence: number }): boolean {
    const conditions = this.conditions.get(keyOf(placed));
    return conditions === undefined || conditions === conditionsOf(order);
  }
}
