// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {BatchInput, SharedState} from "../interfaces/ExchangeTypes.sol";
import {OpenInterest} from "./OpenInterest.sol";

/// @title What one batch hands to the next.
library SharedStates {
    function genesis() internal pure returns (SharedState memory state) {
        state.accountRoot = Protocol.GENESIS_ACCOUNT_ROOT;
    }

    function hash(SharedState memory state) internal pure returns (bytes32) {
        return keccak256(abi.encode(state));
    }

    /// @notice Insurance spending that the batch starts from, pico-USD: a new epoch starts at zero.
    function insuranceSpentBeforePicoUsd(BatchInput calldata input) internal pure returns (uint256) {
        return startsEpoch(input) ? 0 : input.sharedState.insuranceSpentPicoUsd;
    }

    /// @notice Whether the batch is the first of its epoch.
    function startsEpoch(BatchInput calldata input) internal pure returns (bool) {
        return input.epoch.number != input.sharedState.epochNumber;
    }

    /// @notice The state after a proven batch that leaves the queue's head at `queueCursor` and its chain at `queueHash`.
    function afterBatch(
        BatchInput calldata input,
        uint64 queueCursor,
        bytes32 queueHash
    ) internal pure returns (SharedState memory state) {
        state = input.sharedState;
        if (startsEpoch(input)) state.epochStartOpenInterestLots = state.grossOpenInterestLots;
        state.accountRoot = input.header.newRoot;
        state.batchNumber += 1;
        state.epochNumber = input.epoch.number;
        state.queueCursor = queueCursor;
        state.queueHash = queueHash;
        state.grossOpenInterestLots = OpenInterest.unpack(input.header.grossOpenInterestAfterWords);
        state.insuranceSpentPicoUsd = input.header.insuranceSpentAfterPicoUsd;
        state.feesPicoUsd += input.header.feeDeltaPicoUsd;
    }
}
