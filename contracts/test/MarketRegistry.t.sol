// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {MarketParameters, MarketStatus, RiskParameters} from "../interfaces/IMarketRegistry.sol";
import {MarketRegistry} from "../markets/MarketRegistry.sol";
import {TestBase} from "./TestBase.sol";

contract MarketRegistryTest is TestBase {
    MarketRegistry private _registry;

    function setUp() public {
        _registry = new MarketRegistry(address(this), address(this));
    }

    /// @notice As the Exchange whose retired markets are always empty.
    function isVacant(uint256) external pure returns (bool) {
        return true;
    }

    function parametersFrom(uint256 seed) private pure returns (RiskParameters memory parameters) {
        parameters.rebateCapPpm = uint32(seed % 1_100_000);
        parameters.maxFundingRatePpmPerHour = uint32((seed >> 8) % 1_100_000);
        parameters.liquidationFeeCapPpm = uint32((seed >> 16) % 110_000);
        parameters.liquidationSpreadPpm = uint32((seed >> 24) % 4_400_000);
        parameters.bankruptcyAdjustmentPpm = uint32(900_000 + ((seed >> 32) % 16_000_000));
        parameters.insuranceCapMicroUsd = uint64(seed >> 40);
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            uint256 own = uint256(keccak256(abi.encode(seed, market)));
            MarketParameters memory terms = parameters.markets[market];
            terms.status = own % 8 < 2 ? MarketStatus.None : own % 64 == 7 ? MarketStatus.Retired : MarketStatus.Live;
            terms.imfPpm = uint32(200_000 + ((own >> 8) % 810_000));
            terms.mmfPpm = uint32((own >> 40) % 201_000);
            terms.bandPpm = uint32((own >> 72) % 1_010_000);
            terms.exitHaircutPpm = uint32(((own >> 136) % 64) * (uint256(terms.mmfPpm) + 1) / 62);
            terms.openInterestCapLots = uint64((own >> 104) % ((1 << 48) + (1 << 42)));
            terms.positionCapLots = uint64((own >> 104) % ((1 << 40) + (1 << 34)));
            terms.openInterestUpperCapMicroUsd = uint96(own >> 160);
            terms.openInterestLowerCapMicroUsd = terms.openInterestUpperCapMicroUsd / uint96(1 + (own % 5));
            terms.isolatedOnly = own & 1 != 0;
            terms.tickSizeExponent = -6;
            terms.symbol = bytes32(market);
        }
    }

    function check(RiskParameters memory stored) private pure {
        assertTrue(stored.rebateCapPpm <= Protocol.PPM && stored.maxFundingRatePpmPerHour <= Protocol.PPM);
        assertTrue(stored.liquidationFeeCapPpm >> Protocol.RATE_PPM_BITS == 0);
        assertTrue(stored.liquidationSpreadPpm >> Protocol.LIQUIDATION_SPREAD_BITS == 0);
        assertTrue(stored.bankruptcyAdjustmentPpm >> Protocol.BANKRUPTCY_ADJUSTMENT_BITS == 0);
        assertTrue(stored.bankruptcyAdjustmentPpm >= Protocol.PPM);
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            MarketParameters memory terms = stored.markets[market];
            if (terms.status == MarketStatus.None) continue;
            assertTrue(0 < terms.mmfPpm && terms.mmfPpm <= terms.imfPpm && terms.imfPpm <= Protocol.PPM);
            assertTrue(terms.bandPpm < Protocol.PPM);
            assertTrue(0 < terms.exitHaircutPpm && terms.exitHaircutPpm <= terms.mmfPpm);
            assertTrue(terms.openInterestCapLots >> Protocol.GROSS_OPEN_INTEREST_BITS == 0);
            assertTrue(terms.positionCapLots >> Protocol.POSITION_CAP_LOTS_BITS == 0);
            assertTrue(terms.openInterestLowerCapMicroUsd <= terms.openInterestUpperCapMicroUsd);
            assertTrue(uint256(stored.liquidationSpreadPpm) * terms.mmfPpm < Protocol.PPM * Protocol.PPM);
        }
    }

    /// @dev Whatever is asked for, what is stored keeps to the rules, follows the version before, and is what was asked for.
    function testFuzz_appendParameters_storesOnlyWhatKeepsToTheRules(uint256[12] memory seeds) public {
        for (uint256 i = 0; i < seeds.length; ++i) {
            RiskParameters memory asked = parametersFrom(seeds[i]);
            uint256 latest = _registry.latestVersion();
            try _registry.appendParameters(asked) returns (uint256 version) {
                assertEq(version, latest + 1);
            } catch {
                assertEq(_registry.latestVersion(), latest);
                continue;
            }
            RiskParameters memory stored = _registry.parameters(latest + 1);
            assertTrue(keccak256(abi.encode(stored)) == keccak256(abi.encode(asked)));
            assertTrue(_registry.parametersHash(latest + 1) == keccak256(abi.encode(asked)));
            check(stored);
        }
    }

    /// @dev A market's way through its states, whatever is asked for at each step.
    function testFuzz_appendParameters_letsNoMarketVanishOrChange(uint8[24] memory steps) public {
        MarketParameters memory last;
        for (uint256 i = 0; i < steps.length; ++i) {
            RiskParameters memory asked;
            (asked.liquidationSpreadPpm, asked.bankruptcyAdjustmentPpm) = (1, 1_000_000);
            MarketParameters memory terms = asked.markets[6];
            (terms.imfPpm, terms.mmfPpm, terms.tickSizeExponent) = (2, 1, -6);
            terms.exitHaircutPpm = 1;
            terms.status = MarketStatus(steps[i] % 3);
            terms.symbol = bytes32(uint256((steps[i] / 3) % 2));
            bool isSame = terms.symbol == last.symbol;
            bool isAllowed = last.status == MarketStatus.None
                ? terms.status != MarketStatus.Retired
                : terms.status != MarketStatus.None &&
                    (isSame || (last.status == MarketStatus.Retired && terms.status == MarketStatus.Live));
            try _registry.appendParameters(asked) {
                assertTrue(isAllowed);
                last = terms;
            } catch {
                assertTrue(!isAllowed);
            }
        }
    }
}
