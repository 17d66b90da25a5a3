// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Exchange} from "../Exchange.sol";
import {TestDollar} from "../TestDollar.sol";
import {Protocol} from "../generated/Protocol.sol";
import {BatchInput, Epoch, EpochOpening, ExchangeSetup, SharedState} from "../interfaces/ExchangeTypes.sol";
import {MarketParameters, MarketStatus, RiskParameters} from "../interfaces/IMarketRegistry.sol";
import {SharedStates} from "../libraries/SharedStates.sol";
import {MarketRegistry} from "../markets/MarketRegistry.sol";
import {TestBase} from "./TestBase.sol";
import {WillingVerifier} from "./WillingVerifier.sol";

/// @title Says of market 0 what it is told to, and has no other price.
contract ToldOracle {
    address public registry;
    uint32 private _priceTicks;
    bool private _isFresh;

    function follow(address registry_) external {
        registry = registry_;
    }

    function tell(uint32 priceTicks, bool isFresh) external {
        _priceTicks = priceTicks;
        _isFresh = isFresh && priceTicks != 0;
    }

    function latestRound() external pure returns (uint64 number, uint32 timeSeconds) {}

    function pricesAt(uint256) external view returns (uint32[8] memory pricesTicks, bool[8] memory isFresh) {
        (pricesTicks[0], isFresh[0]) = (_priceTicks, _isFresh);
    }
}

/// @title One market's life under an owner and an operator who do what they want, as far as contracts and circuit let them.
/// @dev The circuit's part is played here: open interest ends at or below the epoch's cap, or does not grow.
contract MarketLife is TestBase {
    Exchange public immutable exchange;
    MarketRegistry public immutable registry;
    ToldOracle public immutable oracle;

    /// Epochs by number; which market the index stood for in each, counted from 1.
    mapping(uint256 number => Epoch) private _epochs;
    mapping(uint256 number => uint256) private _generationOf;
    /// Whether the market had its settlement price in the epoch.
    mapping(uint256 number => bool) private _settledIn;
    uint256 private _generation = 1;
    uint64 private _opened;
    SharedState private _state;
    MarketStatus private _status;

    /// Whose positions there were when there last were any.
    uint256 public heldGeneration;
    /// What must never happen, once it did.
    bool public crossed;
    bool public settledTwice;
    bool public grewUnderSettled;
    bool public closedAmiss;
    /// How often each thing was done, to know that the test reaches it.
    uint256 public closings;
    uint256 public replacements;
    uint256 public refusedReplacements;

    constructor() {
        vm.warp(1_800_000_000);
        oracle = new ToldOracle();
        address[] memory verifiers = new address[](1);
        verifiers[0] = address(new WillingVerifier(true));
        address token = address(new TestDollar());
        address authority = address(new AccessManager(address(this)));
        registry = new MarketRegistry(
            authority,
            vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2)
        );
        oracle.follow(address(registry));
        exchange = new Exchange(
            ExchangeSetup({
                token: token,
                oracle: address(oracle),
                registry: address(registry),
                authority: authority,
                operator: address(this),
                insuranceOwner: address(this),
                minimumDepositMicroUsd: 1,
                depositCapMicroUsd: 1,
                requestFeeWei: 0,
                escape: address(escapeOf(address(registry))),
                requestDeadlineSeconds: 1 days,
                verifiers: verifiers
            })
        );
        _state = SharedStates.genesis();
        append(MarketStatus.Live);
    }

    function append(MarketStatus status) private {
        RiskParameters memory parameters;
        (parameters.liquidationSpreadPpm, parameters.bankruptcyAdjustmentPpm) = (1, 1_000_000);
        MarketParameters memory terms = parameters.markets[0];
        (terms.imfPpm, terms.mmfPpm, terms.bandPpm) = (50_000, 30_000, 50_000);
        terms.exitHaircutPpm = 15_000;
        (terms.openInterestCapLots, terms.positionCapLots) = (1_000, 1_000);
        (terms.tickSizeExponent, terms.status) = (-6, status);
        terms.symbol = bytes32(status == MarketStatus.Live && _status == MarketStatus.Retired ? _generation + 1 : _generation);
        registry.appendMarkets(parameters);
        if (status == MarketStatus.Live && _status == MarketStatus.Retired) {
            ++_generation;
            ++replacements;
        }
        _status = status;
    }

    function retire() external {
        append(MarketStatus.Retired);
    }

    function replace() external {
        if (_status != MarketStatus.Retired) return;
        try this.appendLive() {} catch {
            ++refusedReplacements;
        }
    }

    /// @notice A call of its own, so that a refusal can be counted.
    function appendLive() external {
        if (msg.sender == address(this)) append(MarketStatus.Live);
    }

    function tell(uint16 priceTicks, bool isFresh) external {
        oracle.tell(priceTicks, isFresh);
    }

    function openEpoch() external {
        vm.warp(block.timestamp + 1);
        EpochOpening memory opening;
        opening.timeSeconds = uint32(block.timestamp);
        opening.paramVersion = uint32(registry.latestVersion());
        (uint32 settledTicks, uint64 since) = exchange.settlementOf(0);
        vm.recordLogs();
        exchange.openEpoch(opening);
        ++_opened;
        _epochs[_opened] = openedEpoch(_opened);
        _generationOf[_opened] = _generation;
        (uint32 ticksAfter, uint64 sinceAfter) = exchange.settlementOf(0);
        bool isSameMarket = _generationOf[_opened - 1] == _generation;
        if (since != 0 && isSameMarket && (ticksAfter != settledTicks || sinceAfter != since)) settledTwice = true;
        _settledIn[_opened] = sinceAfter != 0;
        if (sinceAfter != 0) _checkEnding(ticksAfter, sinceAfter);
    }

    /// @dev The epoch that finds the settlement price is one in which the market closes at it; retired at it are those after it.
    function _checkEnding(uint32 ticks, uint64 since) private {
        uint256 word = _epochs[_opened].marketWords[0];
        bool isClosing = since == _opened && ticks != 0;
        if (isClosing) ++closings;
        uint256 priceTicks = (word >> Protocol.MARKET_WORD_PRICE_TICKS_SHIFT) & ((1 << Protocol.PRICE_TICKS_BITS) - 1);
        uint256 mmfPpm = (word >> Protocol.MARKET_WORD_MMF_PPM_SHIFT) & ((1 << 20) - 1);
        bool isRetired = (word >> Protocol.MARKET_WORD_RETIRED_SHIFT) & 1 != 0;
        bool isRestricted = (word >> Protocol.MARKET_WORD_RESTRICTED_SHIFT) & 1 != 0;
        uint256 positionCapLots = word >> Protocol.MARKET_WORD_POSITION_CAP_LOTS_SHIFT;
        if (
            priceTicks != ticks ||
            isRetired == isClosing ||
            isRestricted ||
            (mmfPpm != 0) != isClosing ||
            positionCapLots != 0 ||
            _epochs[_opened].openInterestCapWords[0] != 0
        ) closedAmiss = true;
    }

    /// @param next Whether the batch belongs to the next epoch, if there is one.
    function settle(bool next, uint48 lots) external {
        uint64 number = _state.epochNumber + (next || _state.epochNumber == 0 ? 1 : 0);
        if (number > _opened) return;
        BatchInput memory input;
        input.sharedState = _state;
        input.epoch = _epochs[number];
        uint256 before = _state.grossOpenInterestLots[0];
        uint256 cap = input.epoch.openInterestCapWords[0] & ((1 << Protocol.GROSS_OPEN_INTEREST_BITS) - 1);
        uint256 most = cap > before ? cap : before;
        uint256 afterwards = lots % (most + 1);
        if (lots % 3 == 0) afterwards = 0;
        if (_settledIn[number] && afterwards > before) grewUnderSettled = true;
        input.header.grossOpenInterestAfterWords[0] = afterwards;
        Protocol.Tier memory tier = Protocol.tierOf(0);
        input.bodyWords = new uint256[](tier.length - tier.withdrawalsOffset);
        exchange.settleBatches(alone(input));
        _state = this.stateAfter(input);
        // Whoever held positions before the batch held them under the market that the index stood for then.
        if (before != 0 && heldGeneration != _generationOf[number]) crossed = true;
        if (afterwards != 0) heldGeneration = _generationOf[number];
    }

    function stateAfter(BatchInput calldata input) external pure returns (SharedState memory) {
        return SharedStates.afterBatch(input, input.sharedState.queueCursor, input.sharedState.queueHash);
    }
}

contract MarketLifeTest is TestBase {
    MarketLife private _life;

    function setUp() public {
        _life = new MarketLife();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_life);
    }

    function invariant_noPositionCrossesIntoAnotherMarket() public view {
        assertTrue(!_life.crossed());
    }

    function invariant_aSettlementPriceStands() public view {
        assertTrue(!_life.settledTwice());
    }

    function invariant_nothingGrowsInASettledMarket() public view {
        assertTrue(!_life.grewUnderSettled());
    }

    function invariant_aMarketClosesForOneEpochAndIsRetiredAfterIt() public view {
        assertTrue(!_life.closedAmiss());
    }

    function invariant_aVacantMarketIsEmpty() public view {
        Exchange exchange = _life.exchange();
        if (!exchange.isVacant(0)) return;
        (uint64 epochNumber, uint64[8] memory lots) = exchange.settledOpenInterest();
        (, uint64 since) = exchange.settlementOf(0);
        assertTrue(lots[0] == 0 && since != 0 && since <= epochNumber);
    }

    /// @dev Random steps in one go, which reach replacements often.
    function testFuzz_steps_leaveNoPositionInAnotherMarket(uint64[96] memory steps) public {
        for (uint256 i = 0; i < steps.length; ++i) {
            uint256 step = steps[i];
            if (step % 16 < 4) _life.openEpoch();
            else if (step % 16 < 10) _life.settle(step % 32 < 16, uint48(step >> 8));
            else if (step % 16 < 12) _life.tell(uint16(1 + (step >> 8) % 60_000), step % 32 < 24);
            else if (step % 16 < 14) _life.retire();
            else _life.replace();
        }
        assertTrue(!_life.crossed() && !_life.settledTwice() && !_life.grewUnderSettled() && !_life.closedAmiss());
    }

    /// @dev The steps that the rule of vacancy is made for: without it, this leaves lots of the first market in the second.
    function test_replace_waitsForBatchesOfEarlierEpochs() public {
        _life.tell(100, true);
        _life.openEpoch();
        _life.retire();
        _life.openEpoch();
        _life.settle(true, 3);
        _life.replace();
        assertEq(_life.refusedReplacements(), 1);
        _life.settle(false, 7);
        _life.settle(true, 7);
        _life.replace();
        assertEq(_life.refusedReplacements(), 2);
        _life.settle(false, 3);
        _life.replace();
        assertEq(_life.replacements(), 1);
        _life.openEpoch();
        _life.settle(true, 7);
        assertTrue(!_life.crossed());
    }

    /// @dev The price is first stale, then fresh, then another one, then silent: one epoch closes, all others are as they should be.
    function test_retire_closesForOneEpoch() public {
        _life.tell(100, true);
        _life.openEpoch();
        _life.retire();
        _life.tell(100, false);
        _life.openEpoch();
        assertEq(_life.closings(), 0);
        _life.tell(90, true);
        _life.openEpoch();
        assertEq(_life.closings(), 1);
        _life.tell(80, true);
        _life.openEpoch();
        _life.tell(80, false);
        _life.openEpoch();
        assertEq(_life.closings(), 1);
        assertTrue(!_life.closedAmiss() && !_life.settledTwice());
    }

    /// @dev The epoch in which it closes already counts: a batch of it that leaves no position leaves none that could come back.
    function test_replace_takesABatchOfTheClosingEpoch() public {
        _life.tell(100, true);
        _life.openEpoch();
        _life.settle(true, 7);
        _life.retire();
        _life.openEpoch();
        assertEq(_life.closings(), 1);
        _life.settle(true, 7);
        _life.replace();
        assertEq(_life.refusedReplacements(), 1);
        _life.settle(false, 3);
        _life.settle(false, 7);
        _life.replace();
        assertEq(_life.replacements(), 1);
        assertTrue(!_life.grewUnderSettled());
    }
}
