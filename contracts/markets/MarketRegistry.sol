// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Protocol} from "../generated/Protocol.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {IMarketRegistry, MarketParameters, MarketStatus, RiskParameters} from "../interfaces/IMarketRegistry.sol";
import {ParameterRules} from "../libraries/ParameterRules.sol";

/// @title The registry of markets. IMarketRegistry says what each function does.
contract MarketRegistry is IMarketRegistry, Ownable2Step {
    /// @inheritdoc IMarketRegistry
    address public immutable exchange;

    uint32 private _latest;
    mapping(uint256 version => RiskParameters) private _versions;
    uint32[8] private _sinceSeconds;

    /// @param owner Appends versions.
    /// @param exchange_ Where the Exchange will be: it is deployed after its registry, and refuses one that expects another.
    constructor(address owner, address exchange_) Ownable(owner) {
        if (exchange_ == address(0)) revert ZeroAddress();
        exchange = exchange_;
    }

    /// @inheritdoc IMarketRegistry
    function appendParameters(RiskParameters calldata parameters_) external onlyOwner returns (uint256 version) {
        // 1. Terms that can work, and that do no harm to whoever holds positions under the version before.
        ParameterRules.checkRates(parameters_);
        RiskParameters storage previous = _versions[_latest];
        version = _latest + 1;
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            MarketParameters calldata terms = parameters_.markets[market];
            if (terms.status != MarketStatus.None) {
                ParameterRules.checkTerms(market, terms, parameters_.liquidationSpreadPpm);
            }
            if (ParameterRules.checkChange(market, terms, previous.markets[market])) {
                _replace(market, previous.markets[market].symbol, terms.symbol);
            }
        }
        // 2. From now on it never changes.
        _versions[version] = parameters_;
        _latest = uint32(version);
        emit ParametersAppended(version, keccak256(abi.encode(parameters_)), parameters_);
    }

    /// @inheritdoc IMarketRegistry
    function latestVersion() external view returns (uint256) {
        return _latest;
    }

    /// @inheritdoc IMarketRegistry
    function parameters(uint256 version) external view returns (RiskParameters memory) {
        return _get(version);
    }

    /// @inheritdoc IMarketRegistry
    function parametersHash(uint256 version) external view returns (bytes32) {
        RiskParameters memory found = _get(version);
        return keccak256(abi.encode(found));
    }

    /// @inheritdoc IMarketRegistry
    /// @dev Field by field: copying the whole would read 26 slots at every epoch, most of them of markets that are none.
    function newestTerms() external view returns (uint32 version, RiskParameters memory terms) {
        version = _latest;
        RiskParameters storage found = _get(version);
        terms.rebateCapPpm = found.rebateCapPpm;
        terms.maxFundingRatePpmPerHour = found.maxFundingRatePpmPerHour;
        terms.liquidationFeeCapPpm = found.liquidationFeeCapPpm;
        terms.liquidationSpreadPpm = found.liquidationSpreadPpm;
        terms.bankruptcyAdjustmentPpm = found.bankruptcyAdjustmentPpm;
        terms.insuranceCapMicroUsd = found.insuranceCapMicroUsd;
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            MarketParameters storage from = found.markets[market];
            if (from.status == MarketStatus.None) continue;
            MarketParameters memory to = terms.markets[market];
            to.imfPpm = from.imfPpm;
            to.mmfPpm = from.mmfPpm;
            to.bandPpm = from.bandPpm;
            to.openInterestCapLots = from.openInterestCapLots;
            to.positionCapLots = from.positionCapLots;
            to.status = from.status;
            to.tickSizeExponent = from.tickSizeExponent;
            to.lotSizeExponent = from.lotSizeExponent;
            to.isolatedOnly = from.isolatedOnly;
            to.exitHaircutPpm = from.exitHaircutPpm;
            to.openInterestLowerCapMicroUsd = from.openInterestLowerCapMicroUsd;
            to.openInterestUpperCapMicroUsd = from.openInterestUpperCapMicroUsd;
        }
    }

    /// @inheritdoc IMarketRegistry
    function sinceSeconds() external view returns (uint32[8] memory) {
        return _sinceSeconds;
    }

    function _get(uint256 version) private view returns (RiskParameters storage) {
        if (version == 0 || version > _latest) revert UnknownParameterVersion(_latest, version);
        return _versions[version];
    }

    /// @dev Once the market is vacant it stays so until the next epoch, the first with the new version: no batch of an epoch in
    /// which it could still grow can follow.
    function _replace(uint256 market, bytes32 oldSymbol, bytes32 newSymbol) private {
        if (!IExchange(exchange).isVacant(market)) revert MarketNotVacant(market);
        _sinceSeconds[market] = uint32(block.timestamp);
        emit MarketReplaced(market, oldSymbol, newSymbol, block.timestamp);
    }
}
