// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

/// @title Checks the proof of one batch of one tier.
interface IBatchVerifier {
    /// @notice Thrown, by the constructor and by every call, when a verifier of an insecure development key finds
    /// itself on a chain where money could be real.
    error InsecureDevKeyOnChain(uint256 chainId);

    /// @notice Thrown by the constructor of a production verifier whose key has a point of the public trapdoor.
    error KeyFromPublicTrapdoor();

    /// @notice Thrown by the constructor of any verifier whose gamma is its delta: nobody contributed to the key, and proofs
    /// of anything follow from its points alone.
    error KeyWithoutContribution();

    /// @notice Thrown when a public input is not below the scalar field's order: w and w + r would prove the same.
    error PublicInputNotCanonical(uint256 index, uint256 value);

    /// @notice Thrown when a coordinate of the proof is not below the base field's order.
    error ProofCoordinateNotCanonical(uint256 value);

    /// @notice Thrown when a curve precompile refuses a point of the key: the key is broken, or gas ran out.
    error PrecompileFailed(uint256 precompile);

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
