// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Exchange} from "../Exchange.sol";
import {Protocol} from "../generated/Protocol.sol";
import {MoneyLife} from "./MoneyLife.t.sol";
import {TestBase} from "./TestBase.sol";

/// @title What holds of an Exchange's money and queue, whatever anybody does.
contract MoneyInvariantsTest is TestBase {
    uint256 private constant OWNERS = 5;

    MoneyLife private _life;
    Exchange private _exchange;

    function setUp() public {
        _life = new MoneyLife();
        _exchange = _life.exchange();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_life);
    }

    /// @dev One life of each kind, so that no invariant holds for want of anything to happen.
    function test_life_reachesEverything() public {
        _life.register(1);
        _life.deposit(1, 1_000);
        _life.request(1, 0, 7, 0);
        for (uint256 i = 0; i < 3; ++i) _life.settle(2, 100, i, 50);
        _life.settle(2, 0, 0, 0);
        _life.collectFees();
        _life.claim(1);
        _life.deposit(1, 500);
        for (uint256 i = 0; i < 60; ++i) _life.wait(40_000);
        _life.settle(2, 0, 0, 0);
        _life.freeze();
        _life.creditEscape(1, 10);
        _life.reclaim(4);
        _life.collectRequestFees();
        assertTrue(_life.batches() > 1 && _life.advances() > 0 && _life.claimed() > 0 && _life.feesCollected() > 0);
        assertTrue(_life.freezes() == 1 && _life.reclaims() == 1 && _life.escapeCredited() == 10 && _life.etherOut() > 0);
    }

    function invariant_theTokensCoverWhatIsOwed() public view {
        (uint256 queued, uint256 settled, uint256 claimable, ) = _exchange.vault();
        assertEq(_life.token().balanceOf(address(_exchange)), queued + settled + claimable + _life.donated());
    }

    function invariant_nothingIsMadeOrLost() public view {
        (uint256 queued, uint256 settled, uint256 claimable, ) = _exchange.vault();
        assertEq(_life.deposited(), queued + settled + claimable + _life.claimed());
    }

    function invariant_claimsAddUp() public view {
        (, , uint256 claimable, ) = _exchange.vault();
        uint256 sum;
        for (uint256 i = 0; i < OWNERS; ++i) sum += _exchange.claimable(_life.owner(i));
        assertEq(sum, claimable);
    }

    function invariant_eachIsPaidWhatWasCredited() public view {
        for (uint256 i = 0; i < OWNERS; ++i) {
            address owner = _life.owner(i);
            assertEq(_life.creditedTo(owner), _exchange.claimable(owner) + _life.claimedBy(owner));
        }
    }

    function invariant_eachDepositIsQueuedOnce() public view {
        (uint256 queued, , , ) = _exchange.vault();
        (uint256 expected, ) = _life.unconsumed();
        assertEq(queued, expected);
    }

    function invariant_theChainIsOfAllEntries() public view {
        (bytes32 all, bytes32 consumed) = _life.chain();
        assertTrue(_exchange.queueHashAt(_life.entriesLength()) == all);
        assertTrue(_life.state().queueHash == consumed);
    }

    function invariant_theCursorIsTheStates() public view {
        assertEq(_exchange.queueCursor(), _life.state().queueCursor);
        assertEq(_exchange.queueLength(), _life.entriesLength());
        assertTrue(_exchange.queueCursor() <= _exchange.queueLength());
    }

    function invariant_theStateIsThatOfTheBatches() public view {
        assertTrue(_exchange.sharedStateHash() == keccak256(abi.encode(_life.state())));
        assertEq(_life.state().batchNumber, _life.batches());
    }

    function invariant_frozenIsTheEnd() public view {
        if (_life.freezes() == 0) return;
        assertTrue(_exchange.frozen() && _life.freezes() == 1);
        assertTrue(_exchange.sharedStateHash() == _life.hashAtFreeze());
        assertEq(_exchange.queueCursor(), _life.cursorAtFreeze());
    }

    function invariant_theEscapePaysNoMoreThanThePool() public view {
        if (_life.freezes() == 0) return assertEq(_life.escapeCredited(), 0);
        (, uint256 settled, , ) = _exchange.vault();
        assertEq(_life.poolAtFreeze(), settled + _life.escapeCredited());
    }

    function invariant_noBatchLeavesTheHeadOverdue() public view {
        assertTrue(!_life.settledOverdue());
    }

    function invariant_batchesInTimeAreTaken() public view {
        assertTrue(!_life.refusedInTime());
    }

    function invariant_anybodyFreezesWhenOverdueAndNobodyBefore() public view {
        assertTrue(!_life.frozenEarly() && !_life.frozenLate());
    }

    function invariant_waitingRequestsAreCounted() public view {
        (, uint256 requests) = _life.unconsumed();
        assertEq(_exchange.waitingRequests(), requests);
    }

    function invariant_requestFeesAreApart() public view {
        assertEq(address(_exchange).balance, _life.etherIn() - _life.etherOut());
    }

    function invariant_noMoreFeesThanWereProven() public view {
        (, , , uint256 collected) = _exchange.vault();
        assertEq(collected, _life.feesCollected());
        assertTrue(collected <= _life.state().feesPicoUsd / Protocol.PICO_PER_MICRO);
    }

    function invariant_ownersStay() public view {
        assertTrue(_life.ownersAsRegistered());
    }
}
