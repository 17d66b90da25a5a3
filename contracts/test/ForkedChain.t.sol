// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Exchange} from "../Exchange.sol";
import {TestDollar} from "../TestDollar.sol";
import {Protocol} from "../generated/Protocol.sol";
import {
    BatchInput,
    Epoch,
    EpochOpening,
    ExchangeSetup
} from "../interfaces/ExchangeTypes.sol";
import {IBatchVerifier} from "../interfaces/IBatchVerifier.sol";
import {PriceOracle} from "../oracle/PriceOracle.sol";
import {RiskParameters} from "../interfaces/IMarketRegistry.sol";
import {OracleSetup, PriceBounds} from "../interfaces/IPriceOracle.sol";
import {MarketRegistry} from "../markets/MarketRegistry.sol";
import {TestBase} from "./TestBase.sol";
import {WillingVerifier} from "./WillingVerifier.sol";

/// @title Has no round and no price: prices are tested elsewhere.
contract SilentOracle {
    address public registry;

    function follow(address registry_) external {
        registry = registry_;
    }

    function latestRound() external pure returns (uint64 number, uint32 timeSeconds) {}

    function pricesAt(
        uint256
    ) external pure returns (uint32[8] memory pricesTicks, bool[8] memory isFresh) {}
}

contract ForkedChainTest is TestBase {
    Exchange private _exchange;
    Epoch private _epoch;

    function deploy(bool insecure) private {
        vm.warp(1_800_000_000);
        address[] memory verifiers = new address[](1);
        verifiers[0] = address(new WillingVerifier(insecure));
        SilentOracle oracle = new SilentOracle();
        address token = address(new TestDollar());
        // The registry comes first, and names the Exchange that comes next.
        uint64 nonce = vm.getNonce(address(this));
        MarketRegistry registry = new MarketRegistry(
            address(this),
            vm.computeCreateAddress(address(this), nonce + 1)
        );
        oracle.follow(address(registry));
        _exchange = new Exchange(
            ExchangeSetup({
                token: token,
                oracle: address(oracle),
                registry: address(registry),
                owner: address(this),
                operator: address(this),
                insuranceOwner: address(this),
                minimumDepositMicroUsd: 1,
                depositCapMicroUsd: 1,
                requestFeeWei: 0,
                verifiers: verifiers
            })
        );
        RiskParameters memory parameters;
        parameters.liquidationSpreadPpm = 1;
        parameters.bankruptcyAdjustmentPpm = 1_000_000;
        registry.appendParameters(parameters);
        EpochOpening memory opening;
        opening.timeSeconds = uint32(block.timestamp);
        opening.paramVersion = 1;
        _exchange.openEpoch(opening);
    }

    /// @dev No live market: all words are empty bands at funding index zero.
    function batch() private view returns (BatchInput memory input) {
        Protocol.Tier memory tier = Protocol.tierOf(0);
        input.sharedState = _exchange.genesisSharedState();
        input.epoch.number = 1;
        input.epoch.timeSeconds = uint32(block.timestamp);
        input.epoch.paramVersion = 1;
        input.epoch.liquidationTerms =
            (1 << Protocol.LIQUIDATION_TERMS_WORD_SPREAD_PPM_SHIFT) |
            (Protocol.PPM << Protocol.LIQUIDATION_TERMS_WORD_BANKRUPTCY_ADJUSTMENT_PPM_SHIFT);
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            input.epoch.marketWords[market] =
                (1 << Protocol.MARKET_WORD_PRICE_MIN_TICKS_SHIFT) |
                (1 << (Protocol.MARKET_WORD_FUNDING_INDEX_OFFSET_SHIFT + Protocol.FUNDING_INDEX_MAGNITUDE_BITS));
        }
        input.bodyWords = new uint256[](tier.length - tier.withdrawalsOffset);
    }

    function test_settleBatch_refusesADevKeyOnceTheChainHasAnotherId() public {
        deploy(true);
        BatchInput memory input = batch();
        uint256 here = block.chainid;
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(IBatchVerifier.InsecureDevKeyOnChain.selector, 1));
        _exchange.settleBatch(input);
        vm.chainId(here);
        _exchange.settleBatch(input);
    }

    function test_settleBatch_takesASoundKeyOnAnyChain() public {
        deploy(false);
        BatchInput memory input = batch();
        vm.chainId(1);
        _exchange.settleBatch(input);
    }

    function test_domain_followsTheRunningChain() public {
        deploy(true);
        uint256 domain = _exchange.domain();
        vm.chainId(1);
        assertTrue(_exchange.domain() != domain);
        assertTrue(_exchange.domain() >> 248 == 0);
    }

    function test_reportDigest_followsTheRunningChain() public {
        address[] memory signers = new address[](1);
        signers[0] = address(this);
        OracleSetup memory setup;
        (setup.owner, setup.registry, setup.signers) = (address(this), address(this), signers);
        (setup.threshold, setup.maxRoundAgeSeconds) = (1, 300);
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            setup.bounds[market] = PriceBounds(60, 1, 1);
        }
        PriceOracle oracle = new PriceOracle(setup);
        uint32[8] memory prices;
        bytes32 digest = oracle.reportDigest(1, 2, prices);
        vm.chainId(1);
        assertTrue(oracle.reportDigest(1, 2, prices) != digest);
    }
}
