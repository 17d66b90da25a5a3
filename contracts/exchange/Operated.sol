// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Governed} from "../access/Governed.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {Freeze} from "./Freeze.sol";

/// @title The operator: whoever opens epochs and settles batches. Governance names it.
abstract contract Operated is Freeze, Governed {
    /// @inheritdoc IExchange
    address public operator;

    modifier onlyOperator() {
        if (msg.sender != operator) revert NotOperator(msg.sender);
        _;
    }

    constructor(address operator_) {
        _setOperator(operator_);
    }

    /// @inheritdoc IExchange
    function setOperator(address operator_) external governed {
        _setOperator(operator_);
    }

    function _setOperator(address operator_) private {
        if (operator_ == address(0)) revert ZeroAddress();
        emit OperatorChanged(operator, operator_);
        operator = operator_;
    }
}
