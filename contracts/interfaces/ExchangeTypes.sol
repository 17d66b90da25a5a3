// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {RoundSubmission} from "./IPriceOracle.sol";

/// @notice What every batch starts from. The Exchange stores only its hash, keccak256(abi.encode(all fields in order)).
struct SharedState {
    /// Root of the account tree.
    uint256 accountRoot;
    /// Number of the last settled batch; 0 before the first.
    uint64 batchNumber;
    /// Epoch of the last settled batch; 0 before the first.
    uint64 epochNumber;
    /// Queue entries consumed.
    uint64 queueCursor;
    /// Hash chain over the consumed entries.
    bytes32 queueHash;
    /// Sum of |size| over all accounts per market, lots.
    uint64[8] grossOpenInterestLots;
    /// The same at the start of the epoch, lots.
    uint64[8] epochStartOpenInterestLots;
    /// Paid by the insurance fund in this epoch, pico-USD; a new epoch starts from 0.
    uint256 insuranceSpentPicoUsd;
    /// Fees of all batches, collected or not, pico-USD. Only grows.
    uint256 feesPicoUsd;
}

/// @notice What an epoch fixes. The Exchange stores only its hash, keccak256(abi.encode(all fields in order)).
struct Epoch {
    /// 1, 2, …
    uint64 number;
    /// The time by which expiry is judged, seconds.
    uint32 timeSeconds;
    /// Version of the risk parameters in force.
    uint32 paramVersion;
    /// Greatest rebate of a row, parts per million of its quote.
    uint32 rebateCapPpm;
    /// Head of the operator's command journal when the epoch was opened.
    uint256 journalHead;
    /// What bounds liquidations, packed as Protocol.LIQUIDATION_TERMS_WORD_* says.
    uint256 liquidationTerms;
    /// Per market: price, margin fractions, band, funding index and flags, packed as Protocol.MARKET_WORD_* says.
    uint256[8] marketWords;
    /// Caps of gross open interest, lots: four lanes of 48 bits a word, least significant first.
    uint256[2] openInterestCapWords;
    /// How far from the price a forced exit may be closed, parts per million: eight lanes of 20 bits, least significant first.
    uint256 exitHaircutsWord;
}

/// @notice What the operator asks for when it opens an epoch.
struct EpochOpening {
    /// Prices, submitted to the oracle in the same transaction; a round that the oracle has already is fine. Without reports none
    /// is submitted and the last accepted prices stand; its time does not matter then. Either way its number is that of the
    /// oracle's newest round, 0 before the first, named so that one that came between sending and mining is noticed.
    RoundSubmission round;
    /// At most five minutes before the block's time, after the previous epoch's; seconds.
    uint32 timeSeconds;
    /// Head of the operator's command journal.
    uint256 journalHead;
    /// The newest parameter version, named so that a change between sending and mining is noticed.
    uint32 paramVersion;
    /// Added to the funding indices, pico-USD per lot, signed; 0 where a market has no fresh price.
    int64[8] fundingDeltasPicoUsd;
}

/// @notice One entry of the queue from L1 to the batches, as four words of the public data.
struct QueueEntry {
    /// kind, account, amountMicroUsd (of a request the new minimum sequence), packed as Protocol.QUEUE_HEAD_* says.
    uint256 head;
    /// Registration: the account's L1 owner; otherwise 0.
    address owner;
    /// Registration and key rotation: the account's key; otherwise 0.
    uint256 ax;
    /// Registration and key rotation: the account's key; otherwise 0.
    uint256 ay;
}

/// @notice How a batch serves the request behind its other queue entries. The numbers are Protocol.REQUEST_*.
enum RequestOutcome {
    /// It serves none.
    None,
    Done,
    /// Proven to be impossible, or to be asked for in vain.
    Inapplicable,
    /// In part: it stays at the head of the queue.
    Advanced
}

/// @notice Header words of the public data that the prover chooses and the circuit binds.
struct ProverHeader {
    /// Account root after the batch.
    uint256 newRoot;
    /// Head of the command journal after the batch.
    uint256 journalHead;
    /// Head of the hash chain over the funding intervals that the epoch's indices rest on.
    uint256 fundingDigest;
    /// Sum of the batch's fees, pico-USD.
    uint256 feeDeltaPicoUsd;
    /// Paid by the insurance fund in the epoch, up to and with this batch, pico-USD.
    uint256 insuranceSpentAfterPicoUsd;
    /// Gross open interest after, lots: four lanes of 48 bits a word.
    uint256[2] grossOpenInterestAfterWords;
}

/// @notice Groth16 proof, coordinates as the pairing precompile reads them.
struct Groth16Proof {
    uint256[2] a;
    uint256[2][2] b;
    uint256[2] c;
}

/// @notice Everything that settles one batch.
struct BatchInput {
    /// Protocol.tierOf.
    uint256 tier;
    /// Preimage of `sharedStateHash`.
    SharedState sharedState;
    /// Preimage of the hash of the batch's epoch.
    Epoch epoch;
    /// The next entries of the queue, in order: as many registrations and deposits as the batch consumes.
    QueueEntry[] queueEntries;
    /// The entry behind them, if the batch serves it; not read otherwise.
    QueueEntry request;
    RequestOutcome requestOutcome;
    /// Header words of the prover.
    ProverHeader header;
    /// Withdrawals, a forced exit's payment, rows, liquidations, account slots: the rest of the tier's public data, word by word.
    uint256[] bodyWords;
    /// Poseidon commitment to the whole public data.
    uint256 commitment;
    /// Proof for (commitment, z, y).
    Groth16Proof proof;
}

/// @notice What the Exchange is deployed with.
struct ExchangeSetup {
    /// Collateral token: six decimals, so that its unit is the micro-USD.
    address token;
    /// Source of prices.
    address oracle;
    /// Source of risk parameters; made for this Exchange.
    address registry;
    /// Sets limits and the operator, adds verifiers, collects fees.
    address owner;
    /// Opens epochs and settles batches.
    address operator;
    /// L1 owner of account 0, the insurance fund.
    address insuranceOwner;
    /// Least deposit, micro-USD.
    uint64 minimumDepositMicroUsd;
    /// Most that may be deposited and not withdrawn, micro-USD.
    uint64 depositCapMicroUsd;
    /// What a request costs while none waits, wei; it never changes.
    uint256 requestFeeWei;
    /// Verifiers by tier; a zero address leaves the tier out.
    address[] verifiers;
}
