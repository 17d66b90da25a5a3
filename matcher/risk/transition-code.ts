import type { RejectCode } from "../protocol/reject.ts";
import type { TransitionRefusal } from "./transition.ts";

/** Closed reject code of a final state that is not valid. */
export function transitionRefusalCode(refusal: TransitionRefusal): RejectCode {
  switch (refusal) {
    case "restricted-growth":
    case "restricted-flip":
    case "restricted-withdrawal":
      return "MARKET_RESTRICTED";
    case "position-cap":
      return "POSITION_CAP";
    case "isolated-market":
      return "ISOLATED_ONLY";
    default:
      // All others say that initial margin is not met.
      return "INSUFFICIENT_INITIAL_MARGIN";
  }
}
