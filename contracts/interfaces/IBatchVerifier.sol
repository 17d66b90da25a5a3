// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

/// @title Checks the proof of one batch of one tier.
interface IBatchVerifier {
    /// @param a Groth16 proof point A on G1.
    /// @param b Groth16 proof point B on G2, coefficients in the order that the pairing precompile reads.
    /// @param c Groth16 proof point C on G1.
    /// @param publicInputs Commitment C, challenge z, evaluation y, in this order, each below the field order.
    /// @return True when the proof holds for these inputs.
    function verifyBatch(
        uint256[2] calldata a,
        uint256[2][2] calldata b,
        uint256[2] calldata c,
        uint256[3] calldata publicInputs
    ) external view returns (bool);

    /// @return True when the verifying key comes from a publicly known trapdoor, with which anybody can forge proofs.
    function isInsecureDevKey() external view returns (bool);
}
