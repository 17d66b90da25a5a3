// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token whose unit is not the micro-USD.
contract EighteenDecimals is ERC20 {
    constructor() ERC20("Eighteen", "XVIII") {}
}
