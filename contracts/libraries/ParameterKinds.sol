// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {IMarketRegistry, MarketParameters, MarketStatus, RiskParameters} from "../interfaces/IMarketRegistry.sol";

/// @title What tells tuning from listing: two roles append versions, and neither can do the other's work.
library ParameterKinds {
    /// @notice A version that tunes leaves every market's status as it was.
    function checkTuning(RiskParameters calldata next, RiskParameters storage previous) internal view {
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            (MarketStatus from, MarketStatus to) = (previous.markets[market].status, next.markets[market].status);
            if (from != to) revert IMarketRegistry.NotTuning(market, from, to);
        }
    }

    /// @notice A version that lists or retires leaves everything else as it was.
    function checkListing(RiskParameters calldata next, RiskParameters storage previous) internal view {
        if (
            next.rebateCapPpm != previous.rebateCapPpm ||
            next.maxFundingRatePpmPerHour != previous.maxFundingRatePpmPerHour ||
            next.liquidationFeeCapPpm != previous.liquidationFeeCapPpm ||
            next.liquidationSpreadPpm != previous.liquidationSpreadPpm ||
            next.bankruptcyAdjustmentPpm != previous.bankruptcyAdjustmentPpm ||
            next.insuranceCapMicroUsd != previous.insuranceCapMicroUsd
        ) {
            revert IMarketRegistry.RatesChanged();
        }
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            MarketParameters calldata terms = next.markets[market];
            MarketParameters memory before = previous.markets[market];
            // What stands in a place without market means nothing.
            bool stays = terms.status == before.status && terms.status != MarketStatus.None;
            if (stays && keccak256(abi.encode(terms)) != keccak256(abi.encode(before))) {
                revert IMarketRegistry.NotListing(market);
            }
        }
    }
}
