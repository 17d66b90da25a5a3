// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {MarketParameters} from "../interfaces/IMarketRegistry.sol";
import {MarketWords} from "../libraries/MarketWords.sol";
import {TestBase} from "./TestBase.sol";

contract MarketWordsTest is TestBase {
    function field(uint256 word, uint256 shift, uint256 bits) private pure returns (uint256) {
        return (word >> shift) & ((1 << bits) - 1);
    }

    function indexFrom(uint256 seed) private pure returns (int256) {
        int256 end = int256(1 << Protocol.FUNDING_INDEX_MAGNITUDE_BITS);
        return int256(seed % uint256(2 * end - 1)) - (end - 1);
    }

    function checkRest(uint256 word, int256 index, bool restricted, bool retired) private pure {
        assertTrue(word >> Protocol.MARKET_WORD_WIDTH == 0);
        assertTrue(
            int256(field(word, Protocol.MARKET_WORD_FUNDING_INDEX_OFFSET_SHIFT, 64)) -
                int256(1 << Protocol.FUNDING_INDEX_MAGNITUDE_BITS) ==
                index
        );
        assertEq(field(word, Protocol.MARKET_WORD_RESTRICTED_SHIFT, 1), restricted ? 1 : 0);
        assertEq(field(word, Protocol.MARKET_WORD_RETIRED_SHIFT, 1), retired ? 1 : 0);
    }

    /// @dev Every field in its place and none over another, and the band inside of what was asked for, by less than a tick.
    function testFuzz_open_holdsEveryField(
        uint32[3] memory fractions,
        uint96[2] memory caps,
        uint64 positionCapLots,
        uint32 priceTicks,
        bool[2] memory flags,
        uint48 grossLots,
        uint256 seed
    ) public pure {
        MarketParameters memory terms;
        terms.imfPpm = uint32(fractions[0] % (Protocol.PPM + 1));
        terms.mmfPpm = uint32(fractions[1] % (terms.imfPpm + 1));
        terms.bandPpm = uint32(fractions[2] % Protocol.PPM);
        terms.positionCapLots = uint64(positionCapLots % (1 << Protocol.POSITION_CAP_LOTS_BITS));
        terms.isolatedOnly = flags[0];
        terms.openInterestLowerCapMicroUsd = caps[0] < caps[1] ? caps[0] : caps[1];
        terms.openInterestUpperCapMicroUsd = caps[0] < caps[1] ? caps[1] : caps[0];
        vm.assume(priceTicks != 0);
        int256 index = indexFrom(seed);
        uint256 word = MarketWords.open(terms, priceTicks, flags[1], grossLots, index);
        checkRest(word, index, flags[1], false);
        assertEq(field(word, Protocol.MARKET_WORD_PRICE_TICKS_SHIFT, 32), priceTicks);
        uint256 imfPpm = field(word, Protocol.MARKET_WORD_IMF_PPM_SHIFT, 20);
        assertTrue(terms.imfPpm <= imfPpm && imfPpm <= Protocol.PPM);
        assertEq(field(word, Protocol.MARKET_WORD_MMF_PPM_SHIFT, 20), terms.mmfPpm);
        assertEq(field(word, Protocol.MARKET_WORD_ISOLATED_ONLY_SHIFT, 1), terms.isolatedOnly ? 1 : 0);
        assertEq(field(word, Protocol.MARKET_WORD_POSITION_CAP_LOTS_SHIFT, 40), terms.positionCapLots);
        uint256 low = field(word, Protocol.MARKET_WORD_PRICE_MIN_TICKS_SHIFT, 32);
        uint256 high = field(word, Protocol.MARKET_WORD_PRICE_MAX_TICKS_SHIFT, 32);
        assertTrue(low <= priceTicks && priceTicks <= high);
        (uint256 lowEdge, uint256 highEdge) = (
            priceTicks * (Protocol.PPM - terms.bandPpm),
            priceTicks * (Protocol.PPM + terms.bandPpm)
        );
        assertTrue(low * Protocol.PPM >= lowEdge && (low - (low == 0 ? 0 : 1)) * Protocol.PPM <= lowEdge);
        assertTrue(high * Protocol.PPM <= highEdge);
        assertTrue((high + 1) * Protocol.PPM > highEdge || high == type(uint32).max);
    }

    /// @dev All of an open market's word but the position cap.
    function testFuzz_closing_isOpenWithoutRoomToGrow(
        uint32[3] memory fractions,
        uint64 positionCapLots,
        uint32 priceTicks,
        bool isolatedOnly,
        uint48 grossLots,
        uint256 seed
    ) public pure {
        MarketParameters memory terms;
        terms.imfPpm = uint32(fractions[0] % (Protocol.PPM + 1));
        terms.mmfPpm = uint32(fractions[1] % (terms.imfPpm + 1));
        terms.bandPpm = uint32(fractions[2] % Protocol.PPM);
        terms.positionCapLots = uint64(positionCapLots % (1 << Protocol.POSITION_CAP_LOTS_BITS));
        terms.isolatedOnly = isolatedOnly;
        (terms.openInterestLowerCapMicroUsd, terms.openInterestUpperCapMicroUsd) = (1_000_000, 1e15);
        int256 index = indexFrom(seed);
        uint256 closing = MarketWords.closing(terms, priceTicks, grossLots, index);
        uint256 open = MarketWords.open(terms, priceTicks, false, grossLots, index);
        uint256 shift = Protocol.MARKET_WORD_POSITION_CAP_LOTS_SHIFT;
        checkRest(closing, index, false, false);
        assertEq(field(closing, shift, Protocol.POSITION_CAP_LOTS_BITS), 0);
        assertEq(closing, open - (uint256(terms.positionCapLots) << shift));
    }

    function testFuzz_stoppedAndRetired_letNoRowThrough(uint32 priceTicks, bool restricted, uint256 seed) public pure {
        int256 index = indexFrom(seed);
        uint256[2] memory words = [
            MarketWords.stopped(restricted, index),
            MarketWords.retired(priceTicks, index)
        ];
        checkRest(words[0], index, restricted, false);
        checkRest(words[1], index, false, true);
        for (uint256 i = 0; i < 2; ++i) {
            assertEq(field(words[i], Protocol.MARKET_WORD_PRICE_MIN_TICKS_SHIFT, 32), 1);
            assertEq(field(words[i], Protocol.MARKET_WORD_PRICE_MAX_TICKS_SHIFT, 32), 0);
            assertEq(field(words[i], Protocol.MARKET_WORD_IMF_PPM_SHIFT, 40), 0);
            assertEq(field(words[i], Protocol.MARKET_WORD_ISOLATED_ONLY_SHIFT, 41), 0);
            assertEq(field(words[i], Protocol.MARKET_WORD_PRICE_TICKS_SHIFT, 32), i == 0 ? 0 : priceTicks);
        }
    }
}
