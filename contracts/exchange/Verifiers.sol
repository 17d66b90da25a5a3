// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {IBatchVerifier} from "../interfaces/IBatchVerifier.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {Terms} from "./Terms.sol";

/// @title Who judges proofs: one verifier a tier, and while it is exchanged the one before for what was begun under it.
abstract contract Verifiers is Terms {
    /// @dev Epochs before `sinceEpoch` are judged by `previous`, if there is one.
    struct Succession {
        address current;
        uint64 sinceEpoch;
        address previous;
    }

    mapping(uint256 tier => Succession) private _successions;

    constructor(address[] memory verifiers) {
        for (uint256 tier = 0; tier < verifiers.length; ++tier) {
            if (verifiers[tier] != address(0)) _addVerifier(tier, verifiers[tier]);
        }
    }

    /// @inheritdoc IExchange
    function addVerifier(uint256 tier, address verifier) external governed {
        _addVerifier(tier, verifier);
    }

    /// @inheritdoc IExchange
    function retireVerifier(uint256 tier, address verifier) external governed {
        Succession storage succession = _successions[tier];
        if (verifier == address(0)) revert ZeroAddress();
        if (verifier == succession.current) {
            succession.current = succession.previous;
        } else if (verifier != succession.previous) {
            revert UnknownVerifier(tier, verifier);
        }
        succession.previous = address(0);
        emit VerifierRetired(tier, verifier);
    }

    /// @inheritdoc IExchange
    function verifierOf(uint256 tier) external view returns (address) {
        return _successions[tier].current;
    }

    /// @inheritdoc IExchange
    function successionOf(uint256 tier) external view returns (address previous, uint64 sinceEpoch) {
        Succession storage succession = _successions[tier];
        previous = succession.previous;
        if (previous != address(0)) sinceEpoch = succession.sinceEpoch;
    }

    /// @return verifier Who judges a batch of the tier in the epoch.
    function _verifierFor(uint256 tier, uint256 epochNumber) internal view returns (IBatchVerifier verifier) {
        Succession storage succession = _successions[tier];
        verifier = IBatchVerifier(succession.current);
        if (epochNumber < succession.sinceEpoch && succession.previous != address(0)) {
            verifier = IBatchVerifier(succession.previous);
        }
        if (address(verifier) == address(0)) revert NoVerifier(tier);
        // Asked again at every batch: a fork may give the chain another id.
        _refuseDevKeyWithMoney(verifier);
    }

    function _addVerifier(uint256 tier, address verifier) private {
        Protocol.tierOf(tier);
        if (verifier == address(0)) revert ZeroAddress();
        Succession storage succession = _successions[tier];
        address current = succession.current;
        if (succession.previous != address(0) || verifier == current) revert VerifierAlreadySet(tier, current);
        _refuseDevKeyWithMoney(IBatchVerifier(verifier));
        uint64 sinceEpoch = current == address(0) ? 0 : _newestEpoch() + 1;
        _successions[tier] = Succession(verifier, sinceEpoch, current);
        emit VerifierAdded(tier, verifier, sinceEpoch);
    }

    function _refuseDevKeyWithMoney(IBatchVerifier verifier) private view {
        if (!Protocol.isDevChain(block.chainid) && verifier.isInsecureDevKey()) {
            revert IBatchVerifier.InsecureDevKeyOnChain(block.chainid);
        }
    }
}
