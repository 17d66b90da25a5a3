/** What goes over the wire about margin: the types of the schemas in wire/margin.ts. */
export type {
  WireAtRisk,
  WireDeleveragingRank,
  WireExecution,
  WireInsurance,
  WireMargin,
  WireMarginMode,
  WireMarginModeSet,
  WireOwnedAccount,
  WireOwnedPosition,
  WireOwner,
  WirePosition,
  WirePositions,
  WirePreview,
  WirePreviewRequest,
  WireRefusal,
} from "./wire/margin.ts";
