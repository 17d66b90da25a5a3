// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {MarketParameters, RiskParameters} from "../interfaces/ExchangeTypes.sol";
import {IExchange} from "../interfaces/IExchange.sol";

/// @title Risk parameters by version: appended, never changed.
library ParameterVersions {
    /// @dev A tick times a lot is 10^−6 USD.
    int256 private constant MICRO_USD_EXPONENT = -6;

    struct Store {
        mapping(uint256 version => RiskParameters) versions;
        uint256 latest;
    }

    /// @notice Checks and appends a version; versions count from 1.
    function append(Store storage store, RiskParameters calldata parameters) internal returns (uint256 version) {
        if (parameters.rebateCapPpm > Protocol.PPM) revert IExchange.InvalidRate(parameters.rebateCapPpm);
        if (parameters.maxFundingRatePpmPerHour > Protocol.PPM) {
            revert IExchange.InvalidRate(parameters.maxFundingRatePpmPerHour);
        }
        RiskParameters storage previous = store.versions[store.latest];
        version = store.latest + 1;
        RiskParameters storage added = store.versions[version];
        added.rebateCapPpm = parameters.rebateCapPpm;
        added.maxFundingRatePpmPerHour = parameters.maxFundingRatePpmPerHour;
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            MarketParameters calldata terms = parameters.markets[market];
            if (terms.live) _check(market, terms);
            _checkAgainstPrevious(market, terms, previous.markets[market]);
            added.markets[market] = terms;
        }
        store.latest = version;
    }

    /// @notice A version. Reverts with UnknownParameterVersion.
    function get(Store storage store, uint256 version) internal view returns (RiskParameters storage) {
        if (version == 0 || version > store.latest) revert IExchange.UnknownParameterVersion(store.latest, version);
        return store.versions[version];
    }

    function _check(uint256 market, MarketParameters calldata terms) private pure {
        if (
            terms.mmfPpm == 0 || terms.mmfPpm > terms.imfPpm || terms.imfPpm > Protocol.PPM || terms.bandPpm >= Protocol.PPM
        ) {
            revert IExchange.InvalidMargin(market, terms.imfPpm, terms.mmfPpm, terms.bandPpm);
        }
        if (terms.openInterestCapLots >> Protocol.GROSS_OPEN_INTEREST_BITS != 0) {
            revert IExchange.InvalidOpenInterestCap(market, terms.openInterestCapLots);
        }
        if (int256(terms.tickSizeExponent) + terms.lotSizeExponent != MICRO_USD_EXPONENT) {
            revert IExchange.InvalidExponents(market, terms.tickSizeExponent, terms.lotSizeExponent);
        }
    }

    /// @dev Positions in a market that stopped would be worth nothing, and other units would revalue them.
    function _checkAgainstPrevious(
        uint256 market,
        MarketParameters calldata terms,
        MarketParameters storage previous
    ) private view {
        if (!previous.live) return;
        if (
            !terms.live ||
            terms.symbol != previous.symbol ||
            terms.tickSizeExponent != previous.tickSizeExponent ||
            terms.lotSizeExponent != previous.lotSizeExponent
        ) {
            revert IExchange.LiveMarketChanged(market);
        }
    }
}
