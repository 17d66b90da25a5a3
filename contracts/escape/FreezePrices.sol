// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {Epoch} from "../interfaces/ExchangeTypes.sol";
import {IEscape} from "../interfaces/IEscape.sol";

/// @title What an epoch says of prices, and the lower medians over many: eight prices of 32 bits a word.
library FreezePrices {
    uint256 private constant PRICE_MASK = (1 << Protocol.PRICE_TICKS_BITS) - 1;
    uint256 private constant INDEX_MASK = (1 << (Protocol.FUNDING_INDEX_MAGNITUDE_BITS + 1)) - 1;
    int256 private constant INDEX_OFFSET = int256(1 << Protocol.FUNDING_INDEX_MAGNITUDE_BITS);

    uint256 private constant SLOT_BITS = 2 * Protocol.PRICE_TICKS_BITS;
    uint256 private constant SLOT_MASK = (1 << SLOT_BITS) - 1;
    /// @dev 1 in each of four slots of 64 bits, and all ones in the lower half of each.
    uint256 private constant ONES = 1 | (1 << SLOT_BITS) | (1 << (2 * SLOT_BITS)) | (1 << (3 * SLOT_BITS));
    uint256 private constant EVEN_LANES = ONES * PRICE_MASK;

    /// @dev Of every second market, a slot each: how many prices count, are below the candidate, are not above it.
    struct Tally {
        uint256 counts;
        uint256 below;
        uint256 notAbove;
    }

    function lane(uint256 word, uint256 market) internal pure returns (uint256) {
        return (word >> (Protocol.PRICE_TICKS_BITS * market)) & PRICE_MASK;
    }

    function unpack(uint256 word) internal pure returns (uint32[8] memory pricesTicks) {
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) pricesTicks[market] = uint32(lane(word, market));
    }

    /// @notice The prices that the epoch's batches are judged by, whatever they are worth.
    function ofEpoch(Epoch calldata epoch) internal pure returns (uint256 word) {
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            word |= _price(epoch.marketWords[market]) << (Protocol.PRICE_TICKS_BITS * market);
        }
    }

    /// @notice Those of them that count in the median: of markets that trade, restricted ones left out, and of the markets that
    /// the indices stand for in the last settled epoch. An index that was given to another market at a time has no price of the new
    /// one before it and none of the old one after it; given away later than the last settled epoch, nobody holds a position
    /// under it.
    function countedOf(
        Epoch calldata epoch,
        uint32[8] memory sinceSeconds,
        uint256 lastTimeSeconds
    ) internal pure returns (uint256 word) {
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            uint256 marketWord = epoch.marketWords[market];
            bool stopped = (marketWord >> Protocol.MARKET_WORD_RESTRICTED_SHIFT) & 1 != 0 ||
                (marketWord >> Protocol.MARKET_WORD_RETIRED_SHIFT) & 1 != 0;
            uint256 since = sinceSeconds[market];
            bool another = since <= lastTimeSeconds && epoch.timeSeconds <= since;
            if (!stopped && !another) word |= _price(marketWord) << (Protocol.PRICE_TICKS_BITS * market);
        }
    }

    /// @notice Funding index of a market word, pico-USD per lot.
    function fundingIndex(uint256 marketWord) internal pure returns (int256) {
        uint256 offset = (marketWord >> Protocol.MARKET_WORD_FUNDING_INDEX_OFFSET_SHIFT) & INDEX_MASK;
        return int256(offset) - INDEX_OFFSET;
    }

    /// @notice Checks that each given price is the lower median of those that count, or the own one where none does.
    /// @param counted By epoch number.
    /// @param settledMarkets Bit k: market k has a settlement price, which is the own one, and no median.
    function checkMedians(
        mapping(uint256 number => uint256) storage counted,
        uint256 first,
        uint256 last,
        uint256 own,
        uint256 settledMarkets,
        uint32[8] calldata given
    ) internal view {
        Tally[2] memory tallies = _tally(counted, first, last, pack(given));
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            Tally memory tally = tallies[market % 2];
            uint256 shift = SLOT_BITS * (market / 2);
            uint256 count = (settledMarkets >> market) & 1 != 0 ? 0 : (tally.counts >> shift) & SLOT_MASK;
            bool right = count == 0
                ? given[market] == lane(own, market)
                : (tally.below >> shift) & SLOT_MASK <= (count - 1) / 2 &&
                    (tally.notAbove >> shift) & SLOT_MASK > (count - 1) / 2;
            if (!right) revert IEscape.WrongPrice(market, given[market], lane(own, market), count);
        }
    }

    /// @dev All epochs of a window must fit into one transaction, were there one every second. So four markets are compared at once:
    /// each has 64 bits, the upper half to carry into. A price of 0 does not count.
    function _tally(
        mapping(uint256 number => uint256) storage counted,
        uint256 first,
        uint256 last,
        uint256 candidates
    ) private view returns (Tally[2] memory tallies) {
        unchecked {
            for (uint256 half = 0; half < 2; ++half) {
                uint256 shift = half * Protocol.PRICE_TICKS_BITS;
                uint256 carried = ((candidates >> shift) & EVEN_LANES) + (ONES << Protocol.PRICE_TICKS_BITS);
                (uint256 counts, uint256 below, uint256 notAbove) = (0, 0, 0);
                for (uint256 number = first; number <= last; ++number) {
                    uint256 prices = (counted[number] >> shift) & EVEN_LANES;
                    // A lane's carry is 1 from a price of 1 on, where price ≤ candidate, and where price + 1 ≤ candidate.
                    uint256 counts1 = ((prices + EVEN_LANES) >> Protocol.PRICE_TICKS_BITS) & ONES;
                    counts += counts1;
                    notAbove += ((carried - prices) >> Protocol.PRICE_TICKS_BITS) & counts1;
                    below += ((carried - prices - ONES) >> Protocol.PRICE_TICKS_BITS) & counts1;
                }
                tallies[half] = Tally({counts: counts, below: below, notAbove: notAbove});
            }
        }
    }

    function pack(uint32[8] calldata pricesTicks) internal pure returns (uint256 word) {
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            word |= uint256(pricesTicks[market]) << (Protocol.PRICE_TICKS_BITS * market);
        }
    }

    function _price(uint256 marketWord) private pure returns (uint256) {
        return (marketWord >> Protocol.MARKET_WORD_PRICE_TICKS_SHIFT) & PRICE_MASK;
    }
}
