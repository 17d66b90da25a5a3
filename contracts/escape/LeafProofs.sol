// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Poseidon8} from "../generated/Poseidon8.sol";
import {Protocol} from "../generated/Protocol.sol";
import {AccountLeaf, IEscape} from "../interfaces/IEscape.sol";

/// @title Many leaves of the account tree against one root, every node above them hashed once.
library LeafProofs {
    using Poseidon8 for Poseidon8.Machine;

    uint256 private constant DIGIT_BITS = 3;
    uint256 private constant LEAF_WORDS = 8;

    /// @notice The root over the leaves and, where no leaf lies below a node's child, the siblings: level by level from the leaves
    /// upwards, each level from left to right.
    /// @param leaves With strictly increasing account index.
    function rootOf(AccountLeaf[] calldata leaves, uint256[] calldata siblings) internal pure returns (uint256) {
        Poseidon8.Machine memory machine = Poseidon8.prepare();
        (uint256[] memory indices, uint256[] memory nodes) = _leafHashes(machine, leaves);
        uint256 count = leaves.length;
        uint256 used = 0;
        for (uint256 level = 0; level < Protocol.ACCOUNT_TREE_LEVELS; ++level) {
            uint256 read = 0;
            uint256 written = 0;
            while (read < count) {
                uint256 parent = indices[read] >> DIGIT_BITS;
                (read, used) = _gather(machine, indices, nodes, read, count, siblings, used);
                indices[written] = parent;
                nodes[written] = machine.hash();
                ++written;
            }
            count = written;
        }
        if (used != siblings.length) revert IEscape.WrongSiblings(used, siblings.length);
        return nodes[0];
    }

    /// @dev The words of a leaf are what its owner is paid by, so each must be the only one with its hash: below r.
    function _leafHashes(
        Poseidon8.Machine memory machine,
        AccountLeaf[] calldata leaves
    ) private pure returns (uint256[] memory indices, uint256[] memory nodes) {
        uint256 count = leaves.length;
        if (count == 0) revert IEscape.NoLeaves();
        indices = new uint256[](count);
        nodes = new uint256[](count);
        uint256 r = Protocol.FIELD_ORDER;
        uint256 inputs = machine.inputs();
        for (uint256 i = 0; i < count; ++i) {
            AccountLeaf calldata leaf = leaves[i];
            uint256 account = leaf.account;
            if (account >> Protocol.ACCOUNT_BITS != 0 || (i != 0 && account <= indices[i - 1])) {
                revert IEscape.LeavesOutOfOrder(i, account);
            }
            bool inField = true;
            assembly ("memory-safe") {
                calldatacopy(inputs, add(leaf, 32), 256)
                for {
                    let position := inputs
                } lt(position, add(inputs, 256)) {
                    position := add(position, 32)
                } {
                    inField := and(inField, lt(mload(position), r))
                }
            }
            if (!inField) revert IEscape.LeafNotInField(account);
            indices[i] = account;
            nodes[i] = machine.hash();
        }
    }

    /// @dev Puts the eight children of the next parent together: nodes that are there, siblings otherwise.
    function _gather(
        Poseidon8.Machine memory machine,
        uint256[] memory indices,
        uint256[] memory nodes,
        uint256 read,
        uint256 count,
        uint256[] calldata siblings,
        uint256 used
    ) private pure returns (uint256, uint256) {
        uint256 position = machine.inputs();
        uint256 child = (indices[read] >> DIGIT_BITS) << DIGIT_BITS;
        for (uint256 end = child + LEAF_WORDS; child < end; ++child) {
            uint256 value;
            if (read < count && indices[read] == child) {
                value = nodes[read++];
            } else {
                if (used == siblings.length) revert IEscape.WrongSiblings(used + 1, siblings.length);
                value = siblings[used++];
            }
            assembly ("memory-safe") {
                mstore(position, value)
            }
            position += 32;
        }
        return (read, used);
    }
}
