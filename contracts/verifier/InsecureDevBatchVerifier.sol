// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {BatchVerifier} from "./BatchVerifier.sol";

/// @title A verifier whose key has a publicly known trapdoor: anybody can forge proofs that it accepts.
/// @notice It can be deployed and called only on chains that are listed as development chains. The check is made again on
/// every call, because a chain's state can be copied to a chain with another id.
abstract contract InsecureDevBatchVerifier is BatchVerifier {
    constructor() {
        _requireUsableChain();
    }

    /// @inheritdoc BatchVerifier
    function isInsecureDevKey() public pure override returns (bool) {
        return true;
    }

    /// @dev The list comes from the protocol's specification, through the generator.
    function _isDevChain(uint256 chainId) internal pure virtual returns (bool);

    function _requireUsableChain() internal view override {
        if (!_isDevChain(block.chainid)) revert InsecureDevKeyOnChain(block.chainid);
    }
}
