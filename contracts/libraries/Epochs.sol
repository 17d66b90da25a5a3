// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {Epoch, EpochOpening} from "../interfaces/ExchangeTypes.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {IMarketRegistry, MarketParameters, MarketStatus, RiskParameters} from "../interfaces/IMarketRegistry.sol";
import {IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {MarketWords} from "./MarketWords.sol";
import {OpenInterest} from "./OpenInterest.sol";

/// @title Epochs: prices, funding, margin fractions and time, fixed on chain before any batch uses them.
/// @dev `open` is linked: with it the Exchange would be larger than a contract may be. The rest is part of the Exchange.
library Epochs {
    /// @notice How far before the block's time an epoch's time may lie, seconds.
    uint256 internal constant MAX_AGE_SECONDS = 5 minutes;
    uint256 private constant SECONDS_PER_HOUR = 3600;
    int256 private constant FUNDING_INDEX_END = int256(1 << Protocol.FUNDING_INDEX_MAGNITUDE_BITS);

    /// @notice How a retired market ends.
    struct Settlement {
        /// What positions are worth for good.
        uint32 priceTicks;
        /// The first epoch with this price, in which the market closes: from its batches on nothing can grow.
        uint64 sinceEpoch;
    }

    struct Store {
        mapping(uint256 number => bytes32) hashOf;
        uint64 number;
        uint32 timeSeconds;
        uint32 paramVersion;
        uint64 roundNumber;
        /// Bit k: market k is settled, and `settlements` says how.
        uint8 settledMarkets;
        int64[8] fundingIndicesPicoUsd;
        Settlement[8] settlements;
    }

    /// @dev What an epoch is made from, beside what the operator asks for.
    struct Sources {
        /// The newest parameters, whose version the caller has compared with the one asked for.
        RiskParameters parameters;
        /// The last accepted prices, ticks; 0 where a market never had one.
        uint32[8] pricesTicks;
        /// Whether they are fresh at the epoch's time.
        bool[8] isFresh;
        /// After the last settled batch.
        uint64[8] grossOpenInterestLots;
        /// Newest round of the oracle.
        uint64 roundNumber;
    }

    function hash(Epoch memory epoch) internal pure returns (bytes32) {
        return keccak256(abi.encode(epoch));
    }

    /// @notice Opens the next epoch: submits a round if one comes along, checks that the opening names the newest of everything,
    /// and stores the epoch's hash.
    /// @return The epoch's number.
    function open(
        Store storage store,
        OpenInterest.Store storage openInterest,
        IMarketRegistry registry,
        IPriceOracle oracle,
        EpochOpening calldata opening
    ) external returns (uint64) {
        Sources memory sources;
        // 1. The newest parameters.
        uint256 version;
        (version, sources.parameters) = registry.newestTerms();
        if (opening.paramVersion != version) revert IExchange.StaleParameterVersion(version, opening.paramVersion);
        // 2. The last accepted prices, those of a new round among them.
        bytes32 roundHash;
        if (opening.round.reports.length != 0) (roundHash, ) = oracle.submitRound(opening.round);
        (sources.roundNumber, ) = oracle.latestRound();
        if (opening.round.number != sources.roundNumber) {
            revert IExchange.RoundOutOfOrder(sources.roundNumber, opening.round.number);
        }
        (sources.pricesTicks, sources.isFresh) = oracle.pricesAt(opening.timeSeconds);
        // 3. What the last settled batch left.
        sources.grossOpenInterestLots = OpenInterest.load(openInterest);
        Epoch memory epoch = _open(store, opening, sources);
        emit IExchange.EpochOpened(
            epoch.number,
            epoch.timeSeconds,
            epoch.paramVersion,
            epoch.rebateCapPpm,
            epoch.journalHead,
            epoch.liquidationTerms,
            roundHash,
            epoch.marketWords,
            epoch.openInterestCapWords,
            epoch.exitHaircutsWord
        );
        return epoch.number;
    }

    /// @dev Checks time and funding, and stores the next epoch's hash.
    function _open(
        Store storage store,
        EpochOpening calldata opening,
        Sources memory sources
    ) private returns (Epoch memory epoch) {
        // 1. The time is the recent past, and moves on.
        if (opening.timeSeconds > block.timestamp || block.timestamp - opening.timeSeconds > MAX_AGE_SECONDS) {
            revert IExchange.EpochTimeOutOfBounds(opening.timeSeconds, block.timestamp);
        }
        if (opening.timeSeconds <= store.timeSeconds) {
            revert IExchange.EpochTimeNotIncreasing(store.timeSeconds, opening.timeSeconds);
        }
        // 2. The record; before the first epoch no time has passed, so that no funding can be due.
        uint256 elapsedSeconds = store.number == 0 ? 0 : opening.timeSeconds - store.timeSeconds;
        epoch.number = store.number + 1;
        epoch.timeSeconds = opening.timeSeconds;
        epoch.paramVersion = opening.paramVersion;
        epoch.rebateCapPpm = sources.parameters.rebateCapPpm;
        epoch.journalHead = opening.journalHead;
        epoch.liquidationTerms = _liquidationTerms(sources.parameters);
        uint256 fundingRate = sources.parameters.maxFundingRatePpmPerHour * elapsedSeconds;
        uint64[8] memory capsLots;
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            bool trades = sources.isFresh[market] && sources.parameters.markets[market].status == MarketStatus.Live;
            int256 index = store.fundingIndicesPicoUsd[market];
            int256 delta = opening.fundingDeltasPicoUsd[market];
            if (delta != 0) {
                if (!trades) revert IExchange.FundingWithoutFreshPrice(market, delta);
                index = _accrued(market, index, delta, fundingRate * sources.pricesTicks[market]);
                store.fundingIndicesPicoUsd[market] = int64(index);
            }
            uint256 word = _marketWord(store, sources, market, epoch.number, index);
            epoch.marketWords[market] = word;
            // Where nobody can hold a position there is none to close.
            if (MarketWords.mmfPpm(word) != 0) {
                uint256 haircutPpm = sources.parameters.markets[market].exitHaircutPpm;
                epoch.exitHaircutsWord |= haircutPpm << (Protocol.RATE_PPM_BITS * market);
            }
            if (trades) capsLots[market] = sources.parameters.markets[market].openInterestCapLots;
        }
        epoch.openInterestCapWords = OpenInterest.pack(capsLots);
        // 3. From now on it never changes.
        store.number = epoch.number;
        store.timeSeconds = epoch.timeSeconds;
        store.paramVersion = epoch.paramVersion;
        store.roundNumber = sources.roundNumber;
        store.hashOf[epoch.number] = hash(epoch);
    }

    /// @notice Whether nobody can hold a position under the market's index any more: it is settled, a batch of an epoch in
    /// which it was is settled, so that none in which it could grow can follow, and open interest is zero. That holds of the
    /// epoch in which it closes, too: whoever has no position is kept without one by the position cap of 0.
    function isVacant(
        Store storage store,
        OpenInterest.Store storage openInterest,
        uint256 market
    ) internal view returns (bool) {
        return
            _isSettled(store, market) &&
            openInterest.epochNumber >= store.settlements[market].sinceEpoch &&
            OpenInterest.load(openInterest)[market] == 0;
    }

    /// @notice What a market is settled at, and since when; zeros while it is not.
    function settlementOf(
        Store storage store,
        uint256 market
    ) internal view returns (uint32 priceTicks, uint64 sinceEpoch) {
        if (!_isSettled(store, market)) return (0, 0);
        return (store.settlements[market].priceTicks, store.settlements[market].sinceEpoch);
    }

    /// @dev A live market without fresh price is restricted: the last price stands, nothing grows. One that never had a price
    /// has an empty band, too; nobody can hold a position in it, and the other markets go on. A market that ends has an epoch at
    /// its settlement price in which it closes: whom that price makes bankrupt still has a position, whose loss the insurance
    /// fund and counterparties take over; settled at once, it would be the pool's.
    function _marketWord(
        Store storage store,
        Sources memory sources,
        uint256 market,
        uint64 epochNumber,
        int256 index
    ) private returns (uint256) {
        MarketParameters memory terms = sources.parameters.markets[market];
        if (terms.status == MarketStatus.None) return MarketWords.stopped(false, index);
        uint32 priceTicks = sources.pricesTicks[market];
        bool isFresh = sources.isFresh[market];
        if (terms.status == MarketStatus.Retired) {
            if (_isSettled(store, market)) return MarketWords.retired(store.settlements[market].priceTicks, index);
            // The first fresh price is the last one. Where there never was a price there is nothing to settle, either.
            if (isFresh || priceTicks == 0) {
                store.settledMarkets |= uint8(1 << market);
                store.settlements[market] = Settlement({priceTicks: priceTicks, sinceEpoch: epochNumber});
                if (priceTicks == 0) return MarketWords.retired(0, index);
                return MarketWords.closing(terms, priceTicks, sources.grossOpenInterestLots[market], index);
            }
        } else if (_isSettled(store, market)) {
            // The registry gave the index to a new market, after it had asked whether it is vacant.
            store.settledMarkets &= ~uint8(1 << market);
        }
        if (priceTicks == 0) return MarketWords.stopped(true, index);
        return MarketWords.open(terms, priceTicks, !isFresh, sources.grossOpenInterestLots[market], index);
    }

    function _isSettled(Store storage store, uint256 market) private view returns (bool) {
        return (store.settledMarkets >> market) & 1 != 0;
    }

    /// @dev |delta|·3600 ≤ ratePpmPerHour·elapsedSeconds·priceTicks, all exact: ticks × ppm are pico-USD per lot.
    /// At most 2^20 · 2^32 · 2^32, far below 2^256.
    /// @param boundTimes3600 The right side.
    function _accrued(
        uint256 market,
        int256 index,
        int256 delta,
        uint256 boundTimes3600
    ) private pure returns (int256 next) {
        uint256 magnitude = uint256(delta < 0 ? -delta : delta);
        if (magnitude * SECONDS_PER_HOUR > boundTimes3600) {
            revert IExchange.FundingDeltaOutOfBounds(market, delta, boundTimes3600 / SECONDS_PER_HOUR);
        }
        next = index + delta;
        if (next >= FUNDING_INDEX_END || next <= -FUNDING_INDEX_END) {
            revert IExchange.FundingIndexOutOfRange(market, next);
        }
    }

    /// @dev The registry keeps every field to its width.
    function _liquidationTerms(RiskParameters memory parameters) private pure returns (uint256) {
        return
            (uint256(parameters.liquidationFeeCapPpm) << Protocol.LIQUIDATION_TERMS_WORD_FEE_CAP_PPM_SHIFT) |
            (uint256(parameters.liquidationSpreadPpm) << Protocol.LIQUIDATION_TERMS_WORD_SPREAD_PPM_SHIFT) |
            (uint256(parameters.bankruptcyAdjustmentPpm) <<
                Protocol.LIQUIDATION_TERMS_WORD_BANKRUPTCY_ADJUSTMENT_PPM_SHIFT) |
            (uint256(parameters.insuranceCapMicroUsd) << Protocol.LIQUIDATION_TERMS_WORD_INSURANCE_CAP_MICRO_USD_SHIFT);
    }
}
