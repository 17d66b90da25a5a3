// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Epoch, EpochOpening, RiskParameters} from "../interfaces/ExchangeTypes.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {IPriceOracle, PriceRound} from "../interfaces/IPriceOracle.sol";
import {Epochs} from "../libraries/Epochs.sol";
import {OpenInterest} from "../libraries/OpenInterest.sol";
import {ParameterVersions} from "../libraries/ParameterVersions.sol";
import {Operated} from "./Operated.sol";

/// @title What batches are judged by: versions of the risk parameters, and the epochs that fix prices, funding and time.
abstract contract Terms is Operated {
    using Epochs for Epochs.Store;
    using OpenInterest for OpenInterest.Store;
    using ParameterVersions for ParameterVersions.Store;

    IPriceOracle private immutable _oracle;

    Epochs.Store private _epochs;
    /// @dev Written by every batch, read when an epoch is opened.
    OpenInterest.Store internal _settledOpenInterest;
    ParameterVersions.Store private _parameters;

    constructor(address oracle_) {
        if (oracle_ == address(0)) revert ZeroAddress();
        _oracle = IPriceOracle(oracle_);
    }

    /// @inheritdoc IExchange
    function openEpoch(EpochOpening calldata opening) external onlyOperator returns (uint64 number) {
        if (opening.paramVersion != _parameters.latest) {
            revert StaleParameterVersion(_parameters.latest, opening.paramVersion);
        }
        RiskParameters storage current = _parameters.get(opening.paramVersion);
        (bytes32 roundHash, PriceRound memory round) = _oracle.submitRound(opening.round);
        Epoch memory epoch = _epochs.open(opening, round, current);
        emit EpochOpened(
            epoch.number,
            epoch.timeSeconds,
            epoch.paramVersion,
            epoch.rebateCapPpm,
            epoch.journalHead,
            epoch.liquidationTerms,
            roundHash,
            epoch.marketWords,
            epoch.openInterestCapWords
        );
        return epoch.number;
    }

    /// @inheritdoc IExchange
    function appendParameters(RiskParameters calldata parameters_) external onlyOwner returns (uint256 version) {
        version = _parameters.append(parameters_);
        emit ParametersAppended(version, parameters_);
    }

    /// @inheritdoc IExchange
    function epochHash(uint256 number) external view returns (bytes32) {
        return _epochs.hashOf[number];
    }

    /// @inheritdoc IExchange
    function latestEpoch()
        external
        view
        returns (
            uint64 number,
            uint32 timeSeconds,
            uint32 paramVersion,
            uint64 roundNumber,
            int64[8] memory fundingIndicesPicoUsd
        )
    {
        number = _epochs.number;
        timeSeconds = _epochs.timeSeconds;
        paramVersion = _epochs.paramVersion;
        roundNumber = _epochs.roundNumber;
        fundingIndicesPicoUsd = _epochs.fundingIndicesPicoUsd;
    }

    /// @inheritdoc IExchange
    function settledOpenInterest()
        external
        view
        returns (uint64 epochNumber, uint64[8] memory grossOpenInterestLots)
    {
        return (_settledOpenInterest.epochNumber, _settledOpenInterest.load());
    }

    /// @inheritdoc IExchange
    function latestParameterVersion() external view returns (uint256) {
        return _parameters.latest;
    }

    /// @inheritdoc IExchange
    function parameters(uint256 version) external view returns (RiskParameters memory) {
        return _parameters.get(version);
    }

    /// @inheritdoc IExchange
    function oracle() external view returns (address) {
        return address(_oracle);
    }

    /// @dev Epochs are consumed in order: the last batch's, or the one behind it.
    function _checkEpoch(uint256 last, Epoch calldata given) internal view {
        if (given.number != last && given.number != last + 1) revert EpochOutOfOrder(last, given.number);
        bytes32 expected = _epochs.hashOf[given.number];
        if (expected == 0) revert EpochNotOpened(given.number);
        bytes32 givenHash = Epochs.hash(given);
        if (givenHash != expected) revert EpochMismatch(expected, givenHash);
    }
}
