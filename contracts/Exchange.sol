// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Governed} from "./access/Governed.sol";
import {Deadline} from "./exchange/Deadline.sol";
import {Emergency} from "./exchange/Emergency.sol";
import {Intake} from "./exchange/Intake.sol";
import {Operated} from "./exchange/Operated.sol";
import {Settlement} from "./exchange/Settlement.sol";
import {Terms} from "./exchange/Terms.sol";
import {Vault} from "./exchange/Vault.sol";
import {Verifiers} from "./exchange/Verifiers.sol";
import {ExchangeSetup} from "./interfaces/ExchangeTypes.sol";

/// @title The exchange on L1. IExchange says what each function does.
contract Exchange is Settlement {
    constructor(
        ExchangeSetup memory setup
    )
        Governed(setup.authority)
        Vault(setup.token)
        Deadline(setup.requestDeadlineSeconds)
        Intake(setup.insuranceOwner, setup.minimumDepositMicroUsd, setup.depositCapMicroUsd)
        Emergency(setup.escape)
        Operated(setup.operator)
        Terms(setup.oracle, setup.registry)
        Verifiers(setup.verifiers)
    {}
}
