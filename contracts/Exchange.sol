// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {Protocol} from "./generated/Protocol.sol";
import {
    BatchInput,
    Epoch,
    EpochOpening,
    ExchangeSetup,
    QueueEntry,
    RiskParameters,
    SharedState
} from "./interfaces/ExchangeTypes.sol";
import {IBatchVerifier} from "./interfaces/IBatchVerifier.sol";
import {IExchange} from "./interfaces/IExchange.sol";
import {IPriceOracle, PriceRound} from "./interfaces/IPriceOracle.sol";
import {BabyJubJub} from "./libraries/BabyJubJub.sol";
import {DevChain} from "./libraries/DevChain.sol";
import {Epochs} from "./libraries/Epochs.sol";
import {ParameterVersions} from "./libraries/ParameterVersions.sol";
import {PublicData} from "./libraries/PublicData.sol";
import {Queue} from "./libraries/Queue.sol";
import {SharedStates} from "./libraries/SharedStates.sol";

/// @title The exchange on L1. IExchange says what each function does.
contract Exchange is IExchange, Ownable2Step, ReentrancyGuard {
    using SafeERC20 for IERC20;
    using Epochs for Epochs.Store;
    using ParameterVersions for ParameterVersions.Store;

    /// @dev Money by what it is owed for, micro-USD. `queued` + `settled` never pass the deposit cap, a uint64.
    struct Vault {
        uint64 queued;
        uint64 settled;
        uint128 claimable;
    }

    uint256 private constant TOKEN_DECIMALS = 6;
    uint256 private constant ACCOUNT_CAPACITY = 1 << Protocol.ACCOUNT_BITS;
    bytes32 private constant DOMAIN_TYPE = keccak256(bytes(Protocol.DOMAIN_TEXT));

    IERC20 private immutable _token;
    IPriceOracle private immutable _oracle;

    /// @inheritdoc IExchange
    bytes32 public sharedStateHash;
    Vault private _vault;

    // One slot, read or written by every deposit.
    uint64 private _queueLength;
    uint64 private _accountCount;
    uint64 private _minimumDepositMicroUsd;
    uint64 private _depositCapMicroUsd;

    /// @inheritdoc IExchange
    address public operator;
    uint128 private _collectedFeesMicroUsd;

    /// @inheritdoc IExchange
    mapping(uint256 count => bytes32) public queueHashAt;
    /// @inheritdoc IExchange
    mapping(uint256 account => address) public accountOwner;
    /// @inheritdoc IExchange
    mapping(address owner => uint256) public claimable;
    /// @inheritdoc IExchange
    mapping(uint256 tier => address) public verifierOf;
    Epochs.Store private _epochs;
    ParameterVersions.Store private _parameters;

    modifier onlyOperator() {
        if (msg.sender != operator) revert NotOperator(msg.sender);
        _;
    }

    constructor(ExchangeSetup memory setup) Ownable(setup.owner) {
        if (setup.token == address(0) || setup.oracle == address(0) || setup.insuranceOwner == address(0)) {
            revert ZeroAddress();
        }
        uint256 decimals = IERC20Metadata(setup.token).decimals();
        if (decimals != TOKEN_DECIMALS) revert TokenDecimals(TOKEN_DECIMALS, decimals);
        _token = IERC20(setup.token);
        _oracle = IPriceOracle(setup.oracle);
        _setOperator(setup.operator);
        _setDepositLimits(setup.minimumDepositMicroUsd, setup.depositCapMicroUsd);
        for (uint256 tier = 0; tier < setup.verifiers.length; ++tier) {
            if (setup.verifiers[tier] != address(0)) _addVerifier(tier, setup.verifiers[tier]);
        }
        sharedStateHash = SharedStates.hash(SharedStates.genesis());
        // Account 0 is the insurance fund's. Anybody knows its key, but the circuit lets it into no row.
        _register(setup.insuranceOwner, BabyJubJub.BASE8_X, BabyJubJub.BASE8_Y);
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
        try
            IERC20Permit(address(_token)).permit(msg.sender, address(this), amountMicroUsd, deadlineSeconds, v, r, s)
        {} catch {}
        _deposit(account, amountMicroUsd);
    }

    /// @inheritdoc IExchange
    function openEpoch(EpochOpening calldata opening) external onlyOperator returns (uint64 number) {
        if (opening.paramVersion != _parameters.latest) {
            revert StaleParameterVersion(_parameters.latest, opening.paramVersion);
        }
        RiskParameters storage current = _parameters.get(opening.paramVersion);
        (bytes32 roundHash, PriceRound memory round) = _oracle.submitRound(opening.round);
        Epoch memory epoch = _epochs.open(opening, round, current);
        emit EpochOpened(
            epoch.number,
            epoch.timeSeconds,
            epoch.paramVersion,
            epoch.rebateCapPpm,
            epoch.journalHead,
            roundHash,
            epoch.marketWords,
            epoch.openInterestCapWords
        );
        return epoch.number;
    }

    /// @inheritdoc IExchange
    function settleBatch(BatchInput calldata input) external onlyOperator {
        // 1. The preimages are those of what is stored.
        Protocol.Tier memory tier = Protocol.tierOf(input.tier);
        _checkSharedState(input.sharedState);
        _checkEpoch(input.sharedState.epochNumber, input.epoch);
        (bytes32 queueHash, uint256 depositsMicroUsd) = _checkQueue(input, tier.queue);
        // 2. The public data, and the proof for it.
        bytes memory data = PublicData.assemble(input, tier, domain());
        _checkProof(input, data);
        // 3. The next state.
        SharedState memory next = SharedStates.afterBatch(input, queueHash);
        bytes32 nextHash = SharedStates.hash(next);
        sharedStateHash = nextHash;
        _moveMoney(data, tier, next.batchNumber, depositsMicroUsd);
        // 4. What an indexer needs.
        emit BatchSettled(
            next.batchNumber,
            next.epochNumber,
            input.tier,
            next.accountRoot,
            next.queueCursor,
            queueHash,
            next.feesPicoUsd,
            input.header.journalHead,
            nextHash
        );
        emit BatchData(next.batchNumber, data);
    }

    /// @inheritdoc IExchange
    function claim(address owner) external nonReentrant returns (uint256 amountMicroUsd) {
        amountMicroUsd = claimable[owner];
        if (amountMicroUsd == 0) revert NothingClaimable(owner);
        claimable[owner] = 0;
        _vault.claimable -= uint128(amountMicroUsd);
        emit Claimed(owner, amountMicroUsd);
        _token.safeTransfer(owner, amountMicroUsd);
    }

    // ── Owner ────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IExchange
    function collectFees(
        SharedState calldata sharedState,
        address to
    ) external onlyOwner returns (uint256 amountMicroUsd) {
        if (to == address(0)) revert ZeroAddress();
        _checkSharedState(sharedState);
        amountMicroUsd = sharedState.feesPicoUsd / Protocol.PICO_PER_MICRO - _collectedFeesMicroUsd;
        if (amountMicroUsd == 0) revert NothingToCollect();
        _collectedFeesMicroUsd += uint128(amountMicroUsd);
        _makeClaimable(to, amountMicroUsd);
        emit FeesCollected(to, amountMicroUsd);
    }

    /// @inheritdoc IExchange
    function appendParameters(RiskParameters calldata parameters_) external onlyOwner returns (uint256 version) {
        version = _parameters.append(parameters_);
        emit ParametersAppended(version, parameters_);
    }

    /// @inheritdoc IExchange
    function addVerifier(uint256 tier, address verifier) external onlyOwner {
        _addVerifier(tier, verifier);
    }

    /// @inheritdoc IExchange
    function setOperator(address operator_) external onlyOwner {
        _setOperator(operator_);
    }

    /// @inheritdoc IExchange
    function setDepositLimits(uint64 minimumMicroUsd, uint64 capMicroUsd) external onlyOwner {
        _setDepositLimits(minimumMicroUsd, capMicroUsd);
    }

    // ── Views ────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IExchange
    function domain() public view returns (uint256) {
        // From the running chain's id, not the one of deployment: after a fork, messages of one chain mean nothing on the other.
        return uint256(keccak256(abi.encode(DOMAIN_TYPE, block.chainid, address(this)))) >> 8;
    }

    /// @inheritdoc IExchange
    function genesisSharedState() external pure returns (SharedState memory) {
        return SharedStates.genesis();
    }

    /// @inheritdoc IExchange
    function epochHash(uint256 number) external view returns (bytes32) {
        return _epochs.hashOf[number];
    }

    /// @inheritdoc IExchange
    function latestEpoch()
        external
        view
        returns (
            uint64 number,
            uint32 timeSeconds,
            uint32 paramVersion,
            uint64 roundNumber,
            int64[8] memory fundingIndicesPicoUsd
        )
    {
        number = _epochs.number;
        timeSeconds = _epochs.timeSeconds;
        paramVersion = _epochs.paramVersion;
        roundNumber = _epochs.roundNumber;
        fundingIndicesPicoUsd = _epochs.fundingIndicesPicoUsd;
    }

    /// @inheritdoc IExchange
    function queueLength() external view returns (uint256) {
        return _queueLength;
    }

    /// @inheritdoc IExchange
    function accountCount() external view returns (uint256) {
        return _accountCount;
    }

    /// @inheritdoc IExchange
    function latestParameterVersion() external view returns (uint256) {
        return _parameters.latest;
    }

    /// @inheritdoc IExchange
    function parameters(uint256 version) external view returns (RiskParameters memory) {
        return _parameters.get(version);
    }

    /// @inheritdoc IExchange
    function vault()
        external
        view
        returns (uint256 queuedMicroUsd, uint256 settledMicroUsd, uint256 claimableMicroUsd, uint256 collectedFeesMicroUsd)
    {
        return (_vault.queued, _vault.settled, _vault.claimable, _collectedFeesMicroUsd);
    }

    /// @inheritdoc IExchange
    function depositLimits() external view returns (uint64 minimumMicroUsd, uint64 capMicroUsd) {
        return (_minimumDepositMicroUsd, _depositCapMicroUsd);
    }

    /// @inheritdoc IExchange
    function token() external view returns (address) {
        return address(_token);
    }

    /// @inheritdoc IExchange
    function oracle() external view returns (address) {
        return address(_oracle);
    }

    // ── Accounts and queue ───────────────────────────────────────────────────────────────────────────────────────────

    function _register(address owner, uint256 qx, uint256 qy) private returns (uint256 account) {
        account = _accountCount;
        if (account == ACCOUNT_CAPACITY) revert AccountsExhausted(ACCOUNT_CAPACITY);
        if (qx >= Protocol.FIELD_ORDER || qy >= Protocol.FIELD_ORDER) revert KeyNotInField(qx, qy);
        if (!BabyJubJub.isOnCurve(qx, qy)) revert KeyNotOnCurve(qx, qy);
        (uint256 ax, uint256 ay) = BabyJubJub.timesEight(qx, qy);
        // The identity is the only point of the prime-order subgroup with x = 0.
        if (ax == 0) revert KeyIsIdentity(qx, qy);
        _accountCount = uint64(account + 1);
        accountOwner[account] = owner;
        emit AccountRegistered(account, owner, ax, ay);
        _enqueue(Queue.registration(account, owner, ax, ay));
    }

    /// @dev Assumes that the token reports balances truthfully. What arrived counts, not what was asked for.
    function _deposit(uint256 account, uint256 amountMicroUsd) private {
        if (account >= _accountCount) revert UnknownAccount(account);
        uint256 before = _token.balanceOf(address(this));
        _token.safeTransferFrom(msg.sender, address(this), amountMicroUsd);
        uint256 afterwards = _token.balanceOf(address(this));
        uint256 received = afterwards > before ? afterwards - before : 0;
        if (received < _minimumDepositMicroUsd) revert DepositTooSmall(_minimumDepositMicroUsd, received);
        uint256 total = uint256(_vault.queued) + _vault.settled + received;
        if (total > _depositCapMicroUsd) revert DepositCapExceeded(_depositCapMicroUsd, total);
        _vault.queued += uint64(received);
        emit Deposited(account, msg.sender, received);
        _enqueue(Queue.deposit(account, received));
    }

    function _enqueue(QueueEntry memory entry) private {
        uint256 index = _queueLength;
        bytes32 queueHash = Queue.link(queueHashAt[index], entry);
        queueHashAt[index + 1] = queueHash;
        _queueLength = uint64(index + 1);
        emit QueueEntryAdded(index, entry.head, entry.owner, entry.ax, entry.ay, queueHash);
    }

    // ── Settlement ───────────────────────────────────────────────────────────────────────────────────────────────────

    function _checkSharedState(SharedState calldata given) private view {
        bytes32 givenHash = SharedStates.hash(given);
        if (givenHash != sharedStateHash) revert StaleSharedState(sharedStateHash, givenHash);
    }

    /// @dev Epochs are consumed in order: the last batch's, or the one behind it.
    function _checkEpoch(uint256 last, Epoch calldata given) private view {
        if (given.number != last && given.number != last + 1) revert EpochOutOfOrder(last, given.number);
        bytes32 expected = _epochs.hashOf[given.number];
        if (expected == 0) revert EpochNotOpened(given.number);
        bytes32 givenHash = Epochs.hash(given);
        if (givenHash != expected) revert EpochMismatch(expected, givenHash);
    }

    /// @return queueHash The chain behind the entries, equal to the stored one.
    /// @return amountMicroUsd Sum of the deposits among them.
    function _checkQueue(
        BatchInput calldata input,
        uint256 capacity
    ) private view returns (bytes32 queueHash, uint256 amountMicroUsd) {
        uint256 count = input.queueEntries.length;
        if (count > capacity) revert TooManyQueueEntries(capacity, count);
        uint256 cursorAfter = input.sharedState.queueCursor + count;
        if (cursorAfter > _queueLength) revert QueueExceeded(_queueLength, cursorAfter);
        (queueHash, amountMicroUsd) = Queue.follow(input.sharedState.queueHash, input.queueEntries);
        if (queueHash != queueHashAt[cursorAfter]) revert QueueMismatch(queueHashAt[cursorAfter], queueHash);
    }

    function _checkProof(BatchInput calldata input, bytes memory data) private view {
        IBatchVerifier verifier = IBatchVerifier(verifierOf[input.tier]);
        if (address(verifier) == address(0)) revert NoVerifier(input.tier);
        // Asked again at every batch: a fork may give the chain another id.
        _refuseDevKeyWithMoney(verifier);
        uint256 commitment = input.commitment;
        if (commitment >= Protocol.FIELD_ORDER) revert CommitmentNotInField(commitment);
        uint256 z = PublicData.challenge(data, input.tier, commitment);
        uint256 y = PublicData.evaluate(data, z);
        if (!verifier.verifyBatch(input.proof.a, input.proof.b, input.proof.c, [commitment, z, y])) {
            revert ProofRejected();
        }
    }

    /// @dev Deposits of consumed entries join the pool; proven withdrawals leave it.
    function _moveMoney(
        bytes memory data,
        Protocol.Tier memory tier,
        uint256 batchNumber,
        uint256 depositsMicroUsd
    ) private {
        if (depositsMicroUsd != 0) {
            // Only entries of the queue are consumed, each once, so the sum was added to `queued` before.
            _vault.queued -= uint64(depositsMicroUsd);
            _vault.settled += uint64(depositsMicroUsd);
        }
        for (uint256 i = 0; i < tier.withdrawals; ++i) {
            uint256 word = PublicData.wordAt(data, tier.withdrawalsOffset + i);
            if (word == 0) continue;
            address owner = address(uint160(word >> Protocol.WITHDRAWAL_WORD_OWNER_SHIFT));
            uint256 amountMicroUsd = word >> Protocol.WITHDRAWAL_WORD_AMOUNT_MICRO_USD_SHIFT;
            _makeClaimable(owner, amountMicroUsd);
            emit WithdrawalCredited(owner, batchNumber, amountMicroUsd);
        }
    }

    function _makeClaimable(address owner, uint256 amountMicroUsd) private {
        uint256 settled = _vault.settled;
        if (amountMicroUsd > settled) revert InsufficientVault(settled, amountMicroUsd);
        _vault.settled = uint64(settled - amountMicroUsd);
        _vault.claimable += uint128(amountMicroUsd);
        claimable[owner] += amountMicroUsd;
    }

    // ── Set-up ───────────────────────────────────────────────────────────────────────────────────────────────────────

    function _addVerifier(uint256 tier, address verifier) private {
        Protocol.tierOf(tier);
        if (verifier == address(0)) revert ZeroAddress();
        if (verifierOf[tier] != address(0)) revert VerifierAlreadySet(tier, verifierOf[tier]);
        _refuseDevKeyWithMoney(IBatchVerifier(verifier));
        verifierOf[tier] = verifier;
        emit VerifierAdded(tier, verifier);
    }

    function _refuseDevKeyWithMoney(IBatchVerifier verifier) private view {
        if (!DevChain.isAllowed(block.chainid) && verifier.isInsecureDevKey()) {
            revert IBatchVerifier.InsecureDevKeyOnChain(block.chainid);
        }
    }

    function _setOperator(address operator_) private {
        if (operator_ == address(0)) revert ZeroAddress();
        emit OperatorChanged(operator, operator_);
        operator = operator_;
    }

    function _setDepositLimits(uint64 minimumMicroUsd, uint64 capMicroUsd) private {
        if (minimumMicroUsd == 0 || minimumMicroUsd > capMicroUsd) {
            revert InvalidDepositLimits(minimumMicroUsd, capMicroUsd);
        }
        _minimumDepositMicroUsd = minimumMicroUsd;
        _depositCapMicroUsd = capMicroUsd;
        emit DepositLimitsChanged(minimumMicroUsd, capMicroUsd);
    }
}
