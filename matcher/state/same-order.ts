import { type OrderMessage, orderFlags } from "../protocol/message.ts";

/** Whether two orders are the same signed message: equal in every signed field. The signature may differ. */
export function sameOrder(a: OrderMessage, b: OrderMessage): boolean {
  return (
    a === b ||
    (a.account === b.account &&
      a.market === b.market &&
      a.side === b.side &&
      a.keepFilled === b.keepFilled &&
      a.slot === b.slot &&
      a.sequence === b.sequence &&
      a.expirySeconds === b.expirySeconds &&
      a.maxFeePpm === b.maxFeePpm &&
      a.limitPriceTicks === b.limitPriceTicks &&
      a.quantityLots === b.quantityLots &&
      orderFlags(a) === orderFlags(b))
  );
}
