// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {QueueEntry} from "../interfaces/ExchangeTypes.sol";

/// @title Entries from L1 to the batches, and the hash chain that fixes their order.
library Queue {
    /// @notice Entry that creates `account` with the key (ax, ay), paid out to `owner`.
    function registration(
        uint256 account,
        address owner,
        uint256 ax,
        uint256 ay
    ) internal pure returns (QueueEntry memory) {
        return QueueEntry({head: _head(Protocol.QUEUE_REGISTRATION, account, 0), owner: owner, ax: ax, ay: ay});
    }

    /// @notice Entry that adds `amountMicroUsd` (below 2^64) to `account`.
    function deposit(uint256 account, uint256 amountMicroUsd) internal pure returns (QueueEntry memory) {
        return QueueEntry({head: _head(Protocol.QUEUE_DEPOSIT, account, amountMicroUsd), owner: address(0), ax: 0, ay: 0});
    }

    /// @notice Entry that asks for something (docs/protocol.md §5b).
    /// @param minSequence Below 2^48; stands where a deposit has its amount.
    /// @param ax, ay The new key of a rotation; otherwise 0.
    function request(
        uint256 kind,
        uint256 account,
        uint256 minSequence,
        uint256 ax,
        uint256 ay
    ) internal pure returns (QueueEntry memory) {
        return QueueEntry({head: _head(kind, account, minSequence), owner: address(0), ax: ax, ay: ay});
    }

    /// @notice The chain's value with `entry` behind `previous`; it starts from 0.
    function link(bytes32 previous, QueueEntry memory entry) internal pure returns (bytes32) {
        return keccak256(abi.encode(previous, entry.head, entry.owner, entry.ax, entry.ay));
    }

    /// @notice The chain's value behind all `entries`, and the sum of their amounts, micro-USD.
    function follow(
        bytes32 start,
        QueueEntry[] calldata entries
    ) internal pure returns (bytes32 end, uint256 amountMicroUsd) {
        end = start;
        for (uint256 i = 0; i < entries.length; ++i) {
            end = link(end, entries[i]);
            amountMicroUsd += _amountMicroUsd(entries[i].head);
        }
    }

    function _head(uint256 kind, uint256 account, uint256 amountMicroUsd) private pure returns (uint256) {
        return
            (kind << Protocol.QUEUE_HEAD_KIND_SHIFT) |
            (account << Protocol.QUEUE_HEAD_ACCOUNT_SHIFT) |
            (amountMicroUsd << Protocol.QUEUE_HEAD_AMOUNT_MICRO_USD_SHIFT);
    }

    function _amountMicroUsd(uint256 head) private pure returns (uint256) {
        return (head >> Protocol.QUEUE_HEAD_AMOUNT_MICRO_USD_SHIFT) & ((1 << Protocol.DEPOSIT_MICRO_USD_BITS) - 1);
    }
}
