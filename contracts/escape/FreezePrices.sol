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
        // One lane of 32 bits a market; there are fewer epochs than seconds in a window.
        (uint256 counts, uint256 below, uint256 notAbove) = (0, 0, 0);
        uint256 packed = pack(given);
        for (uint256 number = first; number <= last; ++number) {
            uint256 word = counted[number];
            for (uint256 shift = 0; word >> shift != 0; shift += Protocol.PRICE_TICKS_BITS) {
                uint256 price = (word >> shift) & PRICE_MASK;
                if (price == 0) continue;
                uint256 candidate = (packed >> shift) & PRICE_MASK;
                counts += 1 << shift;
                if (price < candidate) below += 1 << shift;
                if (price <= candidate) notAbove += 1 << shift;
                if (shift == Protocol.PRICE_TICKS_BITS * (Protocol.MARKETS - 1)) break;
            }
        }
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            uint256 count = (settledMarkets >> market) & 1 != 0 ? 0 : lane(counts, market);
            bool right = count == 0
                ? given[market] == lane(own, market)
                : lane(below, market) <= (count - 1) / 2 && lane(notAbove, market) > (count - 1) / 2;
            if (!right) revert IEscape.WrongPrice(market, given[market], lane(own, market), count);
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
