// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Governed} from "../access/Governed.sol";
import {IMarketRegistry} from "../interfaces/IMarketRegistry.sol";

/// @title The guardian's pause: no new risk for a while. IMarketRegistry says what it stops.
abstract contract RiskPause is IMarketRegistry, Governed {
    uint256 private constant LONGEST_PAUSE_SECONDS = 3 days;

    /// @inheritdoc IMarketRegistry
    uint64 public pausedUntilSeconds;
    /// @inheritdoc IMarketRegistry
    bool public isPauseSpent;

    /// @inheritdoc IMarketRegistry
    function pause() external governed {
        if (isPauseSpent) revert PauseSpent();
        isPauseSpent = true;
        pausedUntilSeconds = uint64(block.timestamp + LONGEST_PAUSE_SECONDS);
        emit Paused(pausedUntilSeconds);
    }

    /// @inheritdoc IMarketRegistry
    function endPause() external governed {
        if (!isPaused()) revert NotPaused();
        pausedUntilSeconds = uint64(block.timestamp);
        emit PauseEnded();
    }

    /// @inheritdoc IMarketRegistry
    function renewPause() external governed {
        isPauseSpent = false;
        emit PauseRenewed();
    }

    /// @inheritdoc IMarketRegistry
    function isPaused() public view returns (bool) {
        return block.timestamp < pausedUntilSeconds;
    }
}
