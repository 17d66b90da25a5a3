// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {OpenInterest} from "../libraries/OpenInterest.sol";
import {TestBase} from "./TestBase.sol";

contract OpenInterestTest is TestBase {
    using OpenInterest for OpenInterest.Store;

    OpenInterest.Store private _store;

    function save(uint256[2] calldata words, uint64 epochNumber) external {
        _store.save(words, epochNumber);
    }

    function unpack(uint256[2] memory words) external pure returns (uint64[8] memory) {
        return OpenInterest.unpack(words);
    }

    function testFuzz_load_isWhatWasSaved(uint64[8] memory lots, uint64 epochNumber) public {
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            lots[market] %= uint64(1 << Protocol.GROSS_OPEN_INTEREST_BITS);
        }
        this.save(OpenInterest.pack(lots), epochNumber);
        uint64[8] memory loaded = _store.load();
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            assertEq(loaded[market], lots[market]);
        }
        assertEq(_store.epochNumber, epochNumber);
    }

    function testFuzz_unpack_refusesBitsBeyondTheLanes(uint256[2] memory words, uint8 bit, bool second) public {
        uint256 mask = (1 << (Protocol.LANES_PER_WORD * Protocol.GROSS_OPEN_INTEREST_BITS)) - 1;
        (words[0], words[1]) = (words[0] & mask, words[1] & mask);
        uint256 place = second ? 1 : 0;
        words[place] |= 1 << (192 + (bit % 64));
        vm.expectRevert(abi.encodeWithSelector(IExchange.OpenInterestOutOfRange.selector, words[place]));
        this.unpack(words);
    }

    /// @dev Never below the base nor above one, exact at both bounds, and the least whole ppm that is not below the line.
    function testFuzz_scaledImfPpmCeil_isTheLineRoundedUp(
        uint256 base,
        uint96 first,
        uint96 second,
        uint256 notional
    ) public pure {
        base %= Protocol.PPM + 1;
        (uint256 lower, uint256 upper) = first < second ? (first, second) : (second, first);
        notional = notional % 4 == 0 ? notional % (2 ** 80) : lower + (notional % (upper - lower + 1));
        uint256 scaled = OpenInterest.scaledImfPpmCeil(base, lower, upper, notional);
        assertTrue(base <= scaled && scaled <= Protocol.PPM);
        if (upper == 0 || notional <= lower) {
            assertEq(scaled, base);
        } else if (notional >= upper) {
            assertEq(scaled, Protocol.PPM);
        } else {
            uint256 line = (Protocol.PPM - base) * (notional - lower);
            assertTrue((scaled - base) * (upper - lower) >= line);
            assertTrue(scaled == base || (scaled - base - 1) * (upper - lower) < line);
        }
    }

    function testFuzz_scaledImfPpmCeil_neverFallsAsOpenInterestGrows(
        uint256 base,
        uint96 first,
        uint96 second,
        uint80 less,
        uint80 more
    ) public pure {
        base %= Protocol.PPM + 1;
        (uint256 lower, uint256 upper) = first < second ? (first, second) : (second, first);
        if (less > more) (less, more) = (more, less);
        assertTrue(
            OpenInterest.scaledImfPpmCeil(base, lower, upper, less) <=
                OpenInterest.scaledImfPpmCeil(base, lower, upper, more)
        );
    }
}
