import type { WireOrderRequest, WireSignature } from "../protocol/api-wire.ts";
import { type KeyPair, keyPairOf } from "../protocol/keys.ts";
import type { OrderMessage, Statement } from "../protocol/message.ts";
import { messageHash } from "../protocol/message-hash.ts";
import { sign } from "../protocol/signature.ts";
import type { OrderTerms } from "./order-terms.ts";

/** Signs messages of one key for one exchange. */
export class OrderSigner {
  readonly key: KeyPair;
  readonly domain: bigint;

  /** @param key a key pair, or its secret scalar. @throws RangeError for a scalar that is out of range */
  constructor(key: KeyPair | bigint, domain: bigint) {
    this.key = typeof key === "bigint" ? keyPairOf(key) : key;
    this.domain = domain;
  }

  sign(message: Statement): WireSignature {
    const { r8x, r8y, s } = sign(this.key, messageHash(message, this.domain));
    return { r8x: r8x.toString(), r8y: r8y.toString(), s: s.toString() };
  }

  /** The request of an order, signed. @param terms what it was made of */
  orderRequest(order: OrderMessage, { market, price, size, clientId }: OrderTerms): WireOrderRequest {
    const { kind: _, market: __, limitPriceTicks: ___, quantityLots: ____, ...fields } = order;
    const name = clientId === undefined ? {} : { clientId };
    return { ...fields, market, price, size, ...name, signature: this.sign(order) };
  }
}
