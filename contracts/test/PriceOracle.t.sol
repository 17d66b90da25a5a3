// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Protocol} from "../generated/Protocol.sol";
import {
    OracleSetup,
    PriceBounds,
    RoundSubmission,
    SignedReport
} from "../interfaces/IPriceOracle.sol";
import {Medians} from "../libraries/Medians.sol";
import {PriceOracle} from "../oracle/PriceOracle.sol";
import {TestBase} from "./TestBase.sol";

contract MediansTest is TestBase {
    function perMarket(SignedReport[] calldata reports, uint256 least) external pure returns (uint32[8] memory) {
        return Medians.perMarket(reports, least);
    }

    function reportsFrom(uint32[8][] memory prices) private pure returns (SignedReport[] memory reports) {
        reports = new SignedReport[](prices.length > 31 ? 31 : prices.length);
        for (uint256 i = 0; i < reports.length; ++i) {
            reports[i].pricesTicks = prices[i];
        }
    }

    /// @dev As many prices at most as lie strictly below it, and as strictly above it, as a middle one may have.
    function testFuzz_perMarket_isTheLowerMiddleOfThosePresent(uint32[8][] memory prices, uint256 least) public view {
        SignedReport[] memory reports = reportsFrom(prices);
        least = 1 + (least % 31);
        uint32[8] memory medians = this.perMarket(reports, least);
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            (uint256 present, uint256 below, uint256 above, bool isOne) = (0, 0, 0, false);
            for (uint256 i = 0; i < reports.length; ++i) {
                uint32 price = reports[i].pricesTicks[market];
                if (price == 0) continue;
                ++present;
                if (price < medians[market]) ++below;
                if (price > medians[market]) ++above;
                if (price == medians[market]) isOne = true;
            }
            if (present < least) {
                assertTrue(medians[market] == 0);
                continue;
            }
            assertTrue(isOne && below <= (present - 1) / 2 && above <= present / 2);
        }
    }

    function testFuzz_perMarket_doesNotDependOnTheOrderOrOnSilence(uint32[8][4] memory prices, uint256 turn) public view {
        uint32[8][] memory there = new uint32[8][](4);
        uint32[8][] memory back = new uint32[8][](5);
        for (uint256 i = 0; i < 4; ++i) {
            there[i] = prices[i];
            back[(turn % 5 + i + 1) % 5] = prices[3 - i];
        }
        uint32[8] memory left = this.perMarket(reportsFrom(there), 1);
        uint32[8] memory right = this.perMarket(reportsFrom(back), 1);
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            assertEq(left[market], right[market]);
        }
    }
}

contract PriceOracleTest is TestBase {
    uint256 private constant KEY = 0xa11ce;
    uint256 private constant START = 1_800_000_000;

    PriceOracle private _oracle;

    function setUp() public {
        vm.warp(START);
        OracleSetup memory setup;
        setup.authority = address(new AccessManager(address(this)));
        setup.registry = address(this);
        setup.signers = new address[](1);
        setup.signers[0] = vm.addr(KEY);
        setup.threshold = 1;
        setup.maxRoundAgeSeconds = 300;
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            setup.bounds[market] = PriceBounds(60, 10_000, 1_000);
        }
        _oracle = new PriceOracle(setup);
    }

    /// @notice As the registry while no market was ever replaced.
    function sinceSeconds() external pure returns (uint32[8] memory since) {}

    function submit(uint64 number, uint32[8] memory pricesTicks) private {
        RoundSubmission memory submission;
        submission.number = number;
        submission.timeSeconds = uint32(block.timestamp);
        submission.reports = new SignedReport[](1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(
            KEY,
            _oracle.reportDigest(number, submission.timeSeconds, pricesTicks)
        );
        submission.reports[0] = SignedReport(pricesTicks, abi.encodePacked(r, s, v));
        _oracle.submitRound(submission);
    }

    /// @dev Whatever the signers say and however long they are silent: a price moves only within its bound, to what they
    /// said, at the round's time; and it stands otherwise.
    function testFuzz_submitRound_movesPricesOnlyWithinTheirBounds(
        uint32[8] memory first,
        uint32[8][4] memory later,
        uint16[4] memory pauses
    ) public {
        submit(1, first);
        for (uint256 i = 0; i < 4; ++i) {
            (uint32[8] memory before, uint32[8] memory times) = _oracle.prices();
            vm.warp(block.timestamp + 1 + pauses[i]);
            // Half of the markets near the last price, half anywhere.
            for (uint256 market = 0; market < 4; ++market) {
                later[i][market] = uint32((uint256(before[market]) * (900_000 + (later[i][market] % 200_000))) / 10 ** 6);
            }
            submit(uint64(i + 2), later[i]);
            (uint32[8] memory afterwards, uint32[8] memory timesAfter) = _oracle.prices();
            for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
                if (timesAfter[market] == times[market]) {
                    assertEq(afterwards[market], before[market]);
                    continue;
                }
                assertEq(timesAfter[market], block.timestamp);
                assertEq(afterwards[market], later[i][market]);
                assertTrue(afterwards[market] != 0);
                if (before[market] == 0) continue;
                (uint256 a, uint256 b) = (before[market], afterwards[market]);
                uint256 boundPpm = 10_000 + 1_000 * (block.timestamp - times[market]);
                assertTrue((a > b ? a - b : b - a) * 10 ** 6 <= boundPpm * a);
            }
        }
    }

    function testFuzz_pricesAt_isFreshUpToTheAge(uint32[8] memory first, uint256 pause) public {
        submit(1, first);
        pause %= 120;
        (uint32[8] memory prices, bool[8] memory isFresh) = _oracle.pricesAt(block.timestamp + pause);
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            assertEq(prices[market], first[market]);
            assertTrue(isFresh[market] == (first[market] != 0 && pause <= 60));
        }
    }
}
