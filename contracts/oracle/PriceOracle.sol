// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Governed} from "../access/Governed.sol";
import {Protocol} from "../generated/Protocol.sol";
import {IMarketRegistry} from "../interfaces/IMarketRegistry.sol";
import {
    IPriceOracle,
    OracleSetup,
    PriceBounds,
    PriceRound,
    RoundSubmission,
    SignedReport
} from "../interfaces/IPriceOracle.sol";
import {Medians} from "../libraries/Medians.sol";

/// @title The price oracle. IPriceOracle says what each function does.
contract PriceOracle is IPriceOracle, Governed, EIP712 {
    /// @dev Two storage slots.
    struct Accepted {
        uint32[8] pricesTicks;
        uint32[8] timesSeconds;
    }

    bytes32 private constant REPORT_TYPEHASH =
        keccak256("Report(uint64 round,uint32 timeSeconds,uint32[8] pricesTicks)");
    /// @dev Keeps the median's sorting far below a block's gas.
    uint256 private constant MAX_SIGNERS = 31;
    /// @dev A price that may stand for longer is none.
    uint256 private constant LONGEST_AGE_SECONDS = 1 days;

    /// @inheritdoc IPriceOracle
    address public immutable registry;
    /// @inheritdoc IPriceOracle
    uint256 public immutable maxRoundAgeSeconds;
    /// @inheritdoc IPriceOracle
    uint256 public threshold;
    /// @inheritdoc IPriceOracle
    mapping(bytes32 roundHash => bool) public isVerified;

    address[] private _signers;
    mapping(address signer => bool) private _isSigner;
    uint64 private _latestNumber;
    uint32 private _latestTimeSeconds;
    Accepted private _accepted;
    PriceBounds[8] private _bounds;

    constructor(OracleSetup memory setup) Governed(setup.authority) EIP712("Clearbook PriceOracle", "1") {
        if (setup.registry == address(0)) revert ZeroAddress();
        registry = setup.registry;
        if (setup.maxRoundAgeSeconds == 0) revert InvalidMaxAge(setup.maxRoundAgeSeconds);
        maxRoundAgeSeconds = setup.maxRoundAgeSeconds;
        _setSigners(setup.signers, setup.threshold);
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            _setBounds(market, setup.bounds[market]);
        }
    }

    // ── Entry points ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IPriceOracle
    function submitRound(
        RoundSubmission calldata submission
    ) external returns (bytes32 roundHash, PriceRound memory round) {
        bool isNew;
        (roundHash, round, isNew) = _verify(submission);
        if (!isNew) return (roundHash, round);
        (Accepted memory next, uint256[8] memory brokenBoundsPpm) = _acceptedAfter(round);
        isVerified[roundHash] = true;
        _latestNumber = round.number;
        _latestTimeSeconds = round.timeSeconds;
        _accepted = next;
        emit RoundVerified(round.number, roundHash, round.timeSeconds, round.pricesTicks);
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            if (brokenBoundsPpm[market] == 0) continue;
            emit PriceHeldBack(market, round.pricesTicks[market], next.pricesTicks[market], brokenBoundsPpm[market]);
        }
    }

    /// @inheritdoc IPriceOracle
    function setSigners(address[] calldata signers_, uint256 threshold_) external governed {
        _setSigners(signers_, threshold_);
    }

    /// @inheritdoc IPriceOracle
    function setBounds(uint256 market, PriceBounds calldata bounds) external governed {
        _setBounds(market, bounds);
    }

    // ── Views ────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IPriceOracle
    function previewRound(
        RoundSubmission calldata submission,
        uint256 atSeconds
    ) external view returns (uint32[8] memory pricesTicks, bool[8] memory isFresh) {
        (, PriceRound memory round, bool isNew) = _verify(submission);
        if (!isNew) return pricesAt(atSeconds);
        (Accepted memory next, ) = _acceptedAfter(round);
        return (next.pricesTicks, _isFresh(next, atSeconds));
    }

    /// @inheritdoc IPriceOracle
    function pricesAt(
        uint256 atSeconds
    ) public view returns (uint32[8] memory pricesTicks, bool[8] memory isFresh) {
        (Accepted memory last, ) = _lastAccepted();
        return (last.pricesTicks, _isFresh(last, atSeconds));
    }

    /// @inheritdoc IPriceOracle
    function prices() external view returns (uint32[8] memory pricesTicks, uint32[8] memory timesSeconds) {
        (Accepted memory last, ) = _lastAccepted();
        return (last.pricesTicks, last.timesSeconds);
    }

    /// @inheritdoc IPriceOracle
    function latestRound() external view returns (uint64 number, uint32 timeSeconds) {
        return (_latestNumber, _latestTimeSeconds);
    }

    /// @inheritdoc IPriceOracle
    function signers() external view returns (address[] memory) {
        return _signers;
    }

    /// @inheritdoc IPriceOracle
    function boundsOf(uint256 market) external view returns (PriceBounds memory) {
        if (market >= Protocol.MARKETS) revert UnknownMarket(market);
        return _bounds[market];
    }

    /// @inheritdoc IPriceOracle
    function reportDigest(
        uint64 number,
        uint32 timeSeconds,
        uint32[8] calldata pricesTicks
    ) public view returns (bytes32) {
        bytes32 pricesHash = keccak256(abi.encodePacked(pricesTicks));
        return _hashTypedDataV4(keccak256(abi.encode(REPORT_TYPEHASH, number, timeSeconds, pricesHash)));
    }

    // ── Rounds ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @return roundHash Of the round's content.
    /// @return round What its median says.
    /// @return isNew Whether nobody submitted it before; then it follows the latest one.
    function _verify(
        RoundSubmission calldata submission
    ) private view returns (bytes32 roundHash, PriceRound memory round, bool isNew) {
        // 1. The prices are of the recent past.
        uint256 timeSeconds = submission.timeSeconds;
        if (timeSeconds > block.timestamp) revert RoundFromTheFuture(timeSeconds, block.timestamp);
        if (block.timestamp - timeSeconds > maxRoundAgeSeconds) {
            revert RoundTooOld(timeSeconds, block.timestamp, maxRoundAgeSeconds);
        }
        // 2. Enough different signers stand for them.
        _checkReports(submission);
        // 3. The round is what its median says; one that is known changes nothing.
        round = PriceRound(submission.number, submission.timeSeconds, Medians.perMarket(submission.reports, threshold));
        roundHash = keccak256(abi.encode(round));
        if (isVerified[roundHash]) return (roundHash, round, false);
        if (round.number <= _latestNumber) revert RoundNumberNotIncreasing(_latestNumber, round.number);
        if (timeSeconds <= _latestTimeSeconds) revert RoundTimeNotIncreasing(_latestTimeSeconds, timeSeconds);
        isNew = true;
    }

    function _checkReports(RoundSubmission calldata submission) private view {
        SignedReport[] calldata reports = submission.reports;
        if (reports.length < threshold) revert TooFewReports(threshold, reports.length);
        address previous = address(0);
        for (uint256 i = 0; i < reports.length; ++i) {
            bytes32 digest = reportDigest(submission.number, submission.timeSeconds, reports[i].pricesTicks);
            (address signer, , ) = ECDSA.tryRecoverCalldata(digest, reports[i].signature);
            if (!_isSigner[signer]) revert UnknownSigner(i, signer);
            if (signer <= previous) revert SignersNotIncreasing(i, previous, signer);
            previous = signer;
        }
    }

    /// @dev A market's first price is taken as it is: there is nothing to measure it by but the signers' agreement.
    /// @return next The accepted prices with a new round.
    /// @return brokenBoundsPpm Per market that is held back, the bound that its median breaks; 0 elsewhere.
    function _acceptedAfter(
        PriceRound memory round
    ) private view returns (Accepted memory next, uint256[8] memory brokenBoundsPpm) {
        uint32[8] memory since;
        (next, since) = _lastAccepted();
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            uint256 medianTicks = round.pricesTicks[market];
            if (medianTicks == 0 || round.timeSeconds <= since[market]) continue;
            uint256 lastTicks = next.pricesTicks[market];
            if (lastTicks != 0) {
                uint256 boundPpm = _deviationBoundPpm(market, round.timeSeconds - next.timesSeconds[market]);
                uint256 distanceTicks = medianTicks > lastTicks ? medianTicks - lastTicks : lastTicks - medianTicks;
                // 2^32 · 10^6 on both sides at most but for the bound: below 2^105.
                if (distanceTicks * Protocol.PPM > boundPpm * lastTicks) {
                    brokenBoundsPpm[market] = boundPpm;
                    continue;
                }
            }
            next.pricesTicks[market] = uint32(medianTicks);
            next.timesSeconds[market] = round.timeSeconds;
        }
    }

    /// @dev What was accepted up to the time that the registry gave an index to another market is not that market's.
    /// @return last The accepted prices.
    /// @return since Those times.
    function _lastAccepted() private view returns (Accepted memory last, uint32[8] memory since) {
        last = _accepted;
        since = IMarketRegistry(registry).sinceSeconds();
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            if (last.timesSeconds[market] > since[market]) continue;
            last.pricesTicks[market] = 0;
            last.timesSeconds[market] = 0;
        }
    }

    /// @dev At most 10^6 · 2^32 ppm, with ages below 2^32: there every price that fits in 32 bits is near enough.
    function _deviationBoundPpm(uint256 market, uint256 ageSeconds) private view returns (uint256) {
        PriceBounds storage bounds = _bounds[market];
        return bounds.deviationBasePpm + bounds.deviationGrowthPpmPerSecond * ageSeconds;
    }

    function _isFresh(Accepted memory accepted, uint256 atSeconds) private view returns (bool[8] memory isFresh) {
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            if (accepted.pricesTicks[market] == 0) continue;
            // Checked addition of two values below 2^33.
            isFresh[market] = atSeconds <= uint256(accepted.timesSeconds[market]) + _bounds[market].maxAgeSeconds;
        }
    }

    // ── Governance ───────────────────────────────────────────────────────────────────────────────────────────────────

    function _setSigners(address[] memory signers_, uint256 threshold_) private {
        if (threshold_ == 0 || threshold_ > signers_.length || signers_.length > MAX_SIGNERS) {
            revert InvalidSignerSet(signers_.length, threshold_);
        }
        for (uint256 i = 0; i < _signers.length; ++i) _isSigner[_signers[i]] = false;
        address previous = address(0);
        for (uint256 i = 0; i < signers_.length; ++i) {
            if (signers_[i] <= previous) revert InvalidSignerSet(signers_.length, threshold_);
            _isSigner[signers_[i]] = true;
            previous = signers_[i];
        }
        _signers = signers_;
        threshold = threshold_;
        emit SignersChanged(signers_, threshold_);
    }

    /// @dev The bound must grow, or a market whose price jumped once would be held back for ever.
    function _setBounds(uint256 market, PriceBounds memory bounds) private {
        if (market >= Protocol.MARKETS) revert UnknownMarket(market);
        (uint256 age, uint256 base, uint256 growth) = (
            bounds.maxAgeSeconds,
            bounds.deviationBasePpm,
            bounds.deviationGrowthPpmPerSecond
        );
        if (
            age == 0 ||
            age > LONGEST_AGE_SECONDS ||
            base == 0 ||
            base > Protocol.PPM ||
            growth == 0 ||
            growth > Protocol.PPM
        ) {
            revert InvalidBounds(market, age, base, growth);
        }
        _bounds[market] = bounds;
        emit BoundsChanged(market, bounds);
    }
}
