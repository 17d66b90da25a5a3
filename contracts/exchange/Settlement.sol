// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {BatchInput, RequestOutcome, SharedState} from "../interfaces/ExchangeTypes.sol";
import {IBatchVerifier} from "../interfaces/IBatchVerifier.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {OpenInterest} from "../libraries/OpenInterest.sol";
import {PublicData} from "../libraries/PublicData.sol";
import {SharedStates} from "../libraries/SharedStates.sol";
import {Intake} from "./Intake.sol";
import {Terms} from "./Terms.sol";

/// @title Moves the shared state from batch to batch, by proof only.
abstract contract Settlement is Intake, Terms {
    using OpenInterest for OpenInterest.Store;

    bytes32 private constant DOMAIN_TYPE = keccak256(bytes(Protocol.DOMAIN_TEXT));

    /// @inheritdoc IExchange
    bytes32 public sharedStateHash;
    /// @inheritdoc IExchange
    mapping(uint256 tier => address) public verifierOf;

    constructor(address[] memory verifiers) {
        for (uint256 tier = 0; tier < verifiers.length; ++tier) {
            if (verifiers[tier] != address(0)) _addVerifier(tier, verifiers[tier]);
        }
        sharedStateHash = SharedStates.hash(SharedStates.genesis());
    }

    /// @inheritdoc IExchange
    function settleBatch(BatchInput calldata input) external onlyOperator {
        // 1. The preimages are those of what is stored.
        Protocol.Tier memory tier = Protocol.tierOf(input.tier);
        _checkSharedState(input.sharedState);
        _checkEpoch(input.sharedState.epochNumber, input.epoch);
        QueueProgress memory queue = _checkQueue(input, tier.queue);
        // 2. The public data, and the proof for it.
        bytes memory data = PublicData.assemble(input, tier, domain());
        _checkProof(input, data);
        // 3. The next state.
        SharedState memory next = SharedStates.afterBatch(input, queue.cursorAfter, queue.hashAfter);
        bytes32 nextHash = SharedStates.hash(next);
        sharedStateHash = nextHash;
        _settledOpenInterest.save(input.header.grossOpenInterestAfterWords, next.epochNumber);
        _moveHead(queue);
        _addSettled(queue.depositsMicroUsd);
        _creditWithdrawals(data, tier, next.batchNumber);
        // 4. What an indexer needs.
        if (input.requestOutcome != RequestOutcome.None) {
            emit RequestServed(queue.requestIndex, next.batchNumber, input.requestOutcome);
        }
        if (next.insuranceSpentPicoUsd != SharedStates.insuranceSpentBeforePicoUsd(input)) {
            emit InsuranceSpent(next.batchNumber, next.epochNumber, next.insuranceSpentPicoUsd);
        }
        emit BatchSettled(
            next.batchNumber,
            next.epochNumber,
            input.tier,
            next.accountRoot,
            next.queueCursor,
            next.queueHash,
            next.feesPicoUsd,
            input.header.journalHead,
            nextHash
        );
        emit BatchData(next.batchNumber, data);
    }

    /// @inheritdoc IExchange
    function collectFees(
        SharedState calldata sharedState,
        address to
    ) external onlyOwner returns (uint256 amountMicroUsd) {
        if (to == address(0)) revert ZeroAddress();
        _checkSharedState(sharedState);
        amountMicroUsd = sharedState.feesPicoUsd / Protocol.PICO_PER_MICRO - _collectedFeesMicroUsd;
        if (amountMicroUsd == 0) revert NothingToCollect();
        _collectedFeesMicroUsd += uint128(amountMicroUsd);
        _makeClaimable(to, amountMicroUsd);
        emit FeesCollected(to, amountMicroUsd);
    }

    /// @inheritdoc IExchange
    function addVerifier(uint256 tier, address verifier) external onlyOwner {
        _addVerifier(tier, verifier);
    }

    /// @inheritdoc IExchange
    function genesisSharedState() external pure returns (SharedState memory) {
        return SharedStates.genesis();
    }

    /// @inheritdoc IExchange
    function domain() public view returns (uint256) {
        // From the running chain's id, not the one of deployment: after a fork, messages of one chain mean nothing on the other.
        return uint256(keccak256(abi.encode(DOMAIN_TYPE, block.chainid, address(this)))) >> 8;
    }

    function _checkSharedState(SharedState calldata given) private view {
        bytes32 givenHash = SharedStates.hash(given);
        if (givenHash != sharedStateHash) revert StaleSharedState(sharedStateHash, givenHash);
    }

    function _checkProof(BatchInput calldata input, bytes memory data) private view {
        IBatchVerifier verifier = IBatchVerifier(verifierOf[input.tier]);
        if (address(verifier) == address(0)) revert NoVerifier(input.tier);
        // Asked again at every batch: a fork may give the chain another id.
        _refuseDevKeyWithMoney(verifier);
        uint256 commitment = input.commitment;
        if (commitment >= Protocol.FIELD_ORDER) revert CommitmentNotInField(commitment);
        uint256 z = PublicData.challenge(data, input.tier, commitment);
        uint256 y = PublicData.evaluate(data, z);
        if (!verifier.verifyBatch(input.proof.a, input.proof.b, input.proof.c, [commitment, z, y])) {
            revert ProofRejected();
        }
    }

    /// @dev Proven withdrawals leave the pool, in the order of the batch's rows, and behind them what a forced exit pays.
    function _creditWithdrawals(bytes memory data, Protocol.Tier memory tier, uint256 batchNumber) private {
        for (uint256 i = tier.withdrawalsOffset; i <= tier.exitPayoutOffset; ++i) {
            uint256 word = PublicData.wordAt(data, i);
            if (word == 0) continue;
            address owner = address(uint160(word >> Protocol.WITHDRAWAL_WORD_OWNER_SHIFT));
            uint256 amountMicroUsd = word >> Protocol.WITHDRAWAL_WORD_AMOUNT_MICRO_USD_SHIFT;
            _makeClaimable(owner, amountMicroUsd);
            emit WithdrawalCredited(owner, batchNumber, amountMicroUsd);
        }
    }

    function _addVerifier(uint256 tier, address verifier) private {
        Protocol.tierOf(tier);
        if (verifier == address(0)) revert ZeroAddress();
        if (verifierOf[tier] != address(0)) revert VerifierAlreadySet(tier, verifierOf[tier]);
        _refuseDevKeyWithMoney(IBatchVerifier(verifier));
        verifierOf[tier] = verifier;
        emit VerifierAdded(tier, verifier);
    }

    function _refuseDevKeyWithMoney(IBatchVerifier verifier) private view {
        if (!Protocol.isDevChain(block.chainid) && verifier.isInsecureDevKey()) {
            revert IBatchVerifier.InsecureDevKeyOnChain(block.chainid);
        }
    }
}
