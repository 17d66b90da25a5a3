// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {AccountLeaf} from "../interfaces/IEscape.sol";

/// @title What a leaf is worth at the freeze.
library Equity {
    uint256 private constant LANE_MASK = (1 << Protocol.SIZE_LANE_BITS) - 1;
    int256 private constant LANE_OFFSET = int256(1 << Protocol.SIZE_MAGNITUDE_BITS);

    /// @notice Of every market, the worth of a long lot less what funding takes of it, pico-USD: price · 10^6 − index.
    function lotWorth(uint256 priceTicks, int256 fundingIndexPicoUsd) internal pure returns (int256) {
        return int256(priceTicks * Protocol.PICO_PER_MICRO) - fundingIndexPicoUsd;
    }

    /// @notice K − Σ size · index + Σ size · price · 10^6, micro-USD rounded down; 0 for what is negative.
    /// @dev Below 2^109 pico-USD, so below 2^90 micro-USD. A retired market's positions are worth its settlement price: the same sum.
    function positiveMicroUsdFloor(
        AccountLeaf calldata leaf,
        int256[8] memory lotWorthPicoUsd
    ) internal pure returns (uint256) {
        uint256 k = leaf.adjustedCollateralPicoUsd;
        int256 equity = k > Protocol.FIELD_ORDER / 2 ? int256(k) - int256(Protocol.FIELD_ORDER) : int256(k);
        unchecked {
            for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
                uint256 shift = Protocol.SIZE_LANE_BITS * (market % Protocol.LANES_PER_WORD);
                uint256 laneBits = (leaf.sizeWords[market / Protocol.LANES_PER_WORD] >> shift) & LANE_MASK;
                equity += (int256(laneBits) - LANE_OFFSET) * lotWorthPicoUsd[market];
            }
        }
        return equity > 0 ? uint256(equity) / Protocol.PICO_PER_MICRO : 0;
    }
}
