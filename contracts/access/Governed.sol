// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IGoverned} from "../interfaces/IGoverned.sol";

/// @title Functions that an AccessManager decides about: who may call them, and after which delay.
/// @dev OpenZeppelin's AccessManaged without what the manager itself can do as well: a delayed call is executed through the
/// manager, never by consuming its schedule here, and the manager is the same for good, so that there is no `setAuthority`.
abstract contract Governed is IGoverned {
    /// @inheritdoc IGoverned
    address public immutable authority;

    modifier governed() {
        _checkCaller();
        _;
    }

    constructor(address authority_) {
        if (authority_.code.length == 0) revert InvalidAuthority(authority_);
        authority = authority_;
    }

    function _checkCaller() private view {
        (bool isAllowed, uint32 delaySeconds) = IAccessManager(authority).canCall(msg.sender, address(this), msg.sig);
        if (!isAllowed) revert NotAuthorized(msg.sender, delaySeconds);
    }
}
