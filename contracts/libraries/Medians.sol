// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {SignedReport} from "../interfaces/IPriceOracle.sol";

/// @title Medians per market over the signers that have a price.
library Medians {
    /// @notice The lower of the two middle prices when their number is even. A signer without a price (0) does not count, so
    /// that silence moves no price; with fewer than `least` prices a market has no median: 0.
    function perMarket(SignedReport[] calldata reports, uint256 least) internal pure returns (uint32[8] memory medians) {
        uint32[] memory sorted = new uint32[](reports.length);
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            uint256 count = 0;
            for (uint256 i = 0; i < reports.length; ++i) {
                uint32 price = reports[i].pricesTicks[market];
                if (price == 0) continue;
                uint256 place = count++;
                for (; place > 0 && sorted[place - 1] > price; --place) sorted[place] = sorted[place - 1];
                sorted[place] = price;
            }
            if (count != 0 && count >= least) medians[market] = sorted[(count - 1) / 2];
        }
    }
}
