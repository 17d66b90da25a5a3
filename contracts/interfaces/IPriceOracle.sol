// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

/// @notice One signer's prices for a round.
struct SignedReport {
    /// Price ticks per market; 0 where the signer has no price.
    uint32[8] pricesTicks;
    /// EIP-712 signature of `Report(uint64 round,uint32 timeSeconds,uint32[8] pricesTicks)`, 65 bytes.
    bytes signature;
}

/// @notice A round as submitted: reports of the same round and time, sorted by signer address.
struct RoundSubmission {
    /// Number of the round, from 1.
    uint64 number;
    /// Time of the prices, seconds.
    uint32 timeSeconds;
    /// Between the threshold and the number of signers, in strictly increasing order of the signers' addresses.
    SignedReport[] reports;
}

/// @notice A verified round.
struct PriceRound {
    /// Number of the round, from 1.
    uint64 number;
    /// Time of the prices, seconds.
    uint32 timeSeconds;
    /// Median price per market, ticks; 0 where there is none.
    uint32[8] pricesTicks;
}

/// @title Rounds of prices, each the per-market median of reports signed by at least k of n known signers.
/// @notice A round is identified by its content, so that the same reports give the same round again after a chain
/// reorganisation. Anybody may submit one: only the signatures count.
/// @dev Assumes that fewer than half of any quorum lie; then the median lies between two honest prices.
interface IPriceOracle {
    /// @notice A round was verified and stored.
    event RoundVerified(uint64 indexed number, bytes32 indexed roundHash, uint32 timeSeconds, uint32[8] pricesTicks);
    /// @notice The signers, or how many of them a round needs, were changed.
    event SignersChanged(address[] signers, uint256 threshold);

    /// @notice Thrown when a round's time is after the block's.
    error RoundFromTheFuture(uint256 timeSeconds, uint256 blockTimeSeconds);
    /// @notice Thrown when a round is older than `maxAgeSeconds` at the block's time.
    error RoundTooOld(uint256 timeSeconds, uint256 blockTimeSeconds, uint256 maxAgeSeconds);
    /// @notice Thrown when a new round's number is not above the latest one's.
    error RoundNumberNotIncreasing(uint256 latestNumber, uint256 givenNumber);
    /// @notice Thrown when a new round's time is not after the latest one's.
    error RoundTimeNotIncreasing(uint256 latestTimeSeconds, uint256 givenTimeSeconds);
    /// @notice Thrown when there are fewer reports than the threshold.
    error TooFewReports(uint256 threshold, uint256 given);
    /// @notice Thrown when a report is signed by no known signer; `signer` is the address recovered, 0 if none.
    error UnknownSigner(uint256 reportIndex, address signer);
    /// @notice Thrown when the reports' signers are not strictly increasing: one signer must not count twice.
    error SignersNotIncreasing(uint256 reportIndex, address previous, address signer);
    /// @notice Thrown when a set of signers is refused: threshold zero or above their number, too many, or one twice or zero.
    error InvalidSignerSet(uint256 signers, uint256 threshold);
    /// @notice Thrown when the age bound given at deployment is zero.
    error InvalidMaxAge(uint256 maxAgeSeconds);

    /// @notice Verifies and stores a round; the same content again changes nothing and gives the same answer.
    /// @return roundHash keccak256(abi.encode(number, timeSeconds, pricesTicks)).
    /// @return round The verified round.
    function submitRound(
        RoundSubmission calldata submission
    ) external returns (bytes32 roundHash, PriceRound memory round);

    /// @notice Whether a round with this content was verified.
    function isVerified(bytes32 roundHash) external view returns (bool);

    /// @notice Number and time (seconds) of the newest round; zeros before the first.
    function latestRound() external view returns (uint64 number, uint32 timeSeconds);

    /// @notice The addresses whose reports count, in increasing order.
    function signers() external view returns (address[] memory);

    /// @notice How many reports a round needs.
    function threshold() external view returns (uint256);

    /// @notice Oldest age of a round at submission, seconds.
    function maxAgeSeconds() external view returns (uint256);

    /// @notice What a signer signs for a round: the EIP-712 digest.
    function reportDigest(uint64 number, uint32 timeSeconds, uint32[8] calldata pricesTicks) external view returns (bytes32);
}
