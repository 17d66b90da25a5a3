import type { WireCancelRequest, WireOrderRequest } from "../../../matcher/protocol/api-wire.ts";
import { DEVNET_MARKETS } from "../../../matcher/protocol/devnet-markets.ts";
import { type KeyPair, keyPairOf } from "../../../matcher/protocol/keys.ts";
import { baseFromLots, priceTicksFromUsd, usdFromPriceTicks } from "../../../matcher/protocol/market.ts";
import { type OrderMessage, REVISIONS } from "../../../matcher/protocol/message.ts";
import { ORDER_SLOTS } from "../../../matcher/protocol/spec.ts";
import { OrderSigner } from "../../../matcher/sdk/order-signer.ts";
import { Sequence32 } from "../sequence-32.ts";

/** A request that is ready to be sent: signing is the trader's work and no part of what is measured. */
export interface SignedRequest {
  readonly path: string;
  readonly body: string;
}

/** Of 100 requests. */
const PLACEMENTS = 50;
const CANCELS = 45;
const RESTING_PER_ACCOUNT_MAX = 200;
/** Quotes stand up to this far from the middle, and takers reach as far across. */
const REACH_PPM = 4_000;
const EXPIRY_SECONDS = 86_400;

export function benchKey(account: number): KeyPair {
  return keyPairOf(7_000_003n * BigInt(account) + 11n);
}

interface Resting {
  readonly slot: number;
  readonly sequence: number;
}

/**
 * What market makers and takers send, in the mix of the book's benchmark: half placements, 45 % cancels of what was placed, 5 % takers.
 * Deterministic; every account uses slots of its own in turn.
 */
export class SignedFlow {
  private readonly random = new Sequence32();
  private readonly signers: OrderSigner[];
  private readonly resting: Resting[][];
  private readonly placed: number[];
  private readonly epochSeconds: number;
  private orderNumber = 1;

  constructor(accounts: number, domain: bigint, epochSeconds: number) {
    this.signers = Array.from({ length: accounts }, (_, index) => new OrderSigner(benchKey(index + 1), domain));
    this.resting = Array.from({ length: accounts }, () => []);
    this.placed = new Array<number>(accounts).fill(0);
    this.epochSeconds = epochSeconds;
  }

  next(): SignedRequest {
    const index = this.random.next(this.signers.length);
    const resting = this.resting[index] as Resting[];
    const dice = this.random.next(100);
    const crowded = resting.length >= RESTING_PER_ACCOUNT_MAX;
    if (crowded || (dice >= PLACEMENTS && dice < PLACEMENTS + CANCELS && resting.length > 0)) {
      return this.cancel(index, resting.splice(this.random.next(resting.length), 1)[0] as Resting);
    }
    return this.order(index, dice >= PLACEMENTS + CANCELS);
  }

  private order(index: number, takes: boolean): SignedRequest {
    const { market, seedPriceUsd } = DEVNET_MARKETS[
      this.random.next(DEVNET_MARKETS.length)
    ] as (typeof DEVNET_MARKETS)[0];
    const side = this.random.next(2) === 0 ? "buy" : "sell";
    const midTicks = priceTicksFromUsd(market, seedPriceUsd);
    const awayTicks = 1 + this.random.next(Math.floor((midTicks * REACH_PPM) / 1_000_000));
    const up = (side === "buy") === takes;
    const limitPriceTicks = up ? midTicks + awayTicks : midTicks - awayTicks;
    const slot = (this.placed[index] as number) % ORDER_SLOTS;
    this.placed[index] = slot + 1;
    // Some USD of everything: nobody runs out of margin.
    const quantityLots = Math.max(1, Math.floor(((1 + this.random.next(40)) * 1_000_000) / midTicks));
    const order: OrderMessage = {
      kind: "order",
      account: index + 1,
      market: market.index,
      side,
      keepFilled: false,
      reduceOnly: false,
      postOnly: false,
      timeInForce: takes ? "IOC" : "GTT",
      selfTrade: "expire-maker",
      slot,
      sequence: this.orderNumber++ * REVISIONS,
      expirySeconds: this.epochSeconds + EXPIRY_SECONDS,
      maxFeePpm: 1_000,
      limitPriceTicks,
      quantityLots,
    };
    if (!takes) this.resting[index]?.push({ slot, sequence: order.sequence });
    const { kind: _, market: __, limitPriceTicks: ___, quantityLots: ____, ...fields } = order;
    const body: WireOrderRequest = {
      ...fields,
      market: market.symbol,
      price: usdFromPriceTicks(market, limitPriceTicks),
      size: baseFromLots(market, quantityLots),
      signature: (this.signers[index] as OrderSigner).sign(order),
    };
    return { path: "/v1/orders", body: JSON.stringify(body) };
  }

  private cancel(index: number, { slot, sequence }: Resting): SignedRequest {
    const message = { kind: "cancel", account: index + 1, slot, sequence } as const;
    const { kind: _, ...named } = message;
    const body: WireCancelRequest = { ...named, signature: (this.signers[index] as OrderSigner).sign(message) };
    return { path: "/v1/cancel", body: JSON.stringify(body) };
  }
}
