// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {Protocol} from "./generated/Protocol.sol";

/// @title A worthless dollar with six decimals and permit, for development chains.
contract TestDollar is ERC20, ERC20Permit {
    /// @notice Thrown when minting is tried on a chain where the token could be mistaken for money.
    error MintOnlyOnDevChains(uint256 chainId);

    constructor() ERC20("Clearbook Test Dollar", "TUSD") ERC20Permit("Clearbook Test Dollar") {}

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// @notice Gives anybody any amount, micro-USD.
    function mint(address to, uint256 amountMicroUsd) external {
        if (!Protocol.isDevChain(block.chainid)) revert MintOnlyOnDevChains(block.chainid);
        _mint(to, amountMicroUsd);
    }
}
