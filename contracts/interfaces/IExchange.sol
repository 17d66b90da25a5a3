// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {BatchInput, EpochOpening, RequestOutcome, SharedState} from "./ExchangeTypes.sol";

/// @title Holds the money, orders what comes from L1, fixes prices per epoch, and moves the account root by proof only.
/// @notice Amounts are micro-USD (the token's unit) where the name ends so, pico-USD (one millionth of it) otherwise.
/// No function sets a balance, a price or a root.
interface IExchange {
    // ── Events ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice An entry joined the queue at `index`. The words are those of the public data.
    event QueueEntryAdded(uint256 indexed index, uint256 head, address owner, uint256 ax, uint256 ay, bytes32 queueHash);
    /// @notice An account was registered for `owner` with the key A = 8·Q.
    event AccountRegistered(uint256 indexed account, address indexed owner, uint256 ax, uint256 ay);
    /// @notice Money came in for an account; it is usable once the batch that consumes the queue entry is settled.
    event Deposited(uint256 indexed account, address indexed from, uint256 amountMicroUsd);
    /// @notice An epoch was opened; the fields are the preimage of its stored hash.
    event EpochOpened(
        uint256 indexed number,
        uint32 timeSeconds,
        uint32 paramVersion,
        uint32 rebateCapPpm,
        uint256 journalHead,
        uint256 liquidationTerms,
        bytes32 roundHash,
        uint256[8] marketWords,
        uint256[2] openInterestCapWords,
        uint256 exitHaircutsWord
    );
    /// @notice A batch was settled. Queue cursor and hash, fees and hash are those after it.
    event BatchSettled(
        uint256 indexed batchNumber,
        uint256 indexed epochNumber,
        uint256 indexed tier,
        uint256 newRoot,
        uint256 queueCursor,
        bytes32 queueHash,
        uint256 feesPicoUsd,
        uint256 journalHead,
        bytes32 sharedStateHash
    );
    /// @notice The whole public data of a batch, word by word: enough to rebuild the state from L1 alone.
    event BatchData(uint256 indexed batchNumber, bytes data);
    /// @notice A batch served the request at `index` of the queue; advanced, it stays at the head.
    event RequestServed(uint256 indexed index, uint256 indexed batchNumber, RequestOutcome outcome);
    /// @notice Fees of requests were paid out, wei.
    event RequestFeesCollected(address indexed to, uint256 amountWei);
    /// @notice The insurance fund paid in this batch; the amount is what it has paid in the epoch so far, pico-USD.
    event InsuranceSpent(uint256 indexed batchNumber, uint256 indexed epochNumber, uint256 spentInEpochPicoUsd);
    /// @notice A proven withdrawal, or what a forced exit paid, became claimable.
    event WithdrawalCredited(address indexed owner, uint256 indexed batchNumber, uint256 amountMicroUsd);
    /// @notice Everything claimable of `owner` was paid to it.
    event Claimed(address indexed owner, uint256 amountMicroUsd);
    /// @notice Fees became claimable by `to`.
    event FeesCollected(address indexed to, uint256 amountMicroUsd);
    /// @notice A tier got its verifier.
    event VerifierAdded(uint256 indexed tier, address verifier);
    /// @notice The operator was named.
    event OperatorChanged(address indexed previous, address indexed current);
    /// @notice The deposit limits were set.
    event DepositLimitsChanged(uint256 minimumMicroUsd, uint256 capMicroUsd);

    // ── Errors: roles and set-up ─────────────────────────────────────────────────────────────────────────────────────

    /// @notice Thrown when the caller is not the operator.
    error NotOperator(address caller);
    /// @notice Thrown when an address that must not be zero is.
    error ZeroAddress();
    /// @notice Thrown when the registry was made for another Exchange.
    error RegistryOfAnotherExchange(address exchange);
    /// @notice Thrown when the oracle follows another registry.
    error OracleOfAnotherRegistry(address registry);
    /// @notice Thrown when the token's unit is not the micro-USD.
    error TokenDecimals(uint256 expected, uint256 given);
    /// @notice Thrown when a tier already has a verifier: it can never be exchanged.
    error VerifierAlreadySet(uint256 tier, address verifier);
    /// @notice Thrown when a tier has no verifier.
    error NoVerifier(uint256 tier);
    /// @notice Thrown when the least deposit is zero or above the cap.
    error InvalidDepositLimits(uint256 minimumMicroUsd, uint256 capMicroUsd);

    // ── Errors: accounts, deposits, claims ───────────────────────────────────────────────────────────────────────────

    /// @notice Thrown when a coordinate of Q is not below the field order.
    error KeyNotInField(uint256 qx, uint256 qy);
    /// @notice Thrown when Q is not on BabyJubJub.
    error KeyNotOnCurve(uint256 qx, uint256 qy);
    /// @notice Thrown when 8·Q is the identity: such a key would let anybody sign.
    error KeyIsIdentity(uint256 qx, uint256 qy);
    /// @notice Thrown when all account indices are taken.
    error AccountsExhausted(uint256 capacity);
    /// @notice Thrown when a deposit names an account that nobody registered.
    error UnknownAccount(uint256 account);
    /// @notice Thrown when less than the minimum arrived.
    error DepositTooSmall(uint256 minimumMicroUsd, uint256 receivedMicroUsd);
    /// @notice Thrown when a deposit would lift the pool above the cap.
    error DepositCapExceeded(uint256 capMicroUsd, uint256 totalMicroUsd);
    /// @notice Thrown when there is nothing to claim.
    error NothingClaimable(address owner);
    /// @notice Thrown when there are no whole micro-USD of fees to collect.
    error NothingToCollect();
    /// @notice Thrown when more would leave the pool than is in it. Only accounts of negative value can leave it that short, and
    /// the matcher then accepts no withdrawal that this would hit: see docs/protocol.md §9.
    error InsufficientVault(uint256 availableMicroUsd, uint256 neededMicroUsd);

    // ── Errors: requests ─────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Thrown when somebody else than the account's L1 owner asks for what only the owner may.
    error NotAccountOwner(uint256 account, address caller);
    /// @notice Thrown when a request names the insurance fund's account, which no batch could serve.
    error RequestOfInsuranceAccount();
    /// @notice Thrown when a minimum sequence does not fit in 48 bits.
    error SequenceOutOfRange(uint256 minSequence);
    /// @notice Thrown when less than the fee came along.
    error RequestFeeTooLow(uint256 feeWei, uint256 sentWei);
    /// @notice Thrown when a request of the account, or of its liquidation, waits at `index` already.
    error RequestAlreadyWaiting(uint256 account, uint256 index);
    /// @notice Thrown when a liquidation is asked for while this many requests wait.
    error TooManyRequests(uint256 waiting);
    /// @notice Thrown when the receiver takes no ether.
    error EtherRefused(address to, uint256 amountWei);

    // ── Errors: epochs ───────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Thrown when an epoch's time is after the block's or more than five minutes before it.
    error EpochTimeOutOfBounds(uint256 timeSeconds, uint256 blockTimeSeconds);
    /// @notice Thrown when an epoch's time is not after the previous one's.
    error EpochTimeNotIncreasing(uint256 previousSeconds, uint256 givenSeconds);
    /// @notice Thrown when an epoch is opened with any but the oracle's newest round.
    error RoundOutOfOrder(uint256 latestRound, uint256 givenRound);
    /// @notice Thrown when an epoch is opened with any but the newest parameter version.
    error StaleParameterVersion(uint256 latest, uint256 given);
    /// @notice Thrown when a funding index would move without a fresh price, or of a market that is not live.
    error FundingWithoutFreshPrice(uint256 market, int256 deltaPicoUsd);
    /// @notice Thrown when |funding delta| · 3600 > rate · price · elapsed.
    error FundingDeltaOutOfBounds(uint256 market, int256 deltaPicoUsd, uint256 boundPicoUsd);
    /// @notice Thrown when a funding index would leave its 63 bits.
    error FundingIndexOutOfRange(uint256 market, int256 indexPicoUsd);

    // ── Errors: batches ──────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Thrown when the shared state given is not the stored one: a stale, replayed or reordered batch.
    error StaleSharedState(bytes32 expected, bytes32 given);
    /// @notice Thrown when a batch names neither the epoch of the last batch nor the next one.
    error EpochOutOfOrder(uint256 last, uint256 given);
    /// @notice Thrown when a batch's epoch was never opened.
    error EpochNotOpened(uint256 number);
    /// @notice Thrown when the epoch given is not the one that was opened under its number.
    error EpochMismatch(bytes32 expected, bytes32 given);
    /// @notice Thrown when a batch brings more queue entries than its tier holds.
    error TooManyQueueEntries(uint256 capacity, uint256 given);
    /// @notice Thrown when a batch would consume entries that do not exist.
    error QueueExceeded(uint256 queueLength, uint256 cursorAfter);
    /// @notice Thrown when the entries given are not those of the queue.
    error QueueMismatch(bytes32 expected, bytes32 given);
    /// @notice Thrown when the body is not exactly as long as the tier says.
    error WrongBodyLength(uint256 expectedWords, uint256 givenWords);
    /// @notice Thrown when a word of the public data is not below the field order; w and w + r would evaluate alike.
    error WordNotInField(uint256 index, uint256 word);
    /// @notice Thrown when the commitment is not below the field order.
    error CommitmentNotInField(uint256 commitment);
    /// @notice Thrown when open interest has bits beyond its four lanes.
    error OpenInterestOutOfRange(uint256 word);
    /// @notice Thrown when the verifier refuses the proof.
    error ProofRejected();

    // ── Entry points ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Registers an account of the caller with the key A = 8·Q, which lies in the prime-order subgroup for any Q
    /// on the curve. Money paid out of the account goes to the caller's address only.
    /// @return account Index of the account; usable once the batch that consumes the queue entry is settled.
    function register(uint256 qx, uint256 qy) external returns (uint256 account);

    /// @notice Deposits for any registered account. What arrives is credited, whatever the token does on the way.
    /// @param amountMicroUsd Taken from the caller; must be approved.
    function deposit(uint256 account, uint256 amountMicroUsd) external;

    /// @notice The same with an ERC-2612 permit for exactly this amount. A permit already used by somebody else does no harm.
    function depositWithPermit(
        uint256 account,
        uint256 amountMicroUsd,
        uint256 deadlineSeconds,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Asks to close all positions of an account, no further from the index price than the market's haircut, and to pay
    /// everything to its owner. Owner of the account only. Orders below `minSequence` are void whatever comes of it.
    /// @dev Payable like all requests: `requestFeeNowWei`; what is above it comes back in the same call.
    /// @param minSequence The account's new minimum sequence, below 2^48; a lower one than it has changes nothing.
    function requestForcedExit(uint256 account, uint256 minSequence) external payable;

    /// @notice Asks to give an account the key A = 8·Q, as in a registration. Owner of the account only.
    function requestKeyRotation(uint256 account, uint256 qx, uint256 qy, uint256 minSequence) external payable;

    /// @notice Asks for the liquidation of an account, or the proof that it needs none. Anybody may ask.
    function requestLiquidation(uint256 account) external payable;

    /// @notice Asks to void all orders below `minSequence`. Owner of the account only.
    function requestCancelAll(uint256 account, uint256 minSequence) external payable;

    /// @notice Opens the next epoch with the last accepted prices, after submitting a round if one comes along. Operator only.
    /// A market is restricted in it when its price is not fresh; that stops no other market.
    /// @dev Relies on the registry to keep parameters to their ranges and to give an index to another market only while
    /// `isVacant`, and on the oracle to accept no price of 0.
    /// @return number Number of the epoch.
    function openEpoch(EpochOpening calldata opening) external returns (uint64 number);

    /// @notice Settles the next batch. Operator only; the proof, not the operator, decides what it may do.
    /// @dev Every header word marked H in docs/protocol.md §8 is written here from storage or from preimages checked
    /// against it. Makes no call to the token, so no recipient can block a batch.
    function settleBatch(BatchInput calldata input) external;

    /// @notice Pays all that is claimable of `owner` to `owner`. Anybody may call.
    function claim(address owner) external returns (uint256 amountMicroUsd);

    /// @notice Makes whole micro-USD of fees, rounded down, claimable by `to`. Owner only.
    /// @param sharedState Preimage of `sharedStateHash`. It is only read: batches in flight stay valid.
    function collectFees(SharedState calldata sharedState, address to) external returns (uint256 amountMicroUsd);

    /// @notice Pays all fees of requests to `to`. Owner only. The ether here is nothing but them.
    function collectRequestFees(address to) external returns (uint256 amountWei);

    // ── Owner ────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Gives a tier without verifier its verifier, for good.
    function addVerifier(uint256 tier, address verifier) external;

    /// @notice Names the operator.
    function setOperator(address operator) external;

    /// @notice Sets the least deposit and the most that may be in the pool, micro-USD. Judged when a deposit comes in, and never
    /// again: what is queued is settled, proven withdrawals are credited and claims are paid whatever the limits are. A cap
    /// below what is in the pool only refuses deposits until enough has left. Claimable money is not in the pool.
    function setDepositLimits(uint64 minimumMicroUsd, uint64 capMicroUsd) external;

    // ── Views ────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Domain of signed L2 messages on this chain and exchange: word 0 of the public data.
    function domain() external view returns (uint256);

    /// @notice Hash of the shared state after the last settled batch.
    function sharedStateHash() external view returns (bytes32);

    /// @notice The shared state before the first batch: its hash is what a fresh Exchange stores.
    function genesisSharedState() external pure returns (SharedState memory);

    /// @notice Hash of an epoch, 0 if it was never opened.
    function epochHash(uint256 number) external view returns (bytes32);

    /// @notice The newest epoch; zeros before the first.
    function latestEpoch()
        external
        view
        returns (
            uint64 number,
            uint32 timeSeconds,
            uint32 paramVersion,
            uint64 roundNumber,
            int64[8] memory fundingIndicesPicoUsd
        );

    /// @notice Gross open interest after the last settled batch, lots, and that batch's epoch; zeros before the first.
    function settledOpenInterest()
        external
        view
        returns (uint64 epochNumber, uint64[8] memory grossOpenInterestLots);

    /// @notice Whether a retired market's index can be given to another: nobody holds or can come to hold a position under it.
    function isVacant(uint256 market) external view returns (bool);

    /// @notice What retired markets are settled at, ticks, and the first epoch with this price, in which they close: positions are
    /// settled from the next one on. Zeros where none is.
    function settlementOf(uint256 market) external view returns (uint32 priceTicks, uint64 sinceEpoch);

    /// @notice Entries that settled batches consumed: the index of the queue's head.
    function queueCursor() external view returns (uint256);

    /// @notice Requests that no settled batch has consumed yet.
    function waitingRequests() external view returns (uint256);

    /// @notice What a request costs while none waits, wei.
    function requestFeeWei() external view returns (uint256);

    /// @notice What the next request costs, wei: so many times `requestFeeWei` as wait with it, 257 times at most.
    function requestFeeNowWei() external view returns (uint256);

    /// @notice Entries ever added to the queue.
    function queueLength() external view returns (uint256);

    /// @notice Hash chain over the first `count` entries, 0 beyond the end.
    function queueHashAt(uint256 count) external view returns (bytes32);

    /// @notice Number of registered accounts, the insurance fund included: indices are below it.
    function accountCount() external view returns (uint256);

    /// @notice L1 owner of an account, 0 if it is not registered.
    function accountOwner(uint256 account) external view returns (address);

    /// @notice Verifier of a tier, 0 if it has none.
    function verifierOf(uint256 tier) external view returns (address);

    /// @notice What `owner` can claim, micro-USD.
    function claimable(address owner) external view returns (uint256);

    /// @notice Money by what it is owed for, micro-USD: deposits not yet in a batch, the pool of settled accounts and fees,
    /// and claims. The token balance is never below their sum, unless the token itself takes balances away.
    function vault()
        external
        view
        returns (uint256 queuedMicroUsd, uint256 settledMicroUsd, uint256 claimableMicroUsd, uint256 collectedFeesMicroUsd);

    /// @notice Least deposit and most in the pool, micro-USD.
    function depositLimits() external view returns (uint64 minimumMicroUsd, uint64 capMicroUsd);

    /// @notice The collateral token.
    function token() external view returns (address);

    /// @notice The price oracle.
    function oracle() external view returns (address);

    /// @notice The registry of markets and their risk parameters.
    function registry() external view returns (address);

    /// @notice Opens epochs and settles batches.
    function operator() external view returns (address);
}
