// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

/// @title Chains on which money is play money, and keys with a publicly known trapdoor may be used.
library DevChain {
    /// @dev DEV_CHAIN_IDS of matcher/protocol/spec.ts; a test compares them.
    function isAllowed(uint256 chainId) internal pure returns (bool) {
        return chainId == 31337 || chainId == 1337;
    }
}
