// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";

/// @title The twisted Edwards curve a·x² + y² = 1 + d·x²·y² over the BN254 scalar field (EIP-2494).
/// @dev `a` is a square and `d` is not, so the formulas below have no exceptional case on the curve.
library BabyJubJub {
    uint256 private constant R = Protocol.FIELD_ORDER;
    uint256 private constant A = 168700;
    uint256 private constant D = 168696;
    /// @dev The generator of the prime-order subgroup, as in circomlib.
    uint256 internal constant BASE8_X = 5299619240641551281634865583518297030282874472190772894086521144482721001553;
    uint256 internal constant BASE8_Y = 16950150798460657717958625567821834550301663161624707787222815936182638968203;

    /// @notice Thrown when the modular exponentiation precompile fails, which it cannot on a chain that has it.
    error ModexpUnavailable();

    /// @param x, y Both below the field order.
    function isOnCurve(uint256 x, uint256 y) internal pure returns (bool) {
        uint256 xx = mulmod(x, x, R);
        uint256 yy = mulmod(y, y, R);
        return addmod(mulmod(A, xx, R), yy, R) == addmod(1, mulmod(D, mulmod(xx, yy, R), R), R);
    }

    /// @notice 8·(x, y): the cofactor clears every small-order part, so the result lies in the prime-order subgroup.
    /// @param x, y A point on the curve, coordinates below the field order.
    function timesEight(uint256 x, uint256 y) internal view returns (uint256, uint256) {
        uint256 z = 1;
        for (uint256 i = 0; i < 3; ++i) {
            (x, y, z) = _double(x, y, z);
        }
        uint256 inverse = _invert(z);
        return (mulmod(x, inverse, R), mulmod(y, inverse, R));
    }

    /// @dev Projective doubling, "dbl-2008-bbjlp": z stays non-zero because d is not a square.
    function _double(uint256 x, uint256 y, uint256 z) private pure returns (uint256 x3, uint256 y3, uint256 z3) {
        uint256 e = mulmod(A, mulmod(x, x, R), R);
        uint256 d = mulmod(y, y, R);
        uint256 f = addmod(e, d, R);
        uint256 j = addmod(f, R - mulmod(2, mulmod(z, z, R), R), R); // F − 2·Z²
        x3 = mulmod(mulmod(mulmod(2, x, R), y, R), j, R); // (X + Y)² − X² − Y² = 2·X·Y
        y3 = mulmod(f, addmod(e, R - d, R), R);
        z3 = mulmod(f, j, R);
    }

    /// @dev Fermat: value^(r − 2) mod r.
    function _invert(uint256 value) private view returns (uint256 inverse) {
        uint256 r = R; // assembly reads no constants of other files
        bool ok;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, 32)
            mstore(add(input, 32), 32)
            mstore(add(input, 64), 32)
            mstore(add(input, 96), value)
            mstore(add(input, 128), sub(r, 2))
            mstore(add(input, 160), r)
            ok := staticcall(gas(), 0x05, input, 192, 0, 32)
            ok := and(ok, eq(returndatasize(), 32))
            inverse := mload(0)
        }
        if (!ok) revert ModexpUnavailable();
    }
}
