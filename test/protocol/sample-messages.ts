import type {
  CancelAllMessage,
  CancelMessage,
  OrderMessage,
  WithdrawalMessage,
} from "../../matcher/protocol/message.ts";

export const SAMPLE_CHAIN_ID = 31337;
export const SAMPLE_EXCHANGE = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

export const SAMPLE_ORDER: OrderMessage = {
  kind: "order",
  account: 7,
  market: 1,
  side: "buy",
  keepFilled: false,
  reduceOnly: false,
  postOnly: false,
  timeInForce: "GTT",
  selfTrade: "expire-maker",
  slot: 12,
  sequence: 1_700_000_000_123,
  expirySeconds: 1_800_000_000,
  maxFeePpm: 500,
  limitPriceTicks: 300_000,
  quantityLots: 25_000,
};

export const SAMPLE_CANCEL: CancelMessage = { kind: "cancel", account: 7, slot: 12, sequence: 1_700_000_000_123 };

export const SAMPLE_CANCEL_ALL: CancelAllMessage = { kind: "cancelAll", account: 7, sequence: 1_700_000_000_123 };

export const SAMPLE_WITHDRAWAL: WithdrawalMessage = {
  kind: "withdrawal",
  account: 7,
  sequence: 3,
  expirySeconds: 1_800_000_000,
  amountMicroUsd: 5n * 2n ** 40n + 123_456_789n,
};
