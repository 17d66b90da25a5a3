// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {QueueEntry} from "../interfaces/ExchangeTypes.sol";
import {IEscape} from "../interfaces/IEscape.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {Queue} from "../libraries/Queue.sol";
import {Intake} from "./Intake.sol";

/// @title The end: anybody freezes an Exchange whose queue is overdue, and from then on money only goes out.
abstract contract Emergency is Intake {
    /// @inheritdoc IExchange
    address public immutable escape;

    /// @dev Deposits that were given back, a bit each.
    mapping(uint256 word => uint256) private _reclaimed;

    modifier onlyEscape() {
        if (msg.sender != escape) revert NotEscape(msg.sender);
        _;
    }

    constructor(address escape_) {
        if (escape_ == address(0)) revert ZeroAddress();
        address expected = IEscape(escape_).exchange();
        if (expected != address(this)) revert EscapeOfAnotherExchange(expected);
        escape = escape_;
    }

    /// @inheritdoc IExchange
    function freeze() external whileRunning {
        uint256 deadline = headDeadline();
        if (!_isOverdue(deadline)) revert NotOverdue(deadline);
        _life.frozen = true;
        emit Frozen(_life.queueCursor, deadline);
    }

    /// @inheritdoc IExchange
    function creditEscape(address owner, uint256 amountMicroUsd) external onlyEscape onceFrozen {
        _makeClaimable(owner, amountMicroUsd);
    }

    /// @inheritdoc IExchange
    function reclaimDeposit(uint256 index, QueueEntry calldata entry) external onceFrozen {
        if (index < _life.queueCursor) revert EntryConsumed(_life.queueCursor, index);
        bytes32 expected = queueHashAt[index + 1];
        bytes32 given = Queue.link(queueHashAt[index], entry);
        if (given != expected) revert QueueMismatch(expected, given);
        (uint256 account, uint256 amountMicroUsd) = Queue.depositOf(entry);
        if (amountMicroUsd == 0 || (_reclaimed[index / 256] >> (index % 256)) & 1 != 0) revert NothingToReclaim(index);
        _reclaimed[index / 256] |= 1 << (index % 256);
        _releaseQueued(accountOwner[account], amountMicroUsd);
        emit DepositReclaimed(index, account, amountMicroUsd);
    }
}
