// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {IBatchVerifier} from "../interfaces/IBatchVerifier.sol";

/// @title Accepts any inputs, to reach what stands behind the proof.
contract WillingVerifier is IBatchVerifier {
    bool private immutable _insecure;

    constructor(bool insecure) {
        _insecure = insecure;
    }

    function verifyBatch(
        uint256[2] calldata,
        uint256[2][2] calldata,
        uint256[2] calldata,
        uint256[3] calldata
    ) external pure returns (bool) {
        return true;
    }

    function isInsecureDevKey() external view returns (bool) {
        return _insecure;
    }
}
