// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Exchange} from "../Exchange.sol";
import {TestDollar} from "../TestDollar.sol";
import {ExchangeSetup} from "../interfaces/ExchangeTypes.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {MarketRegistry} from "../markets/MarketRegistry.sol";
import {SilentOracle} from "./ForkedChain.t.sol";
import {TestBase} from "./TestBase.sol";

/// @title What a deposit must meet: the least amount, and room under the cap.
contract DepositLimitsTest is TestBase {
    Exchange private _exchange;
    TestDollar private _token;

    function setUp() public {
        SilentOracle oracle = new SilentOracle();
        _token = new TestDollar();
        // The registry comes first, and names the Exchange that comes next.
        uint64 nonce = vm.getNonce(address(this));
        MarketRegistry registry = new MarketRegistry(
            address(this),
            vm.computeCreateAddress(address(this), nonce + 1)
        );
        oracle.follow(address(registry));
        _exchange = new Exchange(
            ExchangeSetup({
                token: address(_token),
                oracle: address(oracle),
                registry: address(registry),
                owner: address(this),
                operator: address(this),
                insuranceOwner: address(this),
                minimumDepositMicroUsd: 1,
                depositCapMicroUsd: type(uint64).max,
                requestFeeWei: 0,
                verifiers: new address[](0)
            })
        );
        IERC20(_token).approve(address(_exchange), type(uint256).max);
    }

    function pool() private view returns (uint256) {
        (uint256 queued, uint256 settled, , ) = _exchange.vault();
        return queued + settled;
    }

    function tryDeposit(uint256 amount) private returns (bool taken, bytes memory reason) {
        _token.mint(address(this), amount);
        try _exchange.deposit(0, amount) {
            taken = true;
        } catch (bytes memory thrown) {
            reason = thrown;
        }
    }

    /// @dev A deposit is taken if and only if it meets both limits, and the error carries the values it was judged by.
    function testFuzz_deposit_isTakenExactlyInsideTheLimits(
        uint64 minimum,
        uint64 cap,
        uint64 first,
        uint64 second
    ) public {
        vm.assume(minimum > 0 && minimum <= cap);
        _exchange.setDepositLimits(minimum, cap);
        uint64[2] memory amounts = [first, second];
        for (uint256 i = 0; i < 2; ++i) {
            uint256 before = pool();
            (bool taken, bytes memory reason) = tryDeposit(amounts[i]);
            bool small = amounts[i] < minimum;
            bool large = before + amounts[i] > cap;
            assertTrue(taken == (!small && !large));
            if (taken) {
                assertEq(pool(), before + amounts[i]);
                continue;
            }
            assertEq(pool(), before);
            bytes memory expected = small
                ? abi.encodeWithSelector(IExchange.DepositTooSmall.selector, minimum, amounts[i])
                : abi.encodeWithSelector(IExchange.DepositCapExceeded.selector, cap, before + amounts[i]);
            assertEq(uint256(keccak256(reason)), uint256(keccak256(expected)));
        }
        assertTrue(pool() <= cap);
    }

    /// @dev Limits take effect at once and touch nothing that is in.
    function testFuzz_setDepositLimits_changesNoMoney(uint64 amount, uint64 minimum, uint64 cap) public {
        vm.assume(amount > 0 && minimum > 0 && minimum <= cap);
        (bool taken, ) = tryDeposit(amount);
        assertTrue(taken);
        _exchange.setDepositLimits(minimum, cap);
        assertEq(pool(), amount);
        assertEq(_token.balanceOf(address(_exchange)), amount);
        assertEq(_exchange.queueLength(), 2);
        if (amount >= cap) {
            (taken, ) = tryDeposit(minimum);
            assertTrue(!taken);
        }
        // And they can be loosened again.
        _exchange.setDepositLimits(1, type(uint64).max);
        if (amount < type(uint64).max) {
            (taken, ) = tryDeposit(1);
            assertTrue(taken);
        }
    }

    function testFuzz_setDepositLimits_refusesWhatNobodyCanMeet(uint64 minimum, uint64 cap) public {
        vm.assume(minimum == 0 || minimum > cap);
        vm.expectRevert(abi.encodeWithSelector(IExchange.InvalidDepositLimits.selector, minimum, cap));
        _exchange.setDepositLimits(minimum, cap);
    }
}
