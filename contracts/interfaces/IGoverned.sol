// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

/// @title A contract with functions of governance.
interface IGoverned {
    /// @notice Thrown when the caller has no role for the function, or has it with a delay, seconds: then the call is scheduled
    /// and executed through the manager.
    error NotAuthorized(address caller, uint32 delaySeconds);
    /// @notice Thrown when there is no contract where the manager should be.
    error InvalidAuthority(address authority);

    /// @notice The AccessManager that says who may call functions of governance. It never changes.
    function authority() external view returns (address);
}
