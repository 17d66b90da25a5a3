import { addressNumber } from "../protocol/abi-word.ts";
import type {
  WireCancelAllRequest,
  WireCancelRequest,
  WireMarginModeRequest,
  WireOrderRequest,
  WireTransferRequest,
  WireWithdrawalRequest,
} from "../protocol/api-wire.ts";
import { DecimalError, microUsdFromUsd } from "../protocol/decimal.ts";
import type { WirePreviewRequest } from "../protocol/margin-wire.ts";
import { type Market, priceTicksFromUsd, quantityLotsFromBase } from "../protocol/market.ts";
import type {
  CancelAllMessage,
  CancelMessage,
  MarginModeMessage,
  OrderMessage,
  Signature,
  Signed,
  TransferMessage,
  WithdrawalMessage,
} from "../protocol/message.ts";
import { WIDTH } from "../protocol/spec.ts";
import type { PreviewOrder } from "../risk/preview.ts";
import { Rejection } from "./api-error.ts";
/** Where signatures are good: a request that names another place is refused by name. */
export interface SigningPlace {
  chainId: number;
  exchange: string;
}

/** @throws Rejection for a number of more than 256 bits */
export function signatureFrom({ r8x, r8y, s }: { r8x: string; r8y: string; s: string }): Signature {
  const numbers = { r8x: BigInt(r8x), r8y: BigInt(r8y), s: BigInt(s) };
  for (const value of Object.values(numbers)) {
    if (value >> 256n !== 0n)
      throw new Rejection("MALFORMED", { field: "signature", detail: "a number of 257 bits or more" });
  }
  return numbers;
}

/** Runs an exact conversion. @throws Rejection with the conversion's own code */
export function exact<T>(field: string, convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    if (error instanceof DecimalError) throw new Rejection(error.code, { field, detail: error.message });
    throw error;
  }
}

function requirePlace(body: WireOrderRequest, place: SigningPlace): void {
  if (body.chainId !== undefined && body.chainId !== place.chainId) {
    throw new Rejection("WRONG_CHAIN", { detail: `signed for chain ${body.chainId}; this is chain ${place.chainId}` });
  }
  if (body.exchange === undefined) return;
  let same = false;
  try {
    same = addressNumber(body.exchange) === addressNumber(place.exchange);
  } catch {
    // Not an address at all: as wrong as another one.
  }
  if (!same) throw new Rejection("WRONG_EXCHANGE", { detail: `this is ${place.exchange}` });
}

/** The signed order of a request. @throws Rejection naming the field that is out of range, off tick or off lot */
export function orderFrom(body: WireOrderRequest, market: Market, place: SigningPlace): Signed<OrderMessage> {
  requirePlace(body, place);
  return {
    kind: "order",
    account: body.account,
    market: market.index,
    side: body.side,
    keepFilled: body.keepFilled,
    reduceOnly: body.reduceOnly,
    postOnly: body.postOnly,
    timeInForce: body.timeInForce,
    selfTrade: body.selfTrade,
    slot: body.slot,
    sequence: body.sequence,
    expirySeconds: body.expirySeconds,
    maxFeePpm: body.maxFeePpm,
    limitPriceTicks: exact("price", () => priceTicksFromUsd(market, body.price)),
    quantityLots: exact("size", () => quantityLotsFromBase(market, body.size)),
    signature: signatureFrom(body.signature),
  };
}

/** The order that a preview is asked for. @throws Rejection naming the field that is off tick or off lot */
export function previewFrom(body: WirePreviewRequest, market: Market): PreviewOrder {
  const { side, timeInForce, postOnly, reduceOnly, maxFeePpm } = body;
  return {
    market: market.index,
    side,
    timeInForce,
    postOnly,
    reduceOnly,
    maxFeePpm,
    limitPriceTicks: exact("price", () => priceTicksFromUsd(market, body.price)),
    quantityLots: exact("size", () => quantityLotsFromBase(market, body.size)),
  };
}

/** @param market the one that the account will trade, or null */
export function marginModeFrom(body: WireMarginModeRequest, market: Market | null): Signed<MarginModeMessage> {
  const { account, sequence, signature } = body;
  const isolatedMarket = market === null ? null : market.index;
  return { kind: "marginMode", account, isolatedMarket, sequence, signature: signatureFrom(signature) };
}

export function cancelFrom({ account, slot, sequence, signature }: WireCancelRequest): Signed<CancelMessage> {
  return { kind: "cancel", account, slot, sequence, signature: signatureFrom(signature) };
}

export function cancelAllFrom({ account, sequence, signature }: WireCancelAllRequest): Signed<CancelAllMessage> {
  return { kind: "cancelAll", account, sequence, signature: signatureFrom(signature) };
}

/** @throws Rejection for an amount that is no positive number of micro-USD */
export function withdrawalFrom(body: WireWithdrawalRequest): Signed<WithdrawalMessage> {
  const { account, nonce, expirySeconds, signature } = body;
  const amountMicroUsd = paidMicroUsd(body.amount);
  return {
    kind: "withdrawal",
    account,
    sequence: nonce,
    expirySeconds,
    amountMicroUsd,
    signature: signatureFrom(signature),
  };
}

/** @throws Rejection for an amount that is no positive number of micro-USD */
export function transferFrom(body: WireTransferRequest): Signed<TransferMessage> {
  const { account, to, nonce, expirySeconds, signature } = body;
  const amountMicroUsd = paidMicroUsd(body.amount);
  return {
    kind: "transfer",
    account,
    to,
    sequence: nonce,
    expirySeconds,
    amountMicroUsd,
    signature: signatureFrom(signature),
  };
}

function paidMicroUsd(amount: string): bigint {
  let amountMicroUsd: bigint;
  try {
    amountMicroUsd = microUsdFromUsd(amount);
  } catch (error) {
    if (error instanceof DecimalError) throw new Rejection("INVALID_AMOUNT", { detail: error.message });
    throw error;
  }
  if (amountMicroUsd < 1n || amountMicroUsd >> BigInt(WIDTH.withdrawalMicroUsd) !== 0n)
    throw new Rejection("INVALID_AMOUNT");
  return amountMicroUsd;
}
