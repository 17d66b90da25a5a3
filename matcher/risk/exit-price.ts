import type { Side } from "../protocol/message.ts";
import { PPM } from "../protocol/spec.ts";
import type { ClosedLots } from "./bankruptcy.ts";
import type { EpochTerms, MarketTerms } from "./epoch-terms.ts";
import { floorDivide } from "./floor-divide.ts";

const PPM_PARTS = BigInt(PPM);

/** The price less the haircut for a sale, plus it for a purchase, rounded in favour of who exits: times quantity. Bits: 32 + 20 + 40. */
function boundSafeSide({ priceTicks, exitHaircutPpm }: MarketTerms, side: Side, quantityLots: bigint): bigint {
  if (side === "sell") return -floorDivide(-quantityLots * priceTicks * (PPM_PARTS - exitHaircutPpm), PPM_PARTS);
  return (quantityLots * priceTicks * (PPM_PARTS + exitHaircutPpm)) / PPM_PARTS;
}

/** The worst price at which a forced exit is filled from the book: the least for a sale, the most for a purchase (rule 4 of docs/protocol.md §5b). */
export function exitPriceTicksSafeSide({ markets }: EpochTerms, market: number, side: Side): bigint {
  return boundSafeSide(markets[market] as MarketTerms, side, 1n);
}

/** The quote at which a forced exit closes against a holder of the opposite side: exactly at the haircut (rule 5). */
export function exitQuoteMicroUsdSafeSide({ markets }: EpochTerms, { market, side, quantityLots }: ClosedLots): bigint {
  return boundSafeSide(markets[market] as MarketTerms, side, quantityLots);
}
