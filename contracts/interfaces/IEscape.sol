// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Epoch, SharedState} from "./ExchangeTypes.sol";

/// @notice A leaf of the account tree (docs/protocol.md §2): the eight words behind the index are those that are hashed.
struct AccountLeaf {
    uint256 account;
    uint256 ax;
    uint256 ay;
    address owner;
    /// K: collateral with funding left in, pico-USD; a negative one as the field order less its magnitude.
    uint256 adjustedCollateralPicoUsd;
    uint256 orderRoot;
    uint256 counters;
    uint256[2] sizeWords;
}

/// @notice What the escape is deployed with. All of it is for good.
struct EscapeSetup {
    /// Where the Exchange will be: it is deployed after its escape, and refuses one that serves another.
    address exchange;
    /// Epochs this long before the last settled one count in the median, seconds.
    uint32 priceWindowSeconds;
    /// Claims filed this long after the prices are pinned share the pool, seconds.
    uint32 claimWindowSeconds;
    /// How much longer the insurance fund waits for late claims, seconds.
    uint32 lateWindowSeconds;
}

/// @title Pays everybody out of a frozen Exchange, from its last settled state.
/// @notice Nobody runs it: whoever sends the calls, the outcome is the same, and money goes to accounts' L1 owners only.
/// In order: the state is pinned, then prices; leaves are filed; when the claim window has closed, claims are paid.
interface IEscape {
    // ── Events ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice The frozen Exchange's last state is pinned. Epochs up to the last settled one are wanted next.
    event StatePinned(uint256 accountRoot, uint256 lastEpoch, uint256 poolMicroUsd);
    /// @notice Epochs down to `nextEpoch`, exclusive, are pinned; 0 when that is all.
    event EpochsPinned(uint256 nextEpoch);
    /// @notice Everything is valued at these prices, and claims may be filed.
    event PricesPinned(uint32[8] pricesTicks, uint256 claimsCloseSeconds);
    /// @notice An account's equity is claimed. Of a late claim the payment is next.
    event ClaimFiled(uint256 indexed account, address indexed owner, uint256 equityMicroUsd);
    /// @notice An account's share became claimable at the Exchange.
    event ClaimPaid(uint256 indexed account, address indexed owner, uint256 amountMicroUsd);

    // ── Errors ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Thrown when the Exchange's address is zero or there would be no time to file claims.
    error InvalidSetup();
    /// @notice Thrown while the Exchange runs.
    error NotFrozen();
    /// @notice Thrown when the state given is not the Exchange's last one.
    error WrongSharedState(bytes32 expected, bytes32 given);
    /// @notice Thrown when something is pinned again.
    error AlreadyPinned();
    /// @notice Thrown when the step before is not done: state, epochs, prices.
    error NotYetPinned();
    /// @notice Thrown when another epoch is next.
    error EpochOutOfOrder(uint256 expected, uint256 given);
    /// @notice Thrown when the epoch given is not the one that was opened under its number.
    error EpochMismatch(bytes32 expected, bytes32 given);
    /// @notice Thrown when a price is not the one that the epochs give. With `count` prices in the window, the lower median has
    /// at most (count − 1) / 2 below it and more than that not above it; without any, `expected` is the last epoch's own price.
    error WrongPrice(uint256 market, uint256 given, uint256 expected, uint256 count);
    /// @notice Thrown when no leaf is given.
    error NoLeaves();
    /// @notice Thrown when leaves are not in strictly rising order of accounts that the tree has room for.
    error LeavesOutOfOrder(uint256 position, uint256 account);
    /// @notice Thrown when a word of a leaf is not below the field order: another one would have the same hash.
    error LeafNotInField(uint256 account);
    /// @notice Thrown when there are more or fewer siblings than the leaves need.
    error WrongSiblings(uint256 needed, uint256 given);
    /// @notice Thrown when leaves and siblings do not lead to the pinned root.
    error WrongRoot(uint256 expected, uint256 given);
    /// @notice Thrown when a payment is asked for before its window has closed.
    error TooEarly(uint256 opensSeconds);

    // ── Steps, in order; anybody may take them ───────────────────────────────────────────────────────────────────────

    /// @notice Takes over the frozen Exchange's last state, and what is in its pool.
    function pinState(SharedState calldata sharedState) external;

    /// @notice Takes the next epochs, from the last settled one backwards, until the first outside the price window or number 1.
    /// Epochs that are pinned already are passed over, so that two who send the same do not hinder each other.
    function pinEpochs(Epoch[] calldata epochs) external;

    /// @notice Fixes the price of every market: the lower median over the pinned epochs in which it had a fresh one, or the last
    /// epoch's own. The claim window begins.
    /// @param pricesTicks Worked out outside; whether they are right is checked.
    function pinPrices(uint32[8] calldata pricesTicks) external;

    /// @notice Files accounts with a positive equity, each once; others, and those filed already, are passed over. Within the claim
    /// window a claim shares the pool. A later one is credited at once, at most at the same ratio, out of what is left then.
    /// @param leaves In strictly rising order of accounts.
    /// @param siblings Nodes beside the way to the root: level by level from the leaves upwards, each from left to right.
    function file(AccountLeaf[] calldata leaves, uint256[] calldata siblings) external;

    /// @notice Makes the accounts' shares claimable by their L1 owners at the Exchange. Accounts without a claim, or paid already,
    /// are passed over.
    function pay(uint256[] calldata accounts) external;

    /// @notice Makes what is left claimable by the insurance fund's L1 owner, up to the fund's equity.
    function payInsurance() external;

    // ── Views ────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice The Exchange that this escape serves.
    function exchange() external view returns (address);

    /// @notice Windows, seconds.
    function windows() external view returns (uint256 priceSeconds, uint256 claimSeconds, uint256 lateSeconds);

    /// @notice How far pinning has come: whether the state is pinned, the next epoch that is wanted (0 when none is), the first
    /// and the last one that count, and when prices were pinned (0 before).
    function pinning()
        external
        view
        returns (bool hasState, uint64 nextEpoch, uint64 firstEpoch, uint64 lastEpoch, uint64 pricesPinnedSeconds);

    /// @notice What accounts are valued at, zeros before.
    function prices() external view returns (uint32[8] memory pricesTicks);

    /// @notice The pool at the freeze, claims filed in time, and what was credited beyond them, micro-USD.
    function totals() external view returns (uint256 poolMicroUsd, uint256 filedMicroUsd, uint256 lateMicroUsd);

    /// @notice An account's claim that waits to be paid; an owner without an amount when it is paid, zeros when it was never filed.
    function claimOf(uint256 account) external view returns (address owner, uint256 equityMicroUsd);
}
