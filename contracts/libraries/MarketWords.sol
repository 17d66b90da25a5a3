// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {MarketParameters} from "../interfaces/IMarketRegistry.sol";
import {OpenInterest} from "./OpenInterest.sol";

/// @title Market words of an epoch: what of a market all batches of the epoch share.
library MarketWords {
    /// @dev Makes the signed funding index non-negative.
    int256 private constant FUNDING_INDEX_OFFSET = int256(1 << Protocol.FUNDING_INDEX_MAGNITUDE_BITS);

    /// @notice A market that trades, or, restricted, only shrinks.
    /// @param grossLots Gross open interest, by which initial margin is scaled.
    function open(
        MarketParameters memory terms,
        uint256 priceTicks,
        bool restricted,
        uint256 grossLots,
        int256 index
    ) internal pure returns (uint256 word) {
        uint256 imfPpm = OpenInterest.scaledImfPpmCeil(
            terms.imfPpm,
            terms.openInterestLowerCapMicroUsd,
            terms.openInterestUpperCapMicroUsd,
            OpenInterest.notionalMicroUsd(grossLots, priceTicks)
        );
        word =
            _withBand(priceTicks, terms.bandPpm) |
            (imfPpm << Protocol.MARKET_WORD_IMF_PPM_SHIFT) |
            (uint256(terms.mmfPpm) << Protocol.MARKET_WORD_MMF_PPM_SHIFT) |
            _indexBits(index) |
            (uint256(terms.positionCapLots) << Protocol.MARKET_WORD_POSITION_CAP_LOTS_SHIFT);
        if (restricted) word |= 1 << Protocol.MARKET_WORD_RESTRICTED_SHIFT;
        if (terms.isolatedOnly) word |= 1 << Protocol.MARKET_WORD_ISOLATED_ONLY_SHIFT;
    }

    /// @notice A market at its settlement price for one epoch before it is retired: as an open one, but no position may grow.
    function closing(
        MarketParameters memory terms,
        uint256 priceTicks,
        uint256 grossLots,
        int256 index
    ) internal pure returns (uint256) {
        uint256 positionCapMask = ((1 << Protocol.POSITION_CAP_LOTS_BITS) - 1) << Protocol.MARKET_WORD_POSITION_CAP_LOTS_SHIFT;
        return open(terms, priceTicks, false, grossLots, index) & ~positionCapMask;
    }

    /// @notice No market, or one that never had a price: an empty band, 1 … 0, lets no row through.
    function stopped(bool restricted, int256 index) internal pure returns (uint256 word) {
        word = (1 << Protocol.MARKET_WORD_PRICE_MIN_TICKS_SHIFT) | _indexBits(index);
        if (restricted) word |= 1 << Protocol.MARKET_WORD_RESTRICTED_SHIFT;
    }

    /// @notice Closed for good: positions are settled at the price, no row gets through, and nothing else is read.
    function retired(uint256 priceTicks, int256 index) internal pure returns (uint256) {
        return
            stopped(false, index) |
            (priceTicks << Protocol.MARKET_WORD_PRICE_TICKS_SHIFT) |
            (1 << Protocol.MARKET_WORD_RETIRED_SHIFT);
    }

    /// @notice Maintenance fraction, parts per million: zero where nobody can hold a position beyond the next touch.
    function mmfPpm(uint256 word) internal pure returns (uint256) {
        return (word >> Protocol.MARKET_WORD_MMF_PPM_SHIFT) & ((1 << Protocol.RATE_PPM_BITS) - 1);
    }

    /// @dev The band is rounded inward: up at the bottom, down at the top, and ends with the width of a price.
    function _withBand(uint256 priceTicks, uint256 bandPpm) private pure returns (uint256) {
        uint256 minTicks = (priceTicks * (Protocol.PPM - bandPpm) + Protocol.PPM - 1) / Protocol.PPM;
        uint256 maxTicks = (priceTicks * (Protocol.PPM + bandPpm)) / Protocol.PPM;
        uint256 greatestTicks = (1 << Protocol.PRICE_TICKS_BITS) - 1;
        if (maxTicks > greatestTicks) maxTicks = greatestTicks;
        return
            (priceTicks << Protocol.MARKET_WORD_PRICE_TICKS_SHIFT) |
            (minTicks << Protocol.MARKET_WORD_PRICE_MIN_TICKS_SHIFT) |
            (maxTicks << Protocol.MARKET_WORD_PRICE_MAX_TICKS_SHIFT);
    }

    function _indexBits(int256 index) private pure returns (uint256) {
        return uint256(index + FUNDING_INDEX_OFFSET) << Protocol.MARKET_WORD_FUNDING_INDEX_OFFSET_SHIFT;
    }
}
