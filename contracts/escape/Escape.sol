// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {Epoch, SharedState} from "../interfaces/ExchangeTypes.sol";
import {AccountLeaf, EscapeSetup, IEscape} from "../interfaces/IEscape.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {IMarketRegistry} from "../interfaces/IMarketRegistry.sol";
import {Epochs} from "../libraries/Epochs.sol";
import {SharedStates} from "../libraries/SharedStates.sol";
import {AccountTree} from "./AccountTree.sol";
import {Equity} from "./Equity.sol";
import {FreezePrices} from "./FreezePrices.sol";

/// @title The way out of a frozen Exchange. IEscape says what each function does.
contract Escape is IEscape {
    struct Pinning {
        bool hasState;
        /// Bit k: market k has its settlement price in the last settled epoch.
        uint8 settledMarkets;
        uint32 lastTimeSeconds;
        uint64 pricesPinnedSeconds;
        uint64 nextEpoch;
        uint64 firstEpoch;
        uint64 lastEpoch;
    }

    /// @dev One slot: an equity is below 2^90 micro-USD.
    struct Claim {
        address owner;
        uint96 equityMicroUsd;
    }

    /// @inheritdoc IEscape
    address public immutable exchange;
    AccountTree private immutable _tree;
    uint256 private immutable _priceWindowSeconds;
    uint256 private immutable _claimWindowSeconds;
    uint256 private immutable _lateWindowSeconds;

    Pinning private _pinning;
    uint256 private _accountRoot;
    /// @dev Of the last settled epoch, pico-USD per lot.
    int64[8] private _fundingIndices;
    /// @dev Of the last settled epoch; once prices are pinned, those.
    uint256 private _priceWord;
    mapping(uint256 number => uint256) private _countedPrices;

    mapping(uint256 account => Claim) private _claims;
    uint128 private _poolMicroUsd;
    /// @dev Σ of the equities filed in time, the insurance fund's left out.
    uint128 private _filedMicroUsd;
    /// @dev Credited to late claims and to the insurance fund.
    uint128 private _lateMicroUsd;

    constructor(EscapeSetup memory setup) {
        if (setup.exchange == address(0) || setup.claimWindowSeconds == 0) revert InvalidSetup();
        exchange = setup.exchange;
        _tree = new AccountTree();
        _priceWindowSeconds = setup.priceWindowSeconds;
        _claimWindowSeconds = setup.claimWindowSeconds;
        _lateWindowSeconds = setup.lateWindowSeconds;
    }

    // ── Pinning ──────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IEscape
    function pinState(SharedState calldata sharedState) external {
        if (!IExchange(exchange).frozen()) revert NotFrozen();
        if (_pinning.hasState) revert AlreadyPinned();
        bytes32 expected = IExchange(exchange).sharedStateHash();
        bytes32 given = SharedStates.hash(sharedState);
        if (given != expected) revert WrongSharedState(expected, given);
        (, uint256 pool, , ) = IExchange(exchange).vault();
        _pinning.hasState = true;
        _pinning.lastEpoch = sharedState.epochNumber;
        _pinning.nextEpoch = sharedState.epochNumber;
        _pinning.firstEpoch = sharedState.epochNumber + 1;
        _accountRoot = sharedState.accountRoot;
        _poolMicroUsd = uint128(pool);
        emit StatePinned(sharedState.accountRoot, sharedState.epochNumber, pool);
    }

    /// @inheritdoc IEscape
    function pinEpochs(Epoch[] calldata epochs) external {
        Pinning memory pinned = _pinning;
        if (!pinned.hasState) revert NotYetPinned();
        uint32[8] memory sinceSeconds = IMarketRegistry(IExchange(exchange).registry()).sinceSeconds();
        for (uint256 i = 0; i < epochs.length && pinned.nextEpoch != 0; ++i) {
            Epoch calldata epoch = epochs[i];
            if (epoch.number > pinned.nextEpoch) continue;
            if (epoch.number != pinned.nextEpoch) revert EpochOutOfOrder(pinned.nextEpoch, epoch.number);
            bytes32 expected = IExchange(exchange).epochHash(epoch.number);
            bytes32 given = Epochs.hash(epoch);
            if (given != expected) revert EpochMismatch(expected, given);
            if (epoch.number == pinned.lastEpoch) _pinLast(pinned, epoch);
            // The first one outside the window proves that none is missing.
            if (epoch.timeSeconds + _priceWindowSeconds < pinned.lastTimeSeconds) {
                pinned.nextEpoch = 0;
                break;
            }
            _countedPrices[epoch.number] = FreezePrices.countedOf(epoch, sinceSeconds, pinned.lastTimeSeconds);
            pinned.firstEpoch = epoch.number;
            pinned.nextEpoch = epoch.number - 1;
        }
        _pinning = pinned;
        emit EpochsPinned(pinned.nextEpoch);
    }

    /// @inheritdoc IEscape
    function pinPrices(uint32[8] calldata pricesTicks) external {
        Pinning memory pinned = _pinning;
        if (!pinned.hasState || pinned.nextEpoch != 0) revert NotYetPinned();
        if (pinned.pricesPinnedSeconds != 0) revert AlreadyPinned();
        FreezePrices.checkMedians(
            _countedPrices,
            pinned.firstEpoch,
            pinned.lastEpoch,
            _priceWord,
            pinned.settledMarkets,
            pricesTicks
        );
        _priceWord = FreezePrices.pack(pricesTicks);
        _pinning.pricesPinnedSeconds = uint64(block.timestamp);
        emit PricesPinned(pricesTicks, block.timestamp + _claimWindowSeconds);
    }

    /// @dev Indices, and prices for where there is no median. A market with a settlement price is worth that, in the epoch in
    /// which it closes as in those after it.
    function _pinLast(Pinning memory pinned, Epoch calldata epoch) private {
        pinned.lastTimeSeconds = epoch.timeSeconds;
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            _fundingIndices[market] = int64(FreezePrices.fundingIndex(epoch.marketWords[market]));
            (, uint64 sinceEpoch) = IExchange(exchange).settlementOf(market);
            if (sinceEpoch != 0 && sinceEpoch <= epoch.number) pinned.settledMarkets |= uint8(1 << market);
        }
        _priceWord = FreezePrices.ofEpoch(epoch);
    }

    // ── Claims ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IEscape
    function file(AccountLeaf[] calldata leaves, uint256[] calldata siblings) external {
        uint256 claimsCloseSeconds = _claimsCloseSeconds();
        uint256 root = _tree.rootOf(leaves, siblings);
        if (root != _accountRoot) revert WrongRoot(_accountRoot, root);
        int256[8] memory lotWorth = _lotWorth();
        bool inTime = block.timestamp < claimsCloseSeconds;
        uint256 filedMicroUsd = 0;
        for (uint256 i = 0; i < leaves.length; ++i) {
            AccountLeaf calldata leaf = leaves[i];
            uint256 equity = Equity.positiveMicroUsdFloor(leaf, lotWorth);
            Claim storage claim = _claims[leaf.account];
            if (equity == 0 || leaf.owner == address(0) || claim.owner != address(0)) continue;
            emit ClaimFiled(leaf.account, leaf.owner, equity);
            bool shares = leaf.account != Protocol.INSURANCE_ACCOUNT;
            if (shares && inTime) filedMicroUsd += equity;
            (claim.owner, claim.equityMicroUsd) = (leaf.owner, uint96(equity));
            if (shares && !inTime) _payLate(leaf.account, _shareFloor(equity));
        }
        if (filedMicroUsd != 0) _filedMicroUsd += uint128(filedMicroUsd);
    }

    /// @inheritdoc IEscape
    function pay(uint256[] calldata accounts) external {
        _checkOpen(_claimsCloseSeconds());
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 account = accounts[i];
            uint256 equity = _claims[account].equityMicroUsd;
            if (equity == 0 || account == Protocol.INSURANCE_ACCOUNT) continue;
            _claims[account].equityMicroUsd = 0;
            _credit(account, _shareFloor(equity));
        }
    }

    /// @inheritdoc IEscape
    function payInsurance() external {
        _checkOpen(_claimsCloseSeconds() + _lateWindowSeconds);
        uint256 equity = _claims[Protocol.INSURANCE_ACCOUNT].equityMicroUsd;
        if (equity != 0) _payLate(Protocol.INSURANCE_ACCOUNT, equity);
    }

    // ── Views ────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IEscape
    function windows() external view returns (uint256 priceSeconds, uint256 claimSeconds, uint256 lateSeconds) {
        return (_priceWindowSeconds, _claimWindowSeconds, _lateWindowSeconds);
    }

    /// @inheritdoc IEscape
    function pinning()
        external
        view
        returns (bool hasState, uint64 nextEpoch, uint64 firstEpoch, uint64 lastEpoch, uint64 pricesPinnedSeconds)
    {
        Pinning memory pinned = _pinning;
        return (
            pinned.hasState,
            pinned.nextEpoch,
            pinned.firstEpoch,
            pinned.lastEpoch,
            pinned.pricesPinnedSeconds
        );
    }

    /// @inheritdoc IEscape
    function prices() external view returns (uint32[8] memory pricesTicks) {
        if (_pinning.pricesPinnedSeconds != 0) return FreezePrices.unpack(_priceWord);
    }

    /// @inheritdoc IEscape
    function totals() external view returns (uint256 poolMicroUsd, uint256 filedMicroUsd, uint256 lateMicroUsd) {
        return (_poolMicroUsd, _filedMicroUsd, _lateMicroUsd);
    }

    /// @inheritdoc IEscape
    function claimOf(uint256 account) external view returns (address owner, uint256 equityMicroUsd) {
        return (_claims[account].owner, _claims[account].equityMicroUsd);
    }

    // ── Money ────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev min(1, pool / Σ filed) of an equity, rounded down: the same for all, and together never more than the pool. Below
    /// 2^90 · 2^64.
    function _shareFloor(uint256 equityMicroUsd) private view returns (uint256) {
        (uint256 pool, uint256 filed) = (_poolMicroUsd, _filedMicroUsd);
        return filed <= pool ? equityMicroUsd : (equityMicroUsd * pool) / filed;
    }

    /// @dev Out of what claims in time leave, first come, first served.
    function _payLate(uint256 account, uint256 mostMicroUsd) private {
        (uint256 pool, uint256 filed) = (_poolMicroUsd, _filedMicroUsd);
        uint256 left = filed < pool ? pool - filed - _lateMicroUsd : 0;
        uint256 amount = mostMicroUsd < left ? mostMicroUsd : left;
        _claims[account].equityMicroUsd = 0;
        _lateMicroUsd += uint128(amount);
        _credit(account, amount);
    }

    function _credit(uint256 account, uint256 amountMicroUsd) private {
        address owner = _claims[account].owner;
        emit ClaimPaid(account, owner, amountMicroUsd);
        if (amountMicroUsd != 0) IExchange(exchange).creditEscape(owner, amountMicroUsd);
    }

    function _lotWorth() private view returns (int256[8] memory lotWorth) {
        int64[8] memory indices = _fundingIndices;
        uint256 priceWord = _priceWord;
        for (uint256 market = 0; market < Protocol.MARKETS; ++market) {
            lotWorth[market] = Equity.lotWorth(FreezePrices.lane(priceWord, market), indices[market]);
        }
    }

    function _claimsCloseSeconds() private view returns (uint256) {
        uint256 pinnedSeconds = _pinning.pricesPinnedSeconds;
        if (pinnedSeconds == 0) revert NotYetPinned();
        return pinnedSeconds + _claimWindowSeconds;
    }

    function _checkOpen(uint256 opensSeconds) private view {
        if (block.timestamp < opensSeconds) revert TooEarly(opensSeconds);
    }
}
