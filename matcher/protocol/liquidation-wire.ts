/** What goes over the wire about trades that nobody signed: the types of the schemas in wire/liquidation.ts. */
export type { WireDeleveraged, WireForcedTrade, WireLiquidated, WirePositionSettled } from "./wire/liquidation.ts";
