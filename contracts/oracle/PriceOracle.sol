// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IPriceOracle, PriceRound, RoundSubmission, SignedReport} from "../interfaces/IPriceOracle.sol";

/// @title The price oracle. IPriceOracle says what each function does.
contract PriceOracle is IPriceOracle, Ownable2Step, EIP712 {
    bytes32 private constant REPORT_TYPEHASH =
        keccak256("Report(uint64 round,uint32 timeSeconds,uint32[8] pricesTicks)");
    uint256 private constant MARKETS = 8;
    /// @dev Keeps the median's sorting far below a block's gas.
    uint256 private constant MAX_SIGNERS = 31;

    /// @inheritdoc IPriceOracle
    uint256 public immutable maxAgeSeconds;
    /// @inheritdoc IPriceOracle
    uint256 public threshold;
    /// @inheritdoc IPriceOracle
    mapping(bytes32 roundHash => bool) public isVerified;

    address[] private _signers;
    mapping(address signer => bool) private _isSigner;
    uint64 private _latestNumber;
    uint32 private _latestTimeSeconds;

    /// @param owner Sets the signers.
    /// @param signers_ In strictly increasing order.
    constructor(
        address owner,
        address[] memory signers_,
        uint256 threshold_,
        uint256 maxAgeSeconds_
    ) Ownable(owner) EIP712("Clearbook PriceOracle", "1") {
        if (maxAgeSeconds_ == 0) revert InvalidMaxAge(maxAgeSeconds_);
        maxAgeSeconds = maxAgeSeconds_;
        _setSigners(signers_, threshold_);
    }

    /// @inheritdoc IPriceOracle
    function submitRound(
        RoundSubmission calldata submission
    ) external returns (bytes32 roundHash, PriceRound memory round) {
        // 1. The prices are of the recent past.
        uint256 timeSeconds = submission.timeSeconds;
        if (timeSeconds > block.timestamp) revert RoundFromTheFuture(timeSeconds, block.timestamp);
        if (block.timestamp - timeSeconds > maxAgeSeconds) {
            revert RoundTooOld(timeSeconds, block.timestamp, maxAgeSeconds);
        }
        // 2. Enough different signers stand for them.
        _checkReports(submission);
        // 3. The round is what its median says; one that is known changes nothing.
        round = PriceRound(submission.number, submission.timeSeconds, _medians(submission.reports));
        roundHash = keccak256(abi.encode(round));
        if (isVerified[roundHash]) return (roundHash, round);
        if (round.number <= _latestNumber) revert RoundNumberNotIncreasing(_latestNumber, round.number);
        if (timeSeconds <= _latestTimeSeconds) revert RoundTimeNotIncreasing(_latestTimeSeconds, timeSeconds);
        isVerified[roundHash] = true;
        _latestNumber = round.number;
        _latestTimeSeconds = round.timeSeconds;
        emit RoundVerified(round.number, roundHash, round.timeSeconds, round.pricesTicks);
    }

    /// @notice Replaces the signers. Owner only.
    /// @param signers_ In strictly increasing order.
    function setSigners(address[] calldata signers_, uint256 threshold_) external onlyOwner {
        _setSigners(signers_, threshold_);
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
    function reportDigest(
        uint64 number,
        uint32 timeSeconds,
        uint32[8] calldata pricesTicks
    ) public view returns (bytes32) {
        bytes32 pricesHash = keccak256(abi.encodePacked(pricesTicks));
        return _hashTypedDataV4(keccak256(abi.encode(REPORT_TYPEHASH, number, timeSeconds, pricesHash)));
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

    /// @dev The lower of the two middle prices when their number is even. A signer without a price counts as 0,
    /// which moves the median as any outlier would.
    function _medians(SignedReport[] calldata reports) private pure returns (uint32[8] memory medians) {
        if (reports.length == 1) return reports[0].pricesTicks;
        uint32[] memory sorted = new uint32[](reports.length);
        for (uint256 market = 0; market < MARKETS; ++market) {
            for (uint256 i = 0; i < reports.length; ++i) {
                uint32 price = reports[i].pricesTicks[market];
                uint256 place = i;
                for (; place > 0 && sorted[place - 1] > price; --place) sorted[place] = sorted[place - 1];
                sorted[place] = price;
            }
            medians[market] = sorted[(reports.length - 1) / 2];
        }
    }

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
}
