import { encodeBytes32String } from "ethers";
import {
  DEVNET_FUNDING_RATE_MAX_PPM_PER_HOUR,
  DEVNET_LIQUIDATION,
  DEVNET_MARKETS,
  DEVNET_REBATE_CAP_PPM,
} from "../../matcher/protocol/devnet-markets.ts";
import { MARKETS } from "../../matcher/protocol/spec.ts";

/** `MarketStatus` of the contracts, by its number. */
export const MARKET_STATUS = { none: 0, live: 1, retired: 2 } as const;

/** A market's terms as the registry takes them; without an entry there is no market. */
function marketParameters(index: number) {
  const entry = DEVNET_MARKETS.find(({ market }) => market.index === index);
  return {
    imfPpm: entry?.imfPpm ?? 0,
    mmfPpm: entry?.mmfPpm ?? 0,
    bandPpm: entry?.bandPpm ?? 0,
    openInterestCapLots: entry?.openInterestCapLots ?? 0n,
    positionCapLots: entry?.positionCapLots ?? 0n,
    exitHaircutPpm: entry?.exitHaircutPpm ?? 0,
    status: (entry === undefined ? MARKET_STATUS.none : MARKET_STATUS.live) as number,
    tickSizeExponent: -(entry?.market.tickDecimals ?? 0),
    lotSizeExponent: -(entry?.market.lotDecimals ?? 0),
    isolatedOnly: entry?.isolatedOnly ?? false,
    openInterestLowerCapMicroUsd: entry?.openInterestLowerCapMicroUsd ?? 0n,
    openInterestUpperCapMicroUsd: entry?.openInterestUpperCapMicroUsd ?? 0n,
    symbol: encodeBytes32String(entry?.market.symbol ?? ""),
  };
}

/** The first parameter version of a devnet. */
export function devnetParameters() {
  return {
    rebateCapPpm: DEVNET_REBATE_CAP_PPM,
    maxFundingRatePpmPerHour: DEVNET_FUNDING_RATE_MAX_PPM_PER_HOUR,
    liquidationFeeCapPpm: DEVNET_LIQUIDATION.feeCapPpm,
    liquidationSpreadPpm: DEVNET_LIQUIDATION.spreadPpm,
    bankruptcyAdjustmentPpm: DEVNET_LIQUIDATION.bankruptcyAdjustmentPpm,
    insuranceCapMicroUsd: DEVNET_LIQUIDATION.insuranceCapMicroUsd,
    markets: Array.from({ length: MARKETS }, (_, index) => marketParameters(index)),
  };
}
