// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {Freeze} from "./Freeze.sol";

/// @title The money: what of it waits in the queue, belongs to the pool, or can be claimed.
abstract contract Vault is Freeze, ReentrancyGuard {
    using SafeERC20 for IERC20;

    /// @dev Money by what it is owed for, micro-USD. `queued` + `settled` never pass the deposit cap, a uint64.
    struct Purse {
        uint64 queued;
        uint64 settled;
        uint128 claimable;
    }

    uint256 private constant TOKEN_DECIMALS = 6;

    IERC20 private immutable _token;

    Purse private _purse;
    /// @inheritdoc IExchange
    mapping(address owner => uint256) public claimable;
    /// @dev Fees that were made claimable, micro-USD; uncollected ones are in the pool.
    uint128 internal _collectedFeesMicroUsd;

    constructor(address token_) {
        if (token_ == address(0)) revert ZeroAddress();
        uint256 decimals = IERC20Metadata(token_).decimals();
        if (decimals != TOKEN_DECIMALS) revert TokenDecimals(TOKEN_DECIMALS, decimals);
        _token = IERC20(token_);
    }

    /// @inheritdoc IExchange
    function claim(address owner) external nonReentrant returns (uint256 amountMicroUsd) {
        amountMicroUsd = claimable[owner];
        if (amountMicroUsd == 0) revert NothingClaimable(owner);
        claimable[owner] = 0;
        _purse.claimable -= uint128(amountMicroUsd);
        emit Claimed(owner, amountMicroUsd);
        _token.safeTransfer(owner, amountMicroUsd);
    }

    /// @inheritdoc IExchange
    function vault()
        external
        view
        returns (uint256 queuedMicroUsd, uint256 settledMicroUsd, uint256 claimableMicroUsd, uint256 collectedFeesMicroUsd)
    {
        return (_purse.queued, _purse.settled, _purse.claimable, _collectedFeesMicroUsd);
    }

    /// @inheritdoc IExchange
    function token() public view returns (address) {
        return address(_token);
    }

    /// @dev Takes tokens from the caller. Assumes that the token reports balances truthfully: what arrived counts, not what
    /// was asked for. Callers are nonReentrant.
    function _pull(uint256 amountMicroUsd) internal returns (uint256 receivedMicroUsd) {
        uint256 before = _token.balanceOf(address(this));
        _token.safeTransferFrom(msg.sender, address(this), amountMicroUsd);
        uint256 afterwards = _token.balanceOf(address(this));
        return afterwards > before ? afterwards - before : 0;
    }

    /// @dev Money that came in waits in the queue.
    function _addQueued(uint256 amountMicroUsd, uint256 capMicroUsd) internal {
        uint256 total = uint256(_purse.queued) + _purse.settled + amountMicroUsd;
        if (total > capMicroUsd) revert DepositCapExceeded(capMicroUsd, total);
        _purse.queued += uint64(amountMicroUsd);
    }

    /// @dev Money of consumed queue entries joins the pool. Each entry is consumed once, so the sum was added to `queued` before.
    function _addSettled(uint256 amountMicroUsd) internal {
        if (amountMicroUsd == 0) return;
        _purse.queued -= uint64(amountMicroUsd);
        _purse.settled += uint64(amountMicroUsd);
    }

    /// @dev Money that no batch took over goes back.
    function _releaseQueued(address owner, uint256 amountMicroUsd) internal {
        _purse.queued -= uint64(amountMicroUsd);
        _purse.claimable += uint128(amountMicroUsd);
        claimable[owner] += amountMicroUsd;
    }

    /// @dev Money leaves the pool for its owner. The pool can be short only when accounts of negative value owe it more than
    /// the rest is worth; then nobody's money is paid out twice, and withdrawals wait.
    function _makeClaimable(address owner, uint256 amountMicroUsd) internal {
        uint256 settled = _purse.settled;
        if (amountMicroUsd > settled) revert InsufficientVault(settled, amountMicroUsd);
        _purse.settled = uint64(settled - amountMicroUsd);
        _purse.claimable += uint128(amountMicroUsd);
        claimable[owner] += amountMicroUsd;
    }
}
