// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {IExchange} from "../interfaces/IExchange.sol";

/// @title Whether the Exchange runs or is frozen for good, and how far the queue has come: one slot.
abstract contract Freeze is IExchange {
    /// @dev What decides whether the head of the queue is overdue, read by whatever changes anything.
    struct Life {
        /// Entries that batches consumed.
        uint64 queueCursor;
        /// Batches that advanced the head and left it where it is.
        uint64 advances;
        bool frozen;
    }

    Life internal _life;

    modifier whileRunning() {
        if (_life.frozen) revert ExchangeFrozen();
        _;
    }

    modifier onceFrozen() {
        if (!_life.frozen) revert ExchangeNotFrozen();
        _;
    }

    /// @inheritdoc IExchange
    function frozen() external view returns (bool) {
        return _life.frozen;
    }

    /// @inheritdoc IExchange
    function queueCursor() external view returns (uint256) {
        return _life.queueCursor;
    }
}
