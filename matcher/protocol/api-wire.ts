/** What goes over the wire between the API and its clients: the types of the schemas in wire/. */
export type { WireAccount, WireFees } from "./wire/account.ts";
export type {
  WireCancelBatchRequest,
  WireCancelledBatch,
  WireCancelResult,
  WirePlaceBatchRequest,
  WirePlacedBatch,
  WirePlaceResult,
} from "./wire/batch-request.ts";
export type { WireError } from "./wire/error.ts";
export type { WireFinality, WireFinalityLabel, WireSignature } from "./wire/field.ts";
export type { WireMarginModeRequest } from "./wire/margin.ts";
export type {
  WireMarket,
  WireMarkets,
  WireOrderbook,
  WireTicker,
  WireTickers,
  WireTrade,
} from "./wire/market.ts";
export type {
  WireCancelAllRequest,
  WireCancelByNameRequest,
  WireCancelled,
  WireCancelMarketRequest,
  WireCancelRequest,
  WireDeadMansSwitch,
  WireDeadMansSwitchRequest,
  WireFill,
  WireOrder,
  WireOrderRequest,
  WirePlaced,
} from "./wire/order.ts";
export type {
  WireTransfer,
  WireTransferRequest,
  WireTransferred,
  WireWithdrawal,
  WireWithdrawalRequest,
  WireWithdrawn,
} from "./wire/payment.ts";
export type { WireLoggedOut, WireLoginRequest, WireSession } from "./wire/session.ts";
export type {
  WireBatch,
  WireOracle,
  WireOracleMarket,
  WireOracleSigner,
  WireStatus,
  WireTime,
  WireUptime,
} from "./wire/status.ts";
