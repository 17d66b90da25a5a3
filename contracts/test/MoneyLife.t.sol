// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Exchange} from "../Exchange.sol";
import {TestDollar} from "../TestDollar.sol";
import {Protocol} from "../generated/Protocol.sol";
import {
    BatchInput,
    Epoch,
    EpochOpening,
    ExchangeSetup,
    QueueEntry,
    RequestOutcome,
    SharedState
} from "../interfaces/ExchangeTypes.sol";
import {RiskParameters} from "../interfaces/IMarketRegistry.sol";
import {BabyJubJub} from "../libraries/BabyJubJub.sol";
import {Queue} from "../libraries/Queue.sol";
import {SharedStates} from "../libraries/SharedStates.sol";
import {MarketRegistry} from "../markets/MarketRegistry.sol";
import {SilentOracle} from "./ForkedChain.t.sol";
import {TestBase} from "./TestBase.sol";
import {WillingVerifier} from "./WillingVerifier.sol";

/// @title Money and queue of an Exchange under owners, a governance, an operator and an escape who do what they want.
/// @dev The verifier takes everything, so whatever holds here rests on no proof; an operator that pays more than the pool has is
/// the one thing that the contract itself must stop.
contract MoneyLife is TestBase {
    uint256 private constant OWNERS = 5;
    uint256 private constant DEADLINE_SECONDS = 1 days;
    uint256 private constant FEE_WEI = 1_000;

    Exchange public immutable exchange;
    TestDollar public immutable token;
    address private immutable _escape;

    Epoch private _epoch;
    SharedState private _state;
    QueueEntry[] private _entries;
    /// When each came, and how often heads had been advanced by then.
    uint256[] private _addedAt;
    uint256[] private _advancesAt;
    address[] private _ownerOf;
    mapping(uint256 account => uint256) private _ownRequest;
    mapping(uint256 account => uint256) private _liquidationRequest;
    mapping(uint256 index => bool) private _reclaimed;

    uint256 public deposited;
    uint256 public donated;
    uint256 public claimed;
    uint256 public etherIn;
    uint256 public etherOut;
    uint256 public feesCollected;
    uint256 public escapeCredited;
    uint256 public poolAtFreeze;
    bytes32 public hashAtFreeze;
    uint256 public cursorAtFreeze;
    mapping(address owner => uint256) public creditedTo;
    mapping(address owner => uint256) public claimedBy;
    /// What must never happen, once it did.
    bool public settledOverdue;
    bool public refusedInTime;
    bool public frozenEarly;
    bool public frozenLate;
    /// How often each thing was done, to know that the test reaches it.
    uint256 public batches;
    uint256 public advances;
    uint256 public freezes;
    uint256 public reclaims;

    constructor() {
        vm.warp(1_800_000_000);
        SilentOracle oracle = new SilentOracle();
        address[] memory verifiers = new address[](1);
        verifiers[0] = address(new WillingVerifier(true));
        token = new TestDollar();
        address authority = address(new AccessManager(address(this)));
        MarketRegistry registry = new MarketRegistry(
            authority,
            vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2)
        );
        oracle.follow(address(registry));
        _escape = address(escapeOf(address(registry)));
        exchange = new Exchange(
            ExchangeSetup({
                token: address(token),
                oracle: address(oracle),
                registry: address(registry),
                authority: authority,
                operator: address(this),
                insuranceOwner: owner(0),
                minimumDepositMicroUsd: 1,
                depositCapMicroUsd: type(uint64).max,
                requestFeeWei: FEE_WEI,
                escape: _escape,
                requestDeadlineSeconds: uint32(DEADLINE_SECONDS),
                verifiers: verifiers
            })
        );
        token.approve(address(exchange), type(uint256).max);
        _state = SharedStates.genesis();
        _ownerOf.push(owner(0));
        (uint256 ax, uint256 ay) = BabyJubJub.timesEight(BabyJubJub.BASE8_X, BabyJubJub.BASE8_Y);
        _add(Queue.registration(0, owner(0), ax, ay));
        RiskParameters memory parameters;
        (parameters.liquidationSpreadPpm, parameters.bankruptcyAdjustmentPpm) = (1, 1_000_000);
        registry.appendParameters(parameters);
        openEpoch();
    }

    receive() external payable {}

    function owner(uint256 seed) public pure returns (address) {
        return address(uint160(0xc1ea0000 + (seed % OWNERS)));
    }

    function _add(QueueEntry memory entry) private {
        _entries.push(entry);
        _addedAt.push(block.timestamp);
        _advancesAt.push(advances);
    }

    /// @dev Whether the entry has waited too long by what docs/protocol.md §12 says, after `advances_` advances.
    function isOverdue(uint256 index, uint256 advances_) private view returns (bool) {
        if (index == _entries.length) return false;
        uint256 more = advances_ - _advancesAt[index];
        if (more > 128) more = 128;
        return block.timestamp > _addedAt[index] + DEADLINE_SECONDS + (more * DEADLINE_SECONDS) / 64;
    }

    function pool() private view returns (uint256 settled) {
        (, settled, , ) = exchange.vault();
    }

    // ── What people do ───────────────────────────────────────────────────────────────────────────────────────────────

    function register(uint256 seed) external {
        if (exchange.frozen()) return;
        vm.prank(owner(seed));
        uint256 account = exchange.register(BabyJubJub.BASE8_X, BabyJubJub.BASE8_Y);
        _ownerOf.push(owner(seed));
        (uint256 ax, uint256 ay) = BabyJubJub.timesEight(BabyJubJub.BASE8_X, BabyJubJub.BASE8_Y);
        _add(Queue.registration(account, owner(seed), ax, ay));
    }

    function deposit(uint256 seed, uint32 amount) external {
        if (exchange.frozen() || amount == 0) return;
        uint256 account = seed % _ownerOf.length;
        token.mint(address(this), amount);
        exchange.deposit(account, amount);
        deposited += amount;
        _add(Queue.deposit(account, amount));
    }

    function donate(uint16 amount) external {
        token.mint(address(exchange), amount);
        donated += amount;
    }

    function request(uint256 seed, uint8 kindSeed, uint32 minSequence, uint16 more) external {
        uint256 account = seed % _ownerOf.length;
        uint256 kind = Protocol.QUEUE_FORCED_EXIT + (kindSeed % 4);
        bool isLiquidation = kind == Protocol.QUEUE_LIQUIDATION_REQUEST;
        uint256 last = isLiquidation ? _liquidationRequest[account] : _ownRequest[account];
        if (exchange.frozen() || account == 0 || last > _state.queueCursor) return;
        uint256 feeWei = exchange.requestFeeNowWei();
        address sender = isLiquidation ? address(this) : _ownerOf[account];
        vm.deal(sender, feeWei + more);
        vm.prank(sender);
        (uint256 ax, uint256 ay) = (0, 0);
        if (kind == Protocol.QUEUE_FORCED_EXIT) exchange.requestForcedExit{value: feeWei}(account, minSequence);
        if (kind == Protocol.QUEUE_CANCEL_ALL) exchange.requestCancelAll{value: feeWei}(account, minSequence);
        if (isLiquidation) exchange.requestLiquidation{value: feeWei}(account);
        if (kind == Protocol.QUEUE_KEY_ROTATION) {
            exchange.requestKeyRotation{value: feeWei}(account, BabyJubJub.BASE8_X, BabyJubJub.BASE8_Y, minSequence);
            (ax, ay) = BabyJubJub.timesEight(BabyJubJub.BASE8_X, BabyJubJub.BASE8_Y);
        }
        etherIn += feeWei;
        _add(Queue.request(kind, account, isLiquidation ? 0 : minSequence, ax, ay));
        if (isLiquidation) _liquidationRequest[account] = _entries.length;
        else _ownRequest[account] = _entries.length;
    }

    function claim(uint256 seed) external {
        address to = owner(seed);
        uint256 amount = exchange.claimable(to);
        if (amount == 0) return;
        exchange.claim(to);
        claimed += amount;
        claimedBy[to] += amount;
    }

    function wait(uint24 time) external {
        vm.warp(block.timestamp + time % (DEADLINE_SECONDS / 2));
    }

    // ── What the operator and governance do ──────────────────────────────────────────────────────────────────────────

    function openEpoch() public {
        if (exchange.frozen() || _epoch.number > _state.epochNumber) return;
        vm.warp(block.timestamp + 1);
        EpochOpening memory opening;
        (opening.timeSeconds, opening.paramVersion) = (uint32(block.timestamp), 1);
        vm.recordLogs();
        exchange.openEpoch(opening);
        _epoch = openedEpoch(_epoch.number + 1);
    }

    /// @param payment What a withdrawal or an exit takes out of the pool; within it, as more is refused.
    function settle(uint8 outcomeSeed, uint32 payment, uint256 seed, uint32 feeMicroUsd) external {
        BatchInput memory input;
        (input.sharedState, input.epoch) = (_state, _epoch);
        uint256 cursor = _state.queueCursor;
        uint256 incoming;
        if (cursor < _entries.length && !isRequest(cursor)) {
            input.queueEntries = new QueueEntry[](1);
            input.queueEntries[0] = _entries[cursor];
            (, incoming) = amountOf(cursor);
            ++cursor;
        }
        if (cursor < _entries.length && isRequest(cursor)) {
            input.request = _entries[cursor];
            input.requestOutcome = RequestOutcome(1 + (outcomeSeed % 3));
        }
        Protocol.Tier memory tier = Protocol.tierOf(0);
        input.bodyWords = new uint256[](tier.length - tier.withdrawalsOffset);
        uint256 amount = payment % (pool() + incoming + 1);
        address payee = owner(seed);
        if (amount != 0) {
            uint256 word = (uint256(uint160(payee)) << Protocol.WITHDRAWAL_WORD_OWNER_SHIFT) |
                (amount << Protocol.WITHDRAWAL_WORD_AMOUNT_MICRO_USD_SHIFT);
            input.bodyWords[seed % (tier.withdrawals + 1)] = word;
        }
        input.header.feeDeltaPicoUsd = uint256(feeMicroUsd) * Protocol.PICO_PER_MICRO;
        SharedState memory next = this.stateAfter(input);
        bool advancing = input.requestOutcome == RequestOutcome.Advanced;
        bool refused = exchange.frozen() || isOverdue(next.queueCursor, advances + (advancing ? 1 : 0));
        try exchange.settleBatches(alone(input)) {
            if (refused) settledOverdue = true;
            ++batches;
            if (advancing) ++advances;
            creditedTo[payee] += amount;
            _state = next;
        } catch {
            // Only a freeze, or a head that stays overdue, refuses a batch that pays what the pool has.
            if (!refused) refusedInTime = true;
        }
    }

    function collectFees() external {
        uint256 proven = _state.feesPicoUsd / Protocol.PICO_PER_MICRO - feesCollected;
        if (exchange.frozen() || proven == 0 || proven > pool()) return;
        exchange.collectFees(_state, owner(1));
        feesCollected += proven;
        creditedTo[owner(1)] += proven;
    }

    function collectRequestFees() external {
        if (address(exchange).balance == 0) return;
        etherOut += exchange.collectRequestFees(address(this));
    }

    // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────────

    function freeze() external {
        bool overdue = isOverdue(_state.queueCursor, advances);
        bool running = !exchange.frozen();
        try exchange.freeze() {
            if (!overdue || !running) frozenEarly = true;
            ++freezes;
            (poolAtFreeze, hashAtFreeze, cursorAtFreeze) = (pool(), exchange.sharedStateHash(), _state.queueCursor);
        } catch {
            if (overdue && running) frozenLate = true;
        }
    }

    function creditEscape(uint256 seed, uint32 amount) external {
        if (!exchange.frozen() || amount > pool()) return;
        vm.prank(_escape);
        exchange.creditEscape(owner(seed), amount);
        escapeCredited += amount;
        creditedTo[owner(seed)] += amount;
    }

    function reclaim(uint256 seed) external {
        uint256 index = seed % _entries.length;
        if (!exchange.frozen() || index < _state.queueCursor || _reclaimed[index] || isRequest(index)) return;
        (uint256 account, uint256 amount) = amountOf(index);
        if (amount == 0) return;
        exchange.reclaimDeposit(index, _entries[index]);
        _reclaimed[index] = true;
        ++reclaims;
        creditedTo[_ownerOf[account]] += amount;
    }

    // ── What is compared ─────────────────────────────────────────────────────────────────────────────────────────────

    function stateAfter(BatchInput calldata input) external pure returns (SharedState memory) {
        uint64 cursor = uint64(input.sharedState.queueCursor + input.queueEntries.length);
        (bytes32 hash, ) = Queue.follow(input.sharedState.queueHash, input.queueEntries);
        bool consumes = input.requestOutcome != RequestOutcome.None && input.requestOutcome != RequestOutcome.Advanced;
        if (consumes) (cursor, hash) = (cursor + 1, Queue.link(hash, input.request));
        return SharedStates.afterBatch(input, cursor, hash);
    }

    function isRequest(uint256 index) public view returns (bool) {
        return (_entries[index].head & 15) >= Protocol.QUEUE_FORCED_EXIT;
    }

    function amountOf(uint256 index) public view returns (uint256 account, uint256 amountMicroUsd) {
        return this.depositIn(_entries[index]);
    }

    function depositIn(QueueEntry calldata entry) external pure returns (uint256, uint256) {
        return Queue.depositOf(entry);
    }

    function entriesLength() external view returns (uint256) {
        return _entries.length;
    }

    function chain() external view returns (bytes32 all, bytes32 consumed) {
        for (uint256 i = 0; i < _entries.length; ++i) {
            all = Queue.link(all, _entries[i]);
            if (i + 1 == _state.queueCursor) consumed = all;
        }
    }

    function unconsumed() external view returns (uint256 depositsMicroUsd, uint256 requests) {
        for (uint256 i = _state.queueCursor; i < _entries.length; ++i) {
            if (isRequest(i)) ++requests;
            else if (!_reclaimed[i]) {
                (, uint256 amount) = amountOf(i);
                depositsMicroUsd += amount;
            }
        }
    }

    function state() external view returns (SharedState memory) {
        return _state;
    }

    function ownersAsRegistered() external view returns (bool) {
        if (exchange.accountCount() != _ownerOf.length) return false;
        for (uint256 i = 0; i < _ownerOf.length; ++i) if (exchange.accountOwner(i) != _ownerOf[i]) return false;
        return true;
    }
}
