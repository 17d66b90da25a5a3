// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {BatchInput, ProverHeader, QueueEntry, RequestOutcome} from "../interfaces/ExchangeTypes.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {OpenInterest} from "./OpenInterest.sol";
import {SharedStates} from "./SharedStates.sol";

/// @title The vector d of docs/protocol.md §8: assembled from checked preimages and the prover's words, then evaluated.
/// @dev The circuit commits to the same vector with Poseidon (C) and evaluates it at the same z. Two different vectors
/// of n words agree at a random z with probability n / r, and z is fixed only after C and d are.
library PublicData {
    /// @notice The n words of the tier, one behind the other. The caller has checked the preimages in `input`.
    /// @param domain Domain of signed messages of this chain and exchange.
    function assemble(
        BatchInput calldata input,
        Protocol.Tier memory tier,
        uint256 domain
    ) internal pure returns (bytes memory data) {
        // 1. Room for n words, all zero: what is not written below stays padding.
        data = new bytes(tier.length * 32);
        // 2. Header words that come from the chain, then those of the prover.
        _putChainWords(data, input, domain);
        _putProverWords(data, input.header);
        // 3. Queue entries, and the request behind them; unused places stay zero.
        for (uint256 i = 0; i < input.queueEntries.length; ++i) {
            _putQueueEntry(data, tier.queueOffset + i * Protocol.QUEUE_ENTRY_WORDS, input.queueEntries[i]);
        }
        if (input.requestOutcome != RequestOutcome.None) _putQueueEntry(data, tier.requestOffset, input.request);
        // 4. Withdrawals, a forced exit's payment, rows, liquidations and account slots, exactly as long as the tier says.
        uint256[] calldata body = input.bodyWords;
        uint256 bodyLength = tier.length - tier.withdrawalsOffset;
        if (body.length != bodyLength) revert IExchange.WrongBodyLength(bodyLength, body.length);
        uint256 offset = tier.withdrawalsOffset;
        assembly ("memory-safe") {
            calldatacopy(add(add(data, 32), shl(5, offset)), body.offset, shl(5, bodyLength))
        }
    }

    /// @notice z, the point of evaluation: hashed from everything, so nothing can be chosen after it is known.
    function challenge(bytes memory data, uint256 tier, uint256 commitment) internal view returns (uint256) {
        return
            uint256(
                keccak256(
                    abi.encodePacked(
                        Protocol.TAG_CHALLENGE,
                        block.chainid,
                        uint256(uint160(address(this))),
                        tier,
                        data.length / 32,
                        commitment,
                        data
                    )
                )
            ) % Protocol.FIELD_ORDER;
    }

    /// @notice y = Σ dᵢ·zⁱ mod r, by Horner from the last word down.
    /// @dev Reverts with WordNotInField on any word not below r: it and the word minus r would evaluate alike.
    function evaluate(bytes memory data, uint256 z) internal pure returns (uint256 y) {
        uint256 r = Protocol.FIELD_ORDER;
        bool inField = true;
        assembly ("memory-safe") {
            let start := add(data, 32)
            for {
                let position := add(start, mload(data))
            } gt(position, start) {

            } {
                position := sub(position, 32)
                let word := mload(position)
                inField := and(inField, lt(word, r))
                y := addmod(mulmod(y, z, r), word, r)
            }
        }
        if (!inField) _revertWithFirstWordNotInField(data);
    }

    function _putChainWords(bytes memory data, BatchInput calldata input, uint256 domain) private pure {
        _put(data, Protocol.WORD_DOMAIN, domain);
        _put(data, Protocol.WORD_OLD_ROOT, input.sharedState.accountRoot);
        _put(
            data,
            Protocol.WORD_EPOCH,
            ((uint256(input.sharedState.batchNumber) + 1) << Protocol.EPOCH_WORD_BATCH_NUMBER_SHIFT) |
                (uint256(input.epoch.number) << Protocol.EPOCH_WORD_EPOCH_NUMBER_SHIFT) |
                (uint256(input.epoch.timeSeconds) << Protocol.EPOCH_WORD_EPOCH_TIME_SECONDS_SHIFT) |
                (uint256(input.epoch.rebateCapPpm) << Protocol.EPOCH_WORD_REBATE_CAP_PPM_SHIFT)
        );
        _put(
            data,
            Protocol.WORD_QUEUE_CURSOR,
            (uint256(input.sharedState.queueCursor) << Protocol.QUEUE_CURSOR_WORD_QUEUE_CURSOR_SHIFT) |
                (input.queueEntries.length << Protocol.QUEUE_CURSOR_WORD_QUEUE_COUNT_SHIFT) |
                (uint256(input.requestOutcome) << Protocol.QUEUE_CURSOR_WORD_REQUEST_OUTCOME_SHIFT)
        );
        _put(data, Protocol.WORD_INSURANCE_SPENT_BEFORE, SharedStates.insuranceSpentBeforePicoUsd(input));
        _put(data, Protocol.WORD_LIQUIDATION_TERMS, input.epoch.liquidationTerms);
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            _put(data, Protocol.WORD_MARKETS + market, input.epoch.marketWords[market]);
        }
        uint256[2] memory openInterest = OpenInterest.pack(input.sharedState.grossOpenInterestLots);
        for (uint256 i = 0; i < 2; ++i) {
            _put(data, Protocol.WORD_GROSS_OPEN_INTEREST_BEFORE + i, openInterest[i]);
            _put(data, Protocol.WORD_GROSS_OPEN_INTEREST_CAP + i, input.epoch.openInterestCapWords[i]);
        }
        _put(data, Protocol.WORD_EXIT_HAIRCUTS, input.epoch.exitHaircutsWord);
    }

    function _putProverWords(bytes memory data, ProverHeader calldata header) private pure {
        _put(data, Protocol.WORD_NEW_ROOT, header.newRoot);
        _put(data, Protocol.WORD_JOURNAL_HEAD, header.journalHead);
        _put(data, Protocol.WORD_FUNDING_DIGEST, header.fundingDigest);
        _put(data, Protocol.WORD_FEE_DELTA, header.feeDeltaPicoUsd);
        _put(data, Protocol.WORD_INSURANCE_SPENT_AFTER, header.insuranceSpentAfterPicoUsd);
        _put(data, Protocol.WORD_GROSS_OPEN_INTEREST_AFTER, header.grossOpenInterestAfterWords[0]);
        _put(data, Protocol.WORD_GROSS_OPEN_INTEREST_AFTER + 1, header.grossOpenInterestAfterWords[1]);
    }

    function _putQueueEntry(bytes memory data, uint256 index, QueueEntry calldata entry) private pure {
        _put(data, index, entry.head);
        _put(data, index + 1, uint256(uint160(entry.owner)));
        _put(data, index + 2, entry.ax);
        _put(data, index + 3, entry.ay);
    }

    /// @dev Every index is a constant below HEADER_WORDS or bounded by the tier's own offsets.
    function _put(bytes memory data, uint256 index, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(add(data, 32), shl(5, index)), word)
        }
    }

    function wordAt(bytes memory data, uint256 index) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), shl(5, index)))
        }
    }

    function _revertWithFirstWordNotInField(bytes memory data) private pure {
        for (uint256 i = 0; i < data.length / 32; ++i) {
            uint256 word = wordAt(data, i);
            if (word >= Protocol.FIELD_ORDER) revert IExchange.WordNotInField(i, word);
        }
    }
}
