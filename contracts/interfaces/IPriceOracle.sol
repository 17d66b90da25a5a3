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
    /// Median price per market, ticks; 0 where fewer signers than the threshold have one.
    uint32[8] pricesTicks;
}

/// @notice What a market's prices must keep to.
struct PriceBounds {
    /// The last accepted price is fresh up to this age, seconds; 1 … 86,400.
    uint32 maxAgeSeconds;
    /// How far a median may be from the last accepted price of the same moment, parts per million of it; 1 … 10^6.
    uint32 deviationBasePpm;
    /// What is added to that for each second that the last accepted price is older, ppm; 1 … 10^6.
    uint32 deviationGrowthPpmPerSecond;
}

/// @notice What the oracle is deployed with.
struct OracleSetup {
    /// The AccessManager: who may set signers and bounds, and after which delay.
    address authority;
    /// Says which market an index stands for, and since when.
    address registry;
    /// In strictly increasing order.
    address[] signers;
    /// Reports that a round needs, and prices that a market needs in it.
    uint256 threshold;
    /// Oldest age of a round at submission, seconds.
    uint256 maxRoundAgeSeconds;
    /// Bounds by market.
    PriceBounds[8] bounds;
}

/// @title Rounds of prices, each the per-market median of reports signed by at least k of n known signers.
/// @notice A round is identified by its content, so that the same reports give the same round again after a chain
/// reorganisation. Anybody may submit one: only the signatures count.
/// @notice A market's median is accepted as its price unless it is too far from the last accepted one. Then it is held back,
/// the last one stands and ages, and what is too far grows with its age: an outlier passes by, a new level is taken in the end.
/// Markets are apart: silence about one, or a price of it that is held back, stops no other. When the registry gives an index to
/// another market, prices up to that time are forgotten.
/// @dev Assumes that fewer than half of the prices of any quorum lie; then the median lies between two honest prices. Whoever
/// submits chooses the quorum, so against liars the threshold must be at least twice their number plus one. More can move the
/// price only within the bounds.
interface IPriceOracle {
    /// @notice A round was verified and stored.
    event RoundVerified(uint64 indexed number, bytes32 indexed roundHash, uint32 timeSeconds, uint32[8] pricesTicks);
    /// @notice A market's median was further than `boundPpm` from the last accepted price, which stands.
    event PriceHeldBack(uint256 indexed market, uint256 medianTicks, uint256 lastTicks, uint256 boundPpm);
    /// @notice The signers, or how many of them a round needs, were changed.
    event SignersChanged(address[] signers, uint256 threshold);
    /// @notice A market's bounds were set.
    event BoundsChanged(uint256 indexed market, PriceBounds bounds);

    /// @notice Thrown when a round's time is after the block's.
    error RoundFromTheFuture(uint256 timeSeconds, uint256 blockTimeSeconds);
    /// @notice Thrown when a round is older than `maxRoundAgeSeconds` at the block's time.
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
    /// @notice Thrown when the age bound of rounds given at deployment is zero.
    error InvalidMaxAge(uint256 maxAgeSeconds);
    /// @notice Thrown when a market's bounds are refused: each must be at least 1, the age at most a day, the others at most 10^6.
    error InvalidBounds(
        uint256 market,
        uint256 maxAgeSeconds,
        uint256 deviationBasePpm,
        uint256 deviationGrowthPpmPerSecond
    );
    /// @notice Thrown when an address that must not be zero is.
    error ZeroAddress();
    /// @notice Thrown when bounds are for a market that cannot be.
    error UnknownMarket(uint256 market);

    /// @notice Verifies and stores a round; the same content again changes nothing and gives the same answer.
    /// @return roundHash keccak256(abi.encode(number, timeSeconds, pricesTicks)).
    /// @return round The verified round.
    function submitRound(
        RoundSubmission calldata submission
    ) external returns (bytes32 roundHash, PriceRound memory round);

    /// @notice What `pricesAt` would say once the round is submitted. Reverts as `submitRound` would.
    function previewRound(
        RoundSubmission calldata submission,
        uint256 atSeconds
    ) external view returns (uint32[8] memory pricesTicks, bool[8] memory isFresh);

    /// @notice The last accepted price per market, ticks, and whether it is fresh at a time: its own time is at most the
    /// market's `maxAgeSeconds` earlier. 0 and never fresh where no price was accepted yet.
    function pricesAt(
        uint256 atSeconds
    ) external view returns (uint32[8] memory pricesTicks, bool[8] memory isFresh);

    /// @notice The last accepted price per market, ticks, and the time of its round, seconds; zeros before the first.
    function prices() external view returns (uint32[8] memory pricesTicks, uint32[8] memory timesSeconds);

    /// @notice Replaces the signers. Role oracle.
    /// @param signers In strictly increasing order.
    function setSigners(address[] calldata signers, uint256 threshold) external;

    /// @notice Sets a market's bounds. Role oracle. What was accepted stays; bounds count from the next round on, ages at once.
    function setBounds(uint256 market, PriceBounds calldata bounds) external;

    /// @notice Whether a round with this content was verified.
    function isVerified(bytes32 roundHash) external view returns (bool);

    /// @notice The registry of markets.
    function registry() external view returns (address);

    /// @notice Number and time (seconds) of the newest round; zeros before the first.
    function latestRound() external view returns (uint64 number, uint32 timeSeconds);

    /// @notice The addresses whose reports count, in increasing order.
    function signers() external view returns (address[] memory);

    /// @notice How many reports a round needs, and how many prices a market needs in it.
    function threshold() external view returns (uint256);

    /// @notice Oldest age of a round at submission, seconds.
    function maxRoundAgeSeconds() external view returns (uint256);

    /// @notice A market's bounds. Reverts with UnknownMarket.
    function boundsOf(uint256 market) external view returns (PriceBounds memory);

    /// @notice What a signer signs for a round: the EIP-712 digest.
    function reportDigest(uint64 number, uint32 timeSeconds, uint32[8] calldata pricesTicks) external view returns (bytes32);
}
