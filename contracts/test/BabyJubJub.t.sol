// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {BabyJubJub} from "../libraries/BabyJubJub.sol";
import {TestBase} from "./TestBase.sol";

contract BabyJubJubTest is TestBase {
    uint256 private constant R = Protocol.FIELD_ORDER;

    /// @dev A point of the curve from a number: the generator, doubled or negated by the number's bits.
    function pointFrom(uint256 seed) private view returns (uint256 x, uint256 y) {
        (x, y) = (BabyJubJub.BASE8_X, BabyJubJub.BASE8_Y);
        for (uint256 i = 0; i < seed % 9; ++i) {
            (x, y) = BabyJubJub.timesEight(x, y);
        }
        if (seed & 256 != 0) x = R - x;
        if (seed & 512 != 0) (x, y) = (R - x, R - y); // plus the point (0, −1) of order two
    }

    function testFuzz_timesEight_staysOnTheCurveAndInTheField(uint256 seed) public view {
        (uint256 x, uint256 y) = pointFrom(seed);
        assertTrue(BabyJubJub.isOnCurve(x, y));
        (x, y) = BabyJubJub.timesEight(x, y);
        assertTrue(x < R && y < R);
        assertTrue(BabyJubJub.isOnCurve(x, y));
    }

    function testFuzz_timesEight_forgetsTheTorsionPart(uint256 seed) public view {
        (uint256 x, uint256 y) = pointFrom(seed);
        (uint256 ax, uint256 ay) = BabyJubJub.timesEight(x, y);
        (uint256 bx, uint256 by) = BabyJubJub.timesEight(R - x, R - y);
        assertTrue(ax == bx && ay == by);
    }

    function testFuzz_isOnCurve_refusesRandomPoints(uint256 x, uint256 y) public pure {
        x %= R;
        y %= R;
        uint256 left = addmod(mulmod(168700, mulmod(x, x, R), R), mulmod(y, y, R), R);
        uint256 right = addmod(1, mulmod(168696, mulmod(mulmod(x, x, R), mulmod(y, y, R), R), R), R);
        assertTrue(BabyJubJub.isOnCurve(x, y) == (left == right));
    }

    /// @notice A call of its own, so that a revert can be seen.
    function eightTimes(uint256 x, uint256 y) external view returns (uint256, uint256) {
        return BabyJubJub.timesEight(x, y);
    }

    /// @dev A chain without the modular exponentiation precompile must not register a key that it could not compute.
    function test_timesEight_refusesAChainWithoutModexp() public {
        (uint256 x, uint256 y) = pointFrom(1);
        vm.mockCallRevert(address(5), "", "");
        vm.expectRevert(BabyJubJub.ModexpUnavailable.selector);
        this.eightTimes(x, y);
    }
}
