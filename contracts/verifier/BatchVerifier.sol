// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {InsecureDevPoints} from "../generated/InsecureDevPoints.sol";
import {IBatchVerifier} from "../interfaces/IBatchVerifier.sol";

/// @title Groth16 over BN254 for statements with three public inputs.
/// @notice The generated contracts add nothing but the numbers of their key.
/// @dev Assumes the precompiles of EIP-196 and EIP-197 and the gas prices of EIP-1108: a call costs about 212,000 gas.
/// A proof can be turned into another proof of the same statement (Groth16 is malleable): callers must not use it as a
/// nonce. Fund safety rests on the key's ceremony; see isInsecureDevKey.
abstract contract BatchVerifier is IBatchVerifier {
    /// @dev r: the order of the groups.
    uint256 internal constant SCALAR_FIELD_ORDER =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;
    /// @dev q: the order of the field that coordinates live in.
    uint256 internal constant BASE_FIELD_ORDER =
        21888242871839275222246405745257275088696311157297823662689037894645226208583;

    uint256 private constant EC_ADD = 6;
    uint256 private constant EC_MUL = 7;
    uint256 private constant PAIRING = 8;

    /// @dev Where the points stand in the key's words: alpha on G1, beta, gamma, delta on G2, then four IC on G1.
    uint256 private constant BETA = 2;
    uint256 private constant GAMMA = 6;
    uint256 private constant DELTA = 10;
    uint256 private constant IC = 14;

    constructor() {
        uint256[22] memory key = _verifyingKey();
        if (_hasGammaAsDelta(key)) revert KeyWithoutContribution();
        if (!isInsecureDevKey() && _hasPublicTrapdoor(key)) revert KeyFromPublicTrapdoor();
    }

    /// @inheritdoc IBatchVerifier
    /// @dev Points off the curve or outside the subgroup make the pairing precompile fail: the answer is false.
    function verifyBatch(
        uint256[2] calldata a,
        uint256[2][2] calldata b,
        uint256[2] calldata c,
        uint256[3] calldata publicInputs
    ) external view returns (bool) {
        // 1. The chain may use this key.
        _requireUsableChain();
        // 2. Every number has its one representation.
        for (uint256 i = 0; i < 3; ++i) {
            if (publicInputs[i] >= SCALAR_FIELD_ORDER) revert PublicInputNotCanonical(i, publicInputs[i]);
        }
        for (uint256 i = 0; i < 2; ++i) {
            _requireCoordinate(a[i]);
            _requireCoordinate(b[0][i]);
            _requireCoordinate(b[1][i]);
            _requireCoordinate(c[i]);
        }
        // 3. The public inputs, committed to with the key: IC0 + C·IC1 + z·IC2 + y·IC3.
        uint256[22] memory key = _verifyingKey();
        uint256[2] memory inputs = [key[IC], key[IC + 1]];
        for (uint256 i = 0; i < 3; ++i) {
            inputs = _add(inputs, _multiply(key[IC + 2 + 2 * i], key[IC + 3 + 2 * i], publicInputs[i]));
        }
        // 4. e(−A, B) · e(alpha, beta) · e(inputs, gamma) · e(C, delta) = 1.
        return
            _pairingIsOne(
                [
                    [a[0], (BASE_FIELD_ORDER - a[1]) % BASE_FIELD_ORDER, b[0][0], b[0][1], b[1][0], b[1][1]],
                    [key[0], key[1], key[BETA], key[BETA + 1], key[BETA + 2], key[BETA + 3]],
                    [inputs[0], inputs[1], key[GAMMA], key[GAMMA + 1], key[GAMMA + 2], key[GAMMA + 3]],
                    [c[0], c[1], key[DELTA], key[DELTA + 1], key[DELTA + 2], key[DELTA + 3]]
                ]
            );
    }

    /// @inheritdoc IBatchVerifier
    function isInsecureDevKey() public view virtual returns (bool) {
        return false;
    }

    /// @dev The key as 22 words: alpha (x, y); beta, gamma, delta (x.c1, x.c0, y.c1, y.c0); IC0 to IC3 (x, y).
    function _verifyingKey() internal pure virtual returns (uint256[22] memory);

    /// @dev Does nothing for a production key, which may be used anywhere.
    function _requireUsableChain() internal view virtual {}

    function _hasPublicTrapdoor(uint256[22] memory key) private pure returns (bool) {
        return
            (key[0] == InsecureDevPoints.ALPHA_X && key[1] == InsecureDevPoints.ALPHA_Y) ||
            (key[BETA] == InsecureDevPoints.BETA_X_C1 &&
                key[BETA + 1] == InsecureDevPoints.BETA_X_C0 &&
                key[BETA + 2] == InsecureDevPoints.BETA_Y_C1 &&
                key[BETA + 3] == InsecureDevPoints.BETA_Y_C0);
    }

    function _hasGammaAsDelta(uint256[22] memory key) private pure returns (bool) {
        for (uint256 i = 0; i < DELTA - GAMMA; ++i) {
            if (key[GAMMA + i] != key[DELTA + i]) return false;
        }
        return true;
    }

    function _requireCoordinate(uint256 value) private pure {
        if (value >= BASE_FIELD_ORDER) revert ProofCoordinateNotCanonical(value);
    }

    function _multiply(uint256 x, uint256 y, uint256 scalar) private view returns (uint256[2] memory product) {
        uint256[3] memory input = [x, y, scalar];
        bool success;
        assembly ("memory-safe") {
            success := staticcall(gas(), EC_MUL, input, 0x60, product, 0x40)
        }
        if (!success) revert PrecompileFailed(EC_MUL);
    }

    function _add(uint256[2] memory left, uint256[2] memory right) private view returns (uint256[2] memory sum) {
        uint256[4] memory input = [left[0], left[1], right[0], right[1]];
        bool success;
        assembly ("memory-safe") {
            success := staticcall(gas(), EC_ADD, input, 0x80, sum, 0x40)
        }
        if (!success) revert PrecompileFailed(EC_ADD);
    }

    function _pairingIsOne(uint256[6][4] memory pairs) private view returns (bool) {
        bytes memory input = abi.encode(pairs);
        uint256[1] memory result;
        bool success;
        assembly ("memory-safe") {
            success := staticcall(gas(), PAIRING, add(input, 0x20), mload(input), result, 0x20)
        }
        return success && result[0] == 1;
    }
}
