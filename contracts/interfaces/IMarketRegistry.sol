// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

/// @notice What a market index stands for.
enum MarketStatus {
    /// No market.
    None,
    /// It trades.
    Live,
    /// Closed for good: the first fresh price after the decision is the last one. For one epoch the market closes at it, without
    /// growth; from the next one on positions are settled at it.
    Retired
}

/// @notice Risk terms of one market in one parameter version. The fields up to `isolatedOnly` are one storage slot.
struct MarketParameters {
    /// Initial margin fraction while open interest is small, parts per million.
    uint32 imfPpm;
    /// Maintenance margin fraction, parts per million; at most the initial one.
    uint32 mmfPpm;
    /// Greatest distance of a row's mean price from the epoch's, parts per million of it.
    uint32 bandPpm;
    /// Gross open interest may not grow beyond this, lots, below 2^48.
    uint64 openInterestCapLots;
    /// No account's position may grow beyond this, lots, below 2^40.
    uint64 positionCapLots;
    MarketStatus status;
    /// A tick is 10^this USD. For display; with the lot's exponent it gives −6: tick times lot is one micro-USD.
    int8 tickSizeExponent;
    /// A lot is 10^this units of the base asset.
    int8 lotSizeExponent;
    /// Whether a position may only grow here in an account that has none elsewhere, and elsewhere in one that has none here.
    bool isolatedOnly;
    /// How far from the price a forced exit may be closed, parts per million of it; 1 … the maintenance fraction, so that closing
    /// anything of an account above maintenance keeps it there, and leaving is never a free option.
    uint32 exitHaircutPpm;
    /// Up to this one-sided open notional the initial margin fraction stays, micro-USD.
    uint96 openInterestLowerCapMicroUsd;
    /// From this one on it is 10^6 ppm, micro-USD; linear in between. 0, with a lower one of 0, switches scaling off.
    uint96 openInterestUpperCapMicroUsd;
    /// ASCII, zero padded, for example "BTC-USD".
    bytes32 symbol;
}

/// @notice One parameter version.
struct RiskParameters {
    /// Greatest rebate of a row, parts per million of its quote.
    uint32 rebateCapPpm;
    /// Bound of funding: parts per million of the price per hour.
    uint32 maxFundingRatePpmPerHour;
    /// Most that a liquidation pays to the insurance fund, parts per million of its quote.
    uint32 liquidationFeeCapPpm;
    /// How far from the index price a bankrupt account may be liquidated, parts per million of its maintenance margin.
    uint32 liquidationSpreadPpm;
    /// How fast that distance is reached below maintenance, parts per million: 10^6 reaches it at a value of zero.
    uint32 bankruptcyAdjustmentPpm;
    /// Most that the insurance fund pays in an epoch, micro-USD.
    uint64 insuranceCapMicroUsd;
    /// All eight markets.
    MarketParameters[8] markets;
}

/// @title Markets and their risk parameters by version: appended by the owner, never changed.
/// @notice A version takes effect with the next epoch, whose hash binds its number; batches of earlier epochs keep theirs.
/// @notice A live market keeps symbol and units and can only be retired. A retired one stays retired until its index is given to
/// a new market, which takes that nobody can hold a position under the old one any more.
interface IMarketRegistry {
    /// @notice A parameter version was appended. The hash is keccak256(abi.encode(parameters)).
    event ParametersAppended(uint256 indexed version, bytes32 parametersHash, RiskParameters parameters);
    /// @notice A retired market's index was given to a new market. Prices up to this time, seconds, are the old one's.
    event MarketReplaced(uint256 indexed market, bytes32 oldSymbol, bytes32 newSymbol, uint256 sinceSeconds);

    /// @notice Thrown when an address that must not be zero is.
    error ZeroAddress();
    /// @notice Thrown when a market's fractions are refused: 1 ≤ maintenance ≤ initial ≤ 10^6, band < 10^6.
    error InvalidMargin(uint256 market, uint256 imfPpm, uint256 mmfPpm, uint256 bandPpm);
    /// @notice Thrown when a market's exit haircut is zero or above its maintenance fraction.
    error InvalidExitHaircut(uint256 market, uint256 exitHaircutPpm, uint256 mmfPpm);
    /// @notice Thrown when an open-interest cap does not fit in 48 bits.
    error InvalidOpenInterestCap(uint256 market, uint256 openInterestCapLots);
    /// @notice Thrown when the lower bound of open-interest scaling is above the upper one.
    error InvalidOpenInterestScaling(uint256 market, uint256 lowerCapMicroUsd, uint256 upperCapMicroUsd);
    /// @notice Thrown when a position cap does not fit in 40 bits.
    error InvalidPositionCap(uint256 market, uint256 positionCapLots);
    /// @notice Thrown when a tick times a lot is not one micro-USD.
    error InvalidExponents(uint256 market, int256 tickSizeExponent, int256 lotSizeExponent);
    /// @notice Thrown when the rebate cap or the funding bound is above 10^6 ppm.
    error InvalidRate(uint256 ratePpm);
    /// @notice Thrown when a liquidation could cost more than a tenth of its quote.
    error InvalidLiquidationFee(uint256 feeCapPpm);
    /// @notice Thrown when the spread is zero or does not fit in 22 bits.
    error InvalidLiquidationSpread(uint256 spreadPpm);
    /// @notice Thrown when spread times maintenance fraction reaches the whole price: a liquidation could be for nothing.
    error LiquidationPriceNotPositive(uint256 market, uint256 spreadPpm, uint256 mmfPpm);
    /// @notice Thrown when the bankruptcy adjustment is below 10^6 ppm or does not fit in 24 bits.
    error InvalidBankruptcyAdjustment(uint256 bankruptcyAdjustmentPpm);
    /// @notice Thrown when a market would go where it may not: only None → Live → Retired → Live (another market).
    error InvalidStatusChange(uint256 market, MarketStatus from, MarketStatus to);
    /// @notice Thrown when a market would change its symbol or units under open positions.
    error MarketChanged(uint256 market);
    /// @notice Thrown when a retired market's index would be given away while somebody may hold a position under it.
    error MarketNotVacant(uint256 market);
    /// @notice Thrown when there is no such parameter version.
    error UnknownParameterVersion(uint256 latest, uint256 given);

    /// @notice Appends a parameter version. Owner only.
    /// @return version Versions count from 1.
    function appendParameters(RiskParameters calldata parameters) external returns (uint256 version);

    /// @notice The newest parameter version, 0 before the first.
    function latestVersion() external view returns (uint256);

    /// @notice A parameter version. Reverts with UnknownParameterVersion.
    function parameters(uint256 version) external view returns (RiskParameters memory);

    /// @notice keccak256(abi.encode(parameters)) of a version. Reverts with UnknownParameterVersion.
    function parametersHash(uint256 version) external view returns (bytes32);

    /// @notice What an epoch needs of the newest version: all but the symbols, and of indices without market nothing.
    /// Reverts with UnknownParameterVersion before the first.
    function newestTerms() external view returns (uint32 version, RiskParameters memory terms);

    /// @notice Per market the time, seconds, up to which prices under its index are those of an earlier market; 0 if it is the first.
    function sinceSeconds() external view returns (uint32[8] memory);

    /// @notice The Exchange whose markets these are.
    function exchange() external view returns (address);
}
