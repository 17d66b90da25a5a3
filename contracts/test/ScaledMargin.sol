// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {OpenInterest} from "../libraries/OpenInterest.sol";

/// @title Shows the scaling of initial margin by itself, for vectors that no epoch could be opened with.
contract ScaledMargin {
    /// @notice OpenInterest.scaledImfPpmCeil.
    function scaledImfPpmCeil(
        uint256 baseImfPpm,
        uint256 lowerCapMicroUsd,
        uint256 upperCapMicroUsd,
        uint256 openNotionalMicroUsd
    ) external pure returns (uint256) {
        return OpenInterest.scaledImfPpmCeil(baseImfPpm, lowerCapMicroUsd, upperCapMicroUsd, openNotionalMicroUsd);
    }

    /// @notice OpenInterest.notionalMicroUsd.
    function notionalMicroUsd(uint256 grossLots, uint256 priceTicks) external pure returns (uint256) {
        return OpenInterest.notionalMicroUsd(grossLots, priceTicks);
    }
}
