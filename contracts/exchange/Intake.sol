// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Protocol} from "../generated/Protocol.sol";
import {BatchInput, QueueEntry, RequestOutcome} from "../interfaces/ExchangeTypes.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {BabyJubJub} from "../libraries/BabyJubJub.sol";
import {Queue} from "../libraries/Queue.sol";
import {Vault} from "./Vault.sol";

/// @title What comes in from L1, accounts, deposits and requests, and the queue that orders it for the batches.
abstract contract Intake is Vault, Ownable2Step {
    /// @dev One storage slot, read or written by every registration and deposit.
    struct Gate {
        uint64 queueLength;
        uint64 accountCount;
        uint64 minimumDepositMicroUsd;
        uint64 depositCapMicroUsd;
    }

    /// @dev Where settled batches left the queue, and how many of its requests they left in it.
    struct Head {
        uint64 cursor;
        uint64 requestsAdded;
        uint64 requestsConsumed;
    }

    /// @dev What a batch does to the queue.
    struct QueueProgress {
        /// Place of the request that it serves: behind its other entries.
        uint64 requestIndex;
        uint64 cursorAfter;
        bytes32 hashAfter;
        /// Sum of the deposits that it consumes.
        uint256 depositsMicroUsd;
    }

    /// @dev A request's price grows no further, and liquidations can be asked for no more, from so many waiting ones on: whoever
    /// owns an account can always ask, at a price that nobody can drive out of reach.
    uint256 private constant CROWD = 256;
    uint256 private constant ACCOUNT_CAPACITY = 1 << Protocol.ACCOUNT_BITS;

    /// @inheritdoc IExchange
    uint256 public immutable requestFeeWei;

    Gate private _gate;
    Head private _head;
    /// @dev One above the index of the account's last request, by its owner and of its liquidation; 0 without one.
    mapping(uint256 account => uint256) private _ownRequest;
    mapping(uint256 account => uint256) private _liquidationRequest;
    /// @inheritdoc IExchange
    mapping(uint256 count => bytes32) public queueHashAt;
    /// @inheritdoc IExchange
    mapping(uint256 account => address) public accountOwner;

    constructor(
        address insuranceOwner,
        uint64 minimumDepositMicroUsd,
        uint64 depositCapMicroUsd,
        uint256 requestFeeWei_
    ) {
        if (insuranceOwner == address(0)) revert ZeroAddress();
        requestFeeWei = requestFeeWei_;
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
    function requestForcedExit(uint256 account, uint256 minSequence) external payable nonReentrant {
        _requestAsOwner(Protocol.QUEUE_FORCED_EXIT, account, minSequence, 0, 0);
    }

    /// @inheritdoc IExchange
    function requestKeyRotation(uint256 account, uint256 qx, uint256 qy, uint256 minSequence) external payable nonReentrant {
        (uint256 ax, uint256 ay) = _key(qx, qy);
        _requestAsOwner(Protocol.QUEUE_KEY_ROTATION, account, minSequence, ax, ay);
    }

    /// @inheritdoc IExchange
    function requestCancelAll(uint256 account, uint256 minSequence) external payable nonReentrant {
        _requestAsOwner(Protocol.QUEUE_CANCEL_ALL, account, minSequence, 0, 0);
    }

    /// @inheritdoc IExchange
    function requestLiquidation(uint256 account) external payable nonReentrant {
        if (account >= _gate.accountCount) revert UnknownAccount(account);
        uint256 waiting = waitingRequests();
        if (waiting >= CROWD) revert TooManyRequests(waiting);
        _request(_liquidationRequest, Queue.request(Protocol.QUEUE_LIQUIDATION_REQUEST, account, 0, 0, 0), account);
    }

    /// @inheritdoc IExchange
    function collectRequestFees(address to) external onlyOwner nonReentrant returns (uint256 amountWei) {
        if (to == address(0)) revert ZeroAddress();
        amountWei = address(this).balance;
        if (amountWei == 0) revert NothingToCollect();
        emit RequestFeesCollected(to, amountWei);
        _sendEther(to, amountWei);
    }

    /// @inheritdoc IExchange
    function setDepositLimits(uint64 minimumMicroUsd, uint64 capMicroUsd) external onlyOwner {
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
    function depositLimits() external view returns (uint64 minimumMicroUsd, uint64 capMicroUsd) {
        return (_gate.minimumDepositMicroUsd, _gate.depositCapMicroUsd);
    }

    /// @inheritdoc IExchange
    function queueCursor() external view returns (uint256) {
        return _head.cursor;
    }

    /// @inheritdoc IExchange
    function waitingRequests() public view returns (uint256) {
        return _head.requestsAdded - _head.requestsConsumed;
    }

    /// @inheritdoc IExchange
    function requestFeeNowWei() public view returns (uint256) {
        uint256 waiting = waitingRequests();
        return (1 + (waiting < CROWD ? waiting : CROWD)) * requestFeeWei;
    }

    // ── The queue ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Checks that a batch brings the next entries of the queue, in order, and the one behind them if it serves a request.
    /// That the former are registrations and deposits, and the latter a request, is the circuit's.
    function _checkQueue(
        BatchInput calldata input,
        uint256 capacity
    ) internal view returns (QueueProgress memory progress) {
        uint256 count = input.queueEntries.length;
        if (count > capacity) revert TooManyQueueEntries(capacity, count);
        uint256 cursor = input.sharedState.queueCursor + count;
        progress.requestIndex = uint64(cursor);
        (progress.hashAfter, progress.depositsMicroUsd) = Queue.follow(input.sharedState.queueHash, input.queueEntries);
        bytes32 read = progress.hashAfter;
        if (input.requestOutcome != RequestOutcome.None) {
            // One that is advanced is read, and stays where it is.
            read = Queue.link(read, input.request);
            if (input.requestOutcome != RequestOutcome.Advanced) progress.hashAfter = read;
            ++cursor;
        }
        if (cursor > _gate.queueLength) revert QueueExceeded(_gate.queueLength, cursor);
        if (read != queueHashAt[cursor]) revert QueueMismatch(queueHashAt[cursor], read);
        progress.cursorAfter = uint64(input.requestOutcome == RequestOutcome.Advanced ? cursor - 1 : cursor);
    }

    /// @dev What a settled batch consumed is behind the head.
    function _moveHead(QueueProgress memory progress) internal {
        if (progress.cursorAfter == _head.cursor) return;
        _head.cursor = progress.cursorAfter;
        if (progress.cursorAfter > progress.requestIndex) ++_head.requestsConsumed;
    }

    function _register(address owner, uint256 qx, uint256 qy) private returns (uint256 account) {
        account = _gate.accountCount;
        if (account == ACCOUNT_CAPACITY) revert AccountsExhausted(ACCOUNT_CAPACITY);
        (uint256 ax, uint256 ay) = _key(qx, qy);
        _gate.accountCount = uint64(account + 1);
        accountOwner[account] = owner;
        emit AccountRegistered(account, owner, ax, ay);
        _enqueue(Queue.registration(account, owner, ax, ay));
    }

    /// @dev A = 8·Q, of prime order for any Q on the curve but those of small order, which give the identity.
    function _key(uint256 qx, uint256 qy) private view returns (uint256 ax, uint256 ay) {
        if (qx >= Protocol.FIELD_ORDER || qy >= Protocol.FIELD_ORDER) revert KeyNotInField(qx, qy);
        if (!BabyJubJub.isOnCurve(qx, qy)) revert KeyNotOnCurve(qx, qy);
        (ax, ay) = BabyJubJub.timesEight(qx, qy);
        // The identity is the only point of the prime-order subgroup with x = 0.
        if (ax == 0) revert KeyIsIdentity(qx, qy);
    }

    function _requestAsOwner(uint256 kind, uint256 account, uint256 minSequence, uint256 ax, uint256 ay) private {
        if (accountOwner[account] != msg.sender) revert NotAccountOwner(account, msg.sender);
        if (minSequence >> Protocol.SEQUENCE_BITS != 0) revert SequenceOutOfRange(minSequence);
        _request(_ownRequest, Queue.request(kind, account, minSequence, ax, ay), account);
    }

    /// @dev One of a kind waits for an account: anybody can ask for its liquidation, which must not keep its owner from leaving.
    function _request(mapping(uint256 => uint256) storage lastOf, QueueEntry memory entry, uint256 account) private {
        if (account == Protocol.INSURANCE_ACCOUNT) revert RequestOfInsuranceAccount();
        uint256 last = lastOf[account];
        if (last > _head.cursor) revert RequestAlreadyWaiting(account, last - 1);
        uint256 feeWei = requestFeeNowWei();
        if (msg.value < feeWei) revert RequestFeeTooLow(feeWei, msg.value);
        lastOf[account] = _gate.queueLength + 1;
        ++_head.requestsAdded;
        _enqueue(entry);
        if (msg.value > feeWei) _sendEther(msg.sender, msg.value - feeWei);
    }

    function _sendEther(address to, uint256 amountWei) private {
        (bool sent, ) = to.call{value: amountWei}("");
        if (!sent) revert EtherRefused(to, amountWei);
    }

    function _deposit(uint256 account, uint256 amountMicroUsd) private {
        if (account >= _gate.accountCount) revert UnknownAccount(account);
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
