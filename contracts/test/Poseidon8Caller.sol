// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Poseidon8} from "../generated/Poseidon8.sol";

/// @title Lets tests call the hash by itself, many times in one call: constants and state of one hash must not touch the next.
contract Poseidon8Caller {
    using Poseidon8 for Poseidon8.Machine;

    function hashes(uint256[8][] calldata inputs) external pure returns (uint256[] memory results) {
        Poseidon8.Machine memory machine = Poseidon8.prepare();
        results = new uint256[](inputs.length);
        for (uint256 i = 0; i < inputs.length; ++i) {
            uint256 place = machine.inputs();
            uint256[8] calldata words = inputs[i];
            assembly ("memory-safe") {
                calldatacopy(place, words, 256)
            }
            results[i] = machine.hash();
        }
    }
}
