// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Poseidon8} from "../generated/Poseidon8.sol";
import {Protocol} from "../generated/Protocol.sol";
import {AccountLeaf, IEscape} from "../interfaces/IEscape.sol";

/// @title Many leaves of the account tree against one root, every node above them hashed once. Knows nothing and holds nothing.
/// @dev A contract of its own because H_8 alone is most of what a contract may be long.
contract AccountTree {
    using Poseidon8 for Poseidon8.Machine;

    uint256 private constant DIGIT_BITS = 3;
    uint256 private constant CHILDREN = 8;

    /// @dev One level of nodes that are known, and how far they and the siblings are used up.
    struct Walk {
        uint256[] indices;
        uint256[] nodes;
        uint256 count;
        uint256 read;
        uint256 used;
    }

    /// @notice The root over the leaves and, where no leaf lies below a node's child, the siblings: level by level from the leaves
    /// upwards, each level from left to right.
    /// @param leaves With strictly increasing account index.
    function rootOf(AccountLeaf[] calldata leaves, uint256[] calldata siblings) external pure returns (uint256) {
        Poseidon8.Machine memory machine = Poseidon8.prepare();
        Walk memory walk;
        (walk.indices, walk.nodes) = _leafHashes(machine, leaves);
        walk.count = leaves.length;
        for (uint256 level = 0; level < Protocol.ACCOUNT_TREE_LEVELS; ++level) {
            walk.read = 0;
            uint256 written = 0;
            while (walk.read < walk.count) {
                uint256 parent = walk.indices[walk.read] >> DIGIT_BITS;
                _gather(machine.inputs(), walk, siblings);
                walk.indices[written] = parent;
                walk.nodes[written] = machine.hash();
                ++written;
            }
            walk.count = written;
        }
        if (walk.used != siblings.length) revert IEscape.WrongSiblings(walk.used, siblings.length);
        return walk.nodes[0];
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

    /// @dev Puts the eight children of the next parent together: nodes that are known, siblings otherwise.
    /// @param position Memory address of eight words.
    function _gather(uint256 position, Walk memory walk, uint256[] calldata siblings) private pure {
        uint256 child = (walk.indices[walk.read] >> DIGIT_BITS) << DIGIT_BITS;
        for (uint256 end = child + CHILDREN; child < end; ++child) {
            uint256 value;
            if (walk.read < walk.count && walk.indices[walk.read] == child) {
                value = walk.nodes[walk.read++];
            } else {
                if (walk.used == siblings.length) revert IEscape.WrongSiblings(walk.used + 1, siblings.length);
                value = siblings[walk.used++];
            }
            assembly ("memory-safe") {
                mstore(position, value)
            }
            position += 32;
        }
    }
}
