// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {Epoch, EpochOpening, MarketParameters, RiskParameters} from "../interfaces/ExchangeTypes.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {PriceRound} from "../interfaces/IPriceOracle.sol";
import {OpenInterest} from "./OpenInterest.sol";

/// @title Epochs: prices, funding, margin fractions and time, fixed on chain before any batch uses them.
library Epochs {
    /// @notice How far before the block's time an epoch's time may lie, seconds.
    uint256 internal constant MAX_AGE_SECONDS = 5 minutes;
    uint256 private constant SECONDS_PER_HOUR = 3600;
    /// @dev Makes the signed funding index of a market word non-negative.
    int256 private constant FUNDING_INDEX_OFFSET = int256(1 << Protocol.FUNDING_INDEX_MAGNITUDE_BITS);

    struct Store {
        mapping(uint256 number => bytes32) hashOf;
        uint64 number;
        uint32 timeSeconds;
        uint32 paramVersion;
        uint64 roundNumber;
        int64[8] fundingIndicesPicoUsd;
    }

    function hash(Epoch memory epoch) internal pure returns (bytes32) {
        return keccak256(abi.encode(epoch));
    }

    /// @notice Checks time, round and funding, and stores the next epoch's hash.
    /// @param parameters Those of the newest version, which the caller has compared with the one asked for.
    function open(
        Store storage store,
        EpochOpening calldata opening,
        PriceRound memory round,
        RiskParameters storage parameters
    ) internal returns (Epoch memory epoch) {
        // 1. The time is the recent past, and moves on.
        if (opening.timeSeconds > block.timestamp || block.timestamp - opening.timeSeconds > MAX_AGE_SECONDS) {
            revert IExchange.EpochTimeOutOfBounds(opening.timeSeconds, block.timestamp);
        }
        if (opening.timeSeconds <= store.timeSeconds) {
            revert IExchange.EpochTimeNotIncreasing(store.timeSeconds, opening.timeSeconds);
        }
        if (round.number < store.roundNumber) revert IExchange.RoundOutOfOrder(store.roundNumber, round.number);
        // 2. The record; before the first epoch no time has passed, so that no funding can be due.
        uint256 elapsedSeconds = store.number == 0 ? 0 : opening.timeSeconds - store.timeSeconds;
        epoch.number = store.number + 1;
        epoch.timeSeconds = opening.timeSeconds;
        epoch.paramVersion = opening.paramVersion;
        epoch.rebateCapPpm = parameters.rebateCapPpm;
        epoch.journalHead = opening.journalHead;
        uint256 fundingRate = parameters.maxFundingRatePpmPerHour * elapsedSeconds;
        uint64[8] memory capsLots;
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            MarketParameters storage terms = parameters.markets[market];
            uint256 priceTicks = terms.live ? round.pricesTicks[market] : 0;
            if (terms.live && priceTicks == 0) revert IExchange.PriceMissing(market);
            int256 index = _accrue(
                market,
                store.fundingIndicesPicoUsd[market],
                opening.fundingDeltasPicoUsd[market],
                fundingRate * priceTicks
            );
            store.fundingIndicesPicoUsd[market] = int64(index);
            epoch.marketWords[market] = terms.live ? _liveWord(terms, priceTicks, index) : _stoppedWord(index);
            if (terms.live) capsLots[market] = terms.openInterestCapLots;
        }
        epoch.openInterestCapWords = OpenInterest.pack(capsLots);
        // 3. From now on it never changes.
        store.number = epoch.number;
        store.timeSeconds = epoch.timeSeconds;
        store.paramVersion = epoch.paramVersion;
        store.roundNumber = round.number;
        store.hashOf[epoch.number] = hash(epoch);
    }

    /// @dev |delta|·3600 ≤ ratePpmPerHour·elapsedSeconds·priceTicks, all exact: ticks × ppm are pico-USD per lot.
    /// At most 2^20 · 2^32 · 2^32, far below 2^256.
    /// @param boundTimes3600 The right side.
    function _accrue(
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
        if (next >= FUNDING_INDEX_OFFSET || next <= -FUNDING_INDEX_OFFSET) {
            revert IExchange.FundingIndexOutOfRange(market, next);
        }
    }

    /// @dev The band is rounded inward: up at the bottom, down at the top, and ends with the width of a price.
    function _liveWord(
        MarketParameters storage terms,
        uint256 priceTicks,
        int256 index
    ) private view returns (uint256) {
        uint256 bandPpm = terms.bandPpm;
        uint256 minTicks = (priceTicks * (Protocol.PPM - bandPpm) + Protocol.PPM - 1) / Protocol.PPM;
        uint256 maxTicks = (priceTicks * (Protocol.PPM + bandPpm)) / Protocol.PPM;
        uint256 greatestTicks = (1 << Protocol.PRICE_TICKS_BITS) - 1;
        if (maxTicks > greatestTicks) maxTicks = greatestTicks;
        return
            (priceTicks << Protocol.MARKET_WORD_PRICE_TICKS_SHIFT) |
            (uint256(terms.imfPpm) << Protocol.MARKET_WORD_IMF_PPM_SHIFT) |
            (uint256(terms.mmfPpm) << Protocol.MARKET_WORD_MMF_PPM_SHIFT) |
            (minTicks << Protocol.MARKET_WORD_PRICE_MIN_TICKS_SHIFT) |
            (maxTicks << Protocol.MARKET_WORD_PRICE_MAX_TICKS_SHIFT) |
            _indexBits(index);
    }

    /// @dev An empty band, 1 … 0, lets no row through.
    function _stoppedWord(int256 index) private pure returns (uint256) {
        return (1 << Protocol.MARKET_WORD_PRICE_MIN_TICKS_SHIFT) | _indexBits(index);
    }

    function _indexBits(int256 index) private pure returns (uint256) {
        return uint256(index + FUNDING_INDEX_OFFSET) << Protocol.MARKET_WORD_FUNDING_INDEX_OFFSET_SHIFT;
    }
}
