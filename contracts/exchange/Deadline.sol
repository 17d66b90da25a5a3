// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {IExchange} from "../interfaces/IExchange.sol";
import {Freeze} from "./Freeze.sol";

/// @title How long an entry of the queue may wait: docs/protocol.md §12.
abstract contract Deadline is Freeze {
    /// @dev An entry's place in a word: when it was added, and how often heads had been advanced by then.
    uint256 private constant TIME_BITS = 32;
    uint256 private constant ENTRY_BITS = 64;
    uint256 private constant ENTRIES_PER_WORD = 4;
    /// @dev Each advance gives a 64th of the deadline, up to 128 of them: twice the deadline.
    uint256 private constant ADVANCES_PER_DEADLINE = 64;
    uint256 private constant MOST_ADVANCES = 128;

    /// @inheritdoc IExchange
    uint256 public immutable requestDeadlineSeconds;

    mapping(uint256 word => uint256) private _entryTimes;

    constructor(uint32 requestDeadlineSeconds_) {
        if (requestDeadlineSeconds_ == 0) revert NoRequestDeadline();
        requestDeadlineSeconds = requestDeadlineSeconds_;
    }

    /// @dev Starts the time of the entry that joins the queue at `index`.
    function _startDeadline(uint256 index) internal {
        uint256 entry = block.timestamp | (uint256(_life.advances) << TIME_BITS);
        _entryTimes[index / ENTRIES_PER_WORD] |= entry << (ENTRY_BITS * (index % ENTRIES_PER_WORD));
    }

    /// @dev The last second in which the entry may still be waiting.
    function _deadlineOf(uint256 index) internal view returns (uint256) {
        uint256 entry = _entryTimes[index / ENTRIES_PER_WORD] >> (ENTRY_BITS * (index % ENTRIES_PER_WORD));
        uint256 advances = _life.advances - uint32(entry >> TIME_BITS);
        if (advances > MOST_ADVANCES) advances = MOST_ADVANCES;
        return uint32(entry) + requestDeadlineSeconds + (advances * requestDeadlineSeconds) / ADVANCES_PER_DEADLINE;
    }
}
