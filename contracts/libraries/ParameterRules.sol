// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {IMarketRegistry, MarketParameters, MarketStatus, RiskParameters} from "../interfaces/IMarketRegistry.sol";

/// @title What risk parameters must keep to, each by itself and each against the version before.
library ParameterRules {
    /// @dev A tick times a lot is 10^−6 USD.
    int256 private constant MICRO_USD_EXPONENT = -6;
    /// @dev A liquidation should cost what it takes, not what an account has left.
    uint256 private constant MOST_LIQUIDATION_FEE_PPM = 100_000;

    /// @notice What holds for all markets.
    function checkRates(RiskParameters calldata parameters) internal pure {
        if (parameters.rebateCapPpm > Protocol.PPM) revert IMarketRegistry.InvalidRate(parameters.rebateCapPpm);
        if (parameters.maxFundingRatePpmPerHour > Protocol.PPM) {
            revert IMarketRegistry.InvalidRate(parameters.maxFundingRatePpmPerHour);
        }
        uint256 feeCapPpm = parameters.liquidationFeeCapPpm;
        if (feeCapPpm > MOST_LIQUIDATION_FEE_PPM) revert IMarketRegistry.InvalidLiquidationFee(feeCapPpm);
        uint256 spreadPpm = parameters.liquidationSpreadPpm;
        if (spreadPpm == 0 || spreadPpm >> Protocol.LIQUIDATION_SPREAD_BITS != 0) {
            revert IMarketRegistry.InvalidLiquidationSpread(spreadPpm);
        }
        // Below 10^6 an account would be worth less than nothing before its price reaches what the spread allows.
        uint256 adjustmentPpm = parameters.bankruptcyAdjustmentPpm;
        if (adjustmentPpm < Protocol.PPM || adjustmentPpm >> Protocol.BANKRUPTCY_ADJUSTMENT_BITS != 0) {
            revert IMarketRegistry.InvalidBankruptcyAdjustment(adjustmentPpm);
        }
    }

    /// @notice What holds for a market, live or retired: until it is settled it goes on, without growth, on its terms.
    function checkTerms(uint256 market, MarketParameters calldata terms, uint256 spreadPpm) internal pure {
        if (
            terms.mmfPpm == 0 || terms.mmfPpm > terms.imfPpm || terms.imfPpm > Protocol.PPM || terms.bandPpm >= Protocol.PPM
        ) {
            revert IMarketRegistry.InvalidMargin(market, terms.imfPpm, terms.mmfPpm, terms.bandPpm);
        }
        if (terms.exitHaircutPpm == 0 || terms.exitHaircutPpm > terms.mmfPpm) {
            revert IMarketRegistry.InvalidExitHaircut(market, terms.exitHaircutPpm, terms.mmfPpm);
        }
        if (terms.openInterestCapLots >> Protocol.GROSS_OPEN_INTEREST_BITS != 0) {
            revert IMarketRegistry.InvalidOpenInterestCap(market, terms.openInterestCapLots);
        }
        (uint256 lower, uint256 upper) = (terms.openInterestLowerCapMicroUsd, terms.openInterestUpperCapMicroUsd);
        if (lower > upper) revert IMarketRegistry.InvalidOpenInterestScaling(market, lower, upper);
        if (terms.positionCapLots >> Protocol.POSITION_CAP_LOTS_BITS != 0) {
            revert IMarketRegistry.InvalidPositionCap(market, terms.positionCapLots);
        }
        if (int256(terms.tickSizeExponent) + terms.lotSizeExponent != MICRO_USD_EXPONENT) {
            revert IMarketRegistry.InvalidExponents(market, terms.tickSizeExponent, terms.lotSizeExponent);
        }
        // A spread that leads beyond the band is no fault: the band bounds what signed orders can be filled at, and so what the
        // book offers to a liquidation; the part of the spread beyond it only lies idle. It must end above zero, though.
        if (spreadPpm * terms.mmfPpm >= Protocol.PPM * Protocol.PPM) {
            revert IMarketRegistry.LiquidationPriceNotPositive(market, spreadPpm, terms.mmfPpm);
        }
    }

    /// @notice What may follow what. Positions in a market that vanished would be worth nothing, and other units would revalue them.
    /// @return replaced Whether the index goes from a retired market to a new one. The caller must know that it is vacant.
    function checkChange(
        uint256 market,
        MarketParameters calldata terms,
        MarketParameters storage previous
    ) internal view returns (bool replaced) {
        (MarketStatus from, MarketStatus to) = (previous.status, terms.status);
        replaced = from == MarketStatus.Retired && to == MarketStatus.Live;
        if (from == MarketStatus.None ? to == MarketStatus.Retired : to == MarketStatus.None) {
            revert IMarketRegistry.InvalidStatusChange(market, from, to);
        }
        if (from == MarketStatus.None || replaced) return replaced;
        if (
            terms.symbol != previous.symbol ||
            terms.tickSizeExponent != previous.tickSizeExponent ||
            terms.lotSizeExponent != previous.lotSizeExponent
        ) {
            revert IMarketRegistry.MarketChanged(market);
        }
    }
}
