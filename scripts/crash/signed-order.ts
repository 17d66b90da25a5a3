import type { WireOrderRequest } from "../../matcher/protocol/api-wire.ts";
import type { KeyPair } from "../../matcher/protocol/keys.ts";
import { baseFromLots, type Market, usdFromPriceTicks } from "../../matcher/protocol/market.ts";
import type { OrderMessage, Signature } from "../../matcher/protocol/message.ts";
import { messageHash } from "../../matcher/protocol/message-hash.ts";
import { sign } from "../../matcher/protocol/signature.ts";

/** Signs an order, or makes what stands in a signature's place where nobody looks at it. */
export type Signing = (message: OrderMessage) => Signature;

export function signingWith(key: KeyPair, domain: bigint): Signing {
  return (message) => sign(key, messageHash(message, domain));
}

/** For an exchange that believes everybody. */
export const UNSIGNED: Signing = () => ({ r8x: 0n, r8y: 1n, s: 0n });

/** The request that places an order; the very same may be sent again. */
export function signedOrder(
  message: OrderMessage,
  market: Market,
  signing: Signing,
  clientId: string,
): WireOrderRequest {
  const { r8x, r8y, s } = signing(message);
  const { kind: _, market: __, limitPriceTicks, quantityLots, ...same } = message;
  return {
    ...same,
    market: market.symbol,
    price: usdFromPriceTicks(market, limitPriceTicks),
    size: baseFromLots(market, quantityLots),
    clientId,
    signature: { r8x: r8x.toString(), r8y: r8y.toString(), s: s.toString() },
  };
}
