// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Epoch, EpochOpening} from "../interfaces/ExchangeTypes.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {IMarketRegistry} from "../interfaces/IMarketRegistry.sol";
import {IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {Epochs} from "../libraries/Epochs.sol";
import {OpenInterest} from "../libraries/OpenInterest.sol";
import {Operated} from "./Operated.sol";

/// @title What batches are judged by: epochs that fix risk parameters, prices, funding and time.
abstract contract Terms is Operated {
    using Epochs for Epochs.Store;
    using OpenInterest for OpenInterest.Store;

    IPriceOracle private immutable _oracle;
    IMarketRegistry private immutable _registry;

    Epochs.Store private _epochs;
    /// @dev Written by every batch, read when an epoch is opened.
    OpenInterest.Store internal _settledOpenInterest;

    constructor(address oracle_, address registry_) {
        if (oracle_ == address(0) || registry_ == address(0)) revert ZeroAddress();
        _oracle = IPriceOracle(oracle_);
        _registry = IMarketRegistry(registry_);
        // Its answers about vacant markets would be another Exchange's.
        address expected = _registry.exchange();
        if (expected != address(this)) revert RegistryOfAnotherExchange(expected);
        // It must forget the prices of the markets that this registry replaces.
        if (_oracle.registry() != registry_) revert OracleOfAnotherRegistry(_oracle.registry());
    }

    /// @inheritdoc IExchange
    function openEpoch(EpochOpening calldata opening) external onlyOperator returns (uint64 number) {
        return _epochs.open(_settledOpenInterest, _registry, _oracle, opening);
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
    function isVacant(uint256 market) external view returns (bool) {
        return _epochs.isVacant(_settledOpenInterest, market);
    }

    /// @inheritdoc IExchange
    function settlementOf(uint256 market) external view returns (uint32 priceTicks, uint64 sinceEpoch) {
        return _epochs.settlementOf(market);
    }

    /// @inheritdoc IExchange
    function registry() external view returns (address) {
        return address(_registry);
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
