import type { CloseReason } from "../book/book-event.ts";
import type { MatchingEngine } from "../book/matching-engine.ts";
import type { Ledger } from "../state/ledger.ts";
import type { ClientOrders } from "./client-orders.ts";
import type { LedgerGate } from "./ledger-gate.ts";
import type { QueueDesk } from "./queue-desk.ts";

export const CONDITIONAL_PER_ACCOUNT_MAX = 100;
/** Over all accounts, so that memory has a bound: 20 MB of single orders, 60 MB of brackets. */
export const CONDITIONAL_MAX = 20_000;
/** Orders that one command lets in; the others follow with the next command, or with a sweep of the host's clock. */
export const ENTRIES_PER_COMMAND_MAX = 64;

/** What ends a TWAP between two parts; whatever else ends a part, the next one comes all the same. */
export const ENDS_PARTS: ReadonlySet<CloseReason> = new Set<CloseReason>(["cancelled", "replaced", "liquidation"]);

/** What conditional orders work on. */
export interface ConditionalParts {
  readonly ledger: Ledger;
  readonly engine: MatchingEngine;
  readonly gate: LedgerGate;
  readonly clientOrders: ClientOrders;
  /** Who leaves places nothing. */
  readonly desk: Pick<QueueDesk, "isLeaving">;
}
