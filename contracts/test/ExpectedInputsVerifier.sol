// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {IBatchVerifier} from "../interfaces/IBatchVerifier.sol";

/// @title Stands in for a tier's verifier where the Exchange alone is tested: accepts exactly the inputs it was told.
/// @dev The proofs themselves are tested with the real verifiers, end to end.
contract ExpectedInputsVerifier is IBatchVerifier {
    uint256[3] private _expected;
    bool private immutable _insecure;

    constructor(bool insecure) {
        _insecure = insecure;
    }

    /// @notice Sets commitment, z and y to accept.
    function expectInputs(uint256[3] calldata publicInputs) external {
        _expected = publicInputs;
    }

    /// @inheritdoc IBatchVerifier
    function verifyBatch(
        uint256[2] calldata,
        uint256[2][2] calldata,
        uint256[2] calldata,
        uint256[3] calldata publicInputs
    ) external view returns (bool) {
        return
            publicInputs[0] == _expected[0] && publicInputs[1] == _expected[1] && publicInputs[2] == _expected[2];
    }

    /// @inheritdoc IBatchVerifier
    function isInsecureDevKey() external view returns (bool) {
        return _insecure;
    }
}
