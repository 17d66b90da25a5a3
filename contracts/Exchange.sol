// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Intake} from "./exchange/Intake.sol";
import {Operated} from "./exchange/Operated.sol";
import {Settlement} from "./exchange/Settlement.sol";
import {Terms} from "./exchange/Terms.sol";
import {Vault} from "./exchange/Vault.sol";
import {ExchangeSetup} from "./interfaces/ExchangeTypes.sol";

/// @title The exchange on L1. IExchange says what each function does.
contract Exchange is Settlement {
    constructor(
        ExchangeSetup memory setup
    )
        Ownable(setup.owner)
        Vault(setup.token)
        Intake(setup.insuranceOwner, setup.minimumDepositMicroUsd, setup.depositCapMicroUsd, setup.requestFeeWei)
        Operated(setup.operator)
        Terms(setup.oracle, setup.registry)
        Settlement(setup.verifiers)
    {}
}
