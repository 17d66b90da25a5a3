// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {IExchange} from "../interfaces/IExchange.sol";

/// @title Open interest as words of the public data: four lanes of 48 bits a word, least significant first.
library OpenInterest {
    /// @dev Gross open interest after the last settled batch, and that batch's epoch: two slots, both written by every batch.
    struct Store {
        uint192 lowLanes;
        uint64 epochNumber;
        uint192 highLanes;
    }

    /// @notice Keeps what a batch of the epoch left. The caller has unpacked the words, so that they fit their lanes.
    function save(Store storage store, uint256[2] calldata words, uint64 epochNumber) internal {
        store.lowLanes = uint192(words[0]);
        store.epochNumber = epochNumber;
        store.highLanes = uint192(words[1]);
    }

    /// @notice What the last batch left, lots.
    function load(Store storage store) internal view returns (uint64[8] memory lots) {
        return unpack([uint256(store.lowLanes), store.highLanes]);
    }

    /// @param lots Each below 2^48.
    function pack(uint64[8] memory lots) internal pure returns (uint256[2] memory words) {
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            words[market / Protocol.LANES_PER_WORD] |= uint256(lots[market]) << _shift(market);
        }
    }

    /// @dev Reverts with OpenInterestOutOfRange on bits beyond the lanes: they would be lost.
    function unpack(uint256[2] memory words) internal pure returns (uint64[8] memory lots) {
        for (uint256 i = 0; i < 2; ++i) {
            if (words[i] >> (Protocol.LANES_PER_WORD * Protocol.GROSS_OPEN_INTEREST_BITS) != 0) {
                revert IExchange.OpenInterestOutOfRange(words[i]);
            }
        }
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            uint256 lane = words[market / Protocol.LANES_PER_WORD] >> _shift(market);
            lots[market] = uint64(lane & ((1 << Protocol.GROSS_OPEN_INTEREST_BITS) - 1));
        }
    }

    /// @notice Open notional, micro-USD. Gross open interest counts both sides and, as sizes sum to zero, is even: the half is exact.
    function notionalMicroUsd(uint256 grossLots, uint256 priceTicks) internal pure returns (uint256) {
        return (grossLots * priceTicks) / 2;
    }

    /// @notice Initial margin fraction that grows linearly from the base at the lower bound to 10^6 at the upper one; an upper
    /// bound of 0 switches it off. Rounded up, against the trader.
    /// @dev The registry keeps baseImfPpm ≤ 10^6 and lower ≤ upper. Between the bounds the product is below 2^20 · 2^96.
    function scaledImfPpmCeil(
        uint256 baseImfPpm,
        uint256 lowerCapMicroUsd,
        uint256 upperCapMicroUsd,
        uint256 openNotionalMicroUsd
    ) internal pure returns (uint256) {
        if (upperCapMicroUsd == 0 || openNotionalMicroUsd <= lowerCapMicroUsd) return baseImfPpm;
        if (openNotionalMicroUsd >= upperCapMicroUsd) return Protocol.PPM;
        uint256 width = upperCapMicroUsd - lowerCapMicroUsd;
        uint256 product = (Protocol.PPM - baseImfPpm) * (openNotionalMicroUsd - lowerCapMicroUsd);
        return baseImfPpm + (product + width - 1) / width;
    }

    function _shift(uint256 market) private pure returns (uint256) {
        return Protocol.GROSS_OPEN_INTEREST_BITS * (market % Protocol.LANES_PER_WORD);
    }
}
