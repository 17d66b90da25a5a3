// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A six-decimals token that misbehaves in one chosen way.
contract HostileToken is ERC20 {
    enum Habit {
        None,
        /// Keeps one percent of every transfer.
        FeeOnTransfer,
        /// Answers false and moves nothing.
        FalseReturn,
        /// Says true and moves nothing.
        SilentNoop,
        /// Refuses transfers to the blocked address.
        Blacklist,
        /// Calls `target` with `callData` in the middle of a transfer.
        Reentrant,
        /// Delivers twice what was asked for.
        Bonus,
        /// The receiver's balance shrinks on arrival.
        Shrinking,
        /// Moves the money and answers nothing, as tokens did before there was a standard.
        NoReturn,
        /// Refuses every transfer, as a paused token does.
        Reverting
    }

    error Blocked(address to);
    error Stopped();

    Habit public habit;
    address public blocked;
    address public target;
    bytes public callData;
    /// Whether the last call in the middle of a transfer succeeded, and what it returned.
    bool public callSucceeded;
    bytes public callResult;
    bool private _inside;

    constructor() ERC20("Hostile", "HOST") {}

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice A rebase: the holder has so much from now on, and nothing was transferred.
    function rebase(address holder, uint256 balance) external {
        uint256 before = balanceOf(holder);
        if (balance > before) _mint(holder, balance - before);
        else _burn(holder, before - balance);
    }

    function behave(Habit habit_) external {
        habit = habit_;
    }

    function blockAddress(address blocked_) external {
        blocked = blocked_;
    }

    function callBack(address target_, bytes calldata callData_) external {
        target = target_;
        callData = callData_;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (habit == Habit.FalseReturn) return false;
        if (habit == Habit.SilentNoop) return true;
        bool moved = super.transfer(to, amount);
        if (habit == Habit.NoReturn) _answerNothing();
        return moved;
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        if (habit == Habit.FalseReturn) return false;
        if (habit == Habit.SilentNoop) return true;
        bool moved = super.transferFrom(from, to, amount);
        if (habit == Habit.NoReturn) _answerNothing();
        return moved;
    }

    function _answerNothing() private pure {
        assembly {
            return(0, 0)
        }
    }

    function _update(address from, address to, uint256 amount) internal override {
        bool isTransfer = from != address(0) && to != address(0);
        if (isTransfer && habit == Habit.Reverting) revert Stopped();
        if (isTransfer && habit == Habit.Blacklist && to == blocked) revert Blocked(to);
        super._update(from, to, amount);
        if (!isTransfer) return;
        if (habit == Habit.FeeOnTransfer) super._update(to, address(0), amount / 100);
        if (habit == Habit.Bonus) super._update(address(0), to, amount);
        if (habit == Habit.Shrinking) super._update(to, address(0), balanceOf(to));
        if (habit == Habit.Reentrant && !_inside) {
            _inside = true;
            (callSucceeded, callResult) = target.call(callData);
            _inside = false;
        }
    }
}
