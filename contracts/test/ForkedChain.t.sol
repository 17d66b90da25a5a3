// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Exchange} from "../Exchange.sol";
import {TestDollar} from "../TestDollar.sol";
import {Protocol} from "../generated/Protocol.sol";
import {
    BatchInput,
    Epoch,
    EpochOpening,
    ExchangeSetup,
    RiskParameters
} from "../interfaces/ExchangeTypes.sol";
import {IBatchVerifier} from "../interfaces/IBatchVerifier.sol";
import {PriceOracle} from "../oracle/PriceOracle.sol";
import {OracleSetup, PriceBounds, PriceRound, RoundSubmission} from "../interfaces/IPriceOracle.sol";
import {TestBase} from "./TestBase.sol";

/// @title Accepts any inputs, to reach what stands behind the proof.
contract WillingVerifier is IBatchVerifier {
    bool private immutable _insecure;

    constructor(bool insecure) {
        _insecure = insecure;
    }

    function verifyBatch(
        uint256[2] calldata,
        uint256[2][2] calldata,
        uint256[2] calldata,
        uint256[3] calldata
    ) external pure returns (bool) {
        return true;
    }

    function isInsecureDevKey() external view returns (bool) {
        return _insecure;
    }
}

/// @title Gives the round that is asked for: signatures are tested elsewhere.
contract UnsignedOracle {
    function submitRound(
        RoundSubmission calldata submission
    ) external pure returns (bytes32 roundHash, PriceRound memory round) {
        round.number = submission.number;
        round.timeSeconds = submission.timeSeconds;
        roundHash = keccak256(abi.encode(round));
    }
}

contract ForkedChainTest is TestBase {
    Exchange private _exchange;
    Epoch private _epoch;

    function deploy(bool insecure) private {
        vm.warp(1_800_000_000);
        address[] memory verifiers = new address[](1);
        verifiers[0] = address(new WillingVerifier(insecure));
        _exchange = new Exchange(
            ExchangeSetup({
                token: address(new TestDollar()),
                oracle: address(new UnsignedOracle()),
                owner: address(this),
                operator: address(this),
                insuranceOwner: address(this),
                minimumDepositMicroUsd: 1,
                depositCapMicroUsd: 1,
                verifiers: verifiers
            })
        );
        RiskParameters memory parameters;
        _exchange.appendParameters(parameters);
        EpochOpening memory opening;
        opening.round.number = 1;
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
        (setup.owner, setup.signers, setup.threshold, setup.maxRoundAgeSeconds) = (address(this), signers, 1, 300);
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
