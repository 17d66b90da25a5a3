// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Governed} from "../access/Governed.sol";
import {Protocol} from "../generated/Protocol.sol";
import {BatchInput, QueueEntry} from "../interfaces/ExchangeTypes.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {BabyJubJub} from "../libraries/BabyJubJub.sol";
import {Queue} from "../libraries/Queue.sol";
import {Deadline} from "./Deadline.sol";
import {Vault} from "./Vault.sol";

/// @title What comes in from L1, accounts and deposits, and the queue that orders it for the batches.
abstract contract Intake is Vault, Deadline, Governed {
    /// @dev One storage slot, read or written by every registration and deposit.
    struct Gate {
        uint64 queueLength;
        uint64 accountCount;
        uint64 minimumDepositMicroUsd;
        uint64 depositCapMicroUsd;
    }

    uint256 private constant ACCOUNT_CAPACITY = 1 << Protocol.ACCOUNT_BITS;

    Gate private _gate;
    /// @inheritdoc IExchange
    mapping(uint256 count => bytes32) public queueHashAt;
    /// @inheritdoc IExchange
    mapping(uint256 account => address) public accountOwner;

    constructor(address insuranceOwner, uint64 minimumDepositMicroUsd, uint64 depositCapMicroUsd) {
        if (insuranceOwner == address(0)) revert ZeroAddress();
        _setDepositLimits(minimumDepositMicroUsd, depositCapMicroUsd);
        // Account 0 is the insurance fund's. Anybody knows its key, but the circuit lets it into no row.
        _register(insuranceOwner, BabyJubJub.BASE8_X, BabyJubJub.BASE8_Y);
    }

    // ── Entry points ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IExchange
    function register(uint256 qx, uint256 qy) external returns (uint256 account) {
        return _register(msg.sender, qx, qy);
    }

    /// @inheritdoc IExchange
    function deposit(uint256 account, uint256 amountMicroUsd) external nonReentrant {
        _deposit(account, amountMicroUsd);
    }

    /// @inheritdoc IExchange
    function depositWithPermit(
        uint256 account,
        uint256 amountMicroUsd,
        uint256 deadlineSeconds,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        // Whoever sees the permit may send it first; then the allowance is there already, and only that counts.
        try IERC20Permit(token()).permit(msg.sender, address(this), amountMicroUsd, deadlineSeconds, v, r, s) {} catch {}
        _deposit(account, amountMicroUsd);
    }

    /// @inheritdoc IExchange
    function setDepositLimits(uint64 minimumMicroUsd, uint64 capMicroUsd) external governed {
        _setDepositLimits(minimumMicroUsd, capMicroUsd);
    }

    // ── Views ────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IExchange
    function queueLength() external view returns (uint256) {
        return _gate.queueLength;
    }

    /// @inheritdoc IExchange
    function accountCount() external view returns (uint256) {
        return _gate.accountCount;
    }

    /// @inheritdoc IExchange
    function headDeadline() public view returns (uint256) {
        return _life.queueCursor == _gate.queueLength ? type(uint256).max : _deadlineOf(_life.queueCursor);
    }

    /// @inheritdoc IExchange
    function depositLimits() external view returns (uint64 minimumMicroUsd, uint64 capMicroUsd) {
        return (_gate.minimumDepositMicroUsd, _gate.depositCapMicroUsd);
    }

    // ── The queue ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Checks that a batch brings the next entries of the queue, in order.
    /// @return queueHash The chain behind the entries, equal to the stored one.
    /// @return depositsMicroUsd Sum of the deposits among them.
    function _checkQueue(
        BatchInput calldata input,
        uint256 capacity
    ) internal view returns (bytes32 queueHash, uint256 depositsMicroUsd) {
        uint256 count = input.queueEntries.length;
        if (count > capacity) revert TooManyQueueEntries(capacity, count);
        uint256 cursorAfter = input.sharedState.queueCursor + count;
        if (cursorAfter > _gate.queueLength) revert QueueExceeded(_gate.queueLength, cursorAfter);
        (queueHash, depositsMicroUsd) = Queue.follow(input.sharedState.queueHash, input.queueEntries);
        if (queueHash != queueHashAt[cursorAfter]) revert QueueMismatch(queueHashAt[cursorAfter], queueHash);
    }

    /// @dev Reverts while the guardian lets no new risk in.
    function _refuseWhilePaused() internal view virtual;

    function _isOverdue(uint256 deadlineSeconds) internal view returns (bool) {
        return block.timestamp > deadlineSeconds;
    }

    function _register(address owner, uint256 qx, uint256 qy) private whileRunning returns (uint256 account) {
        account = _gate.accountCount;
        if (account == ACCOUNT_CAPACITY) revert AccountsExhausted(ACCOUNT_CAPACITY);
        if (qx >= Protocol.FIELD_ORDER || qy >= Protocol.FIELD_ORDER) revert KeyNotInField(qx, qy);
        if (!BabyJubJub.isOnCurve(qx, qy)) revert KeyNotOnCurve(qx, qy);
        (uint256 ax, uint256 ay) = BabyJubJub.timesEight(qx, qy);
        // The identity is the only point of the prime-order subgroup with x = 0.
        if (ax == 0) revert KeyIsIdentity(qx, qy);
        _gate.accountCount = uint64(account + 1);
        accountOwner[account] = owner;
        emit AccountRegistered(account, owner, ax, ay);
        _enqueue(Queue.registration(account, owner, ax, ay));
    }

    function _deposit(uint256 account, uint256 amountMicroUsd) private whileRunning {
        if (account >= _gate.accountCount) revert UnknownAccount(account);
        _refuseWhilePaused();
        uint256 received = _pull(amountMicroUsd);
        if (received < _gate.minimumDepositMicroUsd) revert DepositTooSmall(_gate.minimumDepositMicroUsd, received);
        _addQueued(received, _gate.depositCapMicroUsd);
        emit Deposited(account, msg.sender, received);
        _enqueue(Queue.deposit(account, received));
    }

    function _enqueue(QueueEntry memory entry) private {
        uint256 index = _gate.queueLength;
        bytes32 queueHash = Queue.link(queueHashAt[index], entry);
        queueHashAt[index + 1] = queueHash;
        _gate.queueLength = uint64(index + 1);
        _startDeadline(index);
        emit QueueEntryAdded(index, entry.head, entry.owner, entry.ax, entry.ay, queueHash);
    }

    function _setDepositLimits(uint64 minimumMicroUsd, uint64 capMicroUsd) private {
        if (minimumMicroUsd == 0 || minimumMicroUsd > capMicroUsd) {
            revert InvalidDepositLimits(minimumMicroUsd, capMicroUsd);
        }
        _gate.minimumDepositMicroUsd = minimumMicroUsd;
        _gate.depositCapMicroUsd = capMicroUsd;
        emit DepositLimitsChanged(minimumMicroUsd, capMicroUsd);
    }
}
