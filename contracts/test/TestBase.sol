// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {BatchInput, Epoch} from "../interfaces/ExchangeTypes.sol";
import {IMarketRegistry} from "../interfaces/IMarketRegistry.sol";

/// @title The cheat codes that the Solidity tests use.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function addr(uint256 privateKey) external pure returns (address);
    function assume(bool condition) external pure;
    function deal(address account, uint256 amountWei) external;
    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);
    function chainId(uint256 newChainId) external;
    function expectRevert(bytes calldata revertData) external;
    function expectRevert(bytes4 selector) external;
    function getNonce(address account) external view returns (uint64);
    function getRecordedLogs() external returns (Log[] memory logs);
    function mockCallRevert(address callee, bytes calldata data, bytes calldata revertData) external;
    function prank(address sender) external;
    function recordLogs() external;
    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function warp(uint256 timeSeconds) external;
}

/// @title Stands where an Exchange looks for its escape, when none is needed: names the Exchange that comes next.
contract IdleEscape {
    address public immutable exchange;

    constructor(address exchange_) {
        exchange = exchange_;
    }
}

/// @title What Solidity tests share.
abstract contract TestBase {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error NotEqual(uint256 left, uint256 right);
    error NotTrue();

    /// @notice An escape for the Exchange that the registry was made for.
    function escapeOf(address registry) internal returns (IdleEscape) {
        return new IdleEscape(IMarketRegistry(registry).exchange());
    }

    /// @dev What EpochOpened says, in its order.
    struct Opened {
        uint32 timeSeconds;
        uint32 paramVersion;
        uint32 rebateCapPpm;
        uint256 journalHead;
        uint256 liquidationTerms;
        bytes32 roundHash;
        uint256[8] marketWords;
        uint256[2] openInterestCapWords;
        uint256 exitHaircutsWord;
    }

    /// @notice The epoch whose opening is the last of the recorded logs.
    function openedEpoch(uint64 number) internal returns (Epoch memory) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Opened memory opened = abi.decode(logs[logs.length - 1].data, (Opened));
        return
            Epoch({
                number: number,
                timeSeconds: opened.timeSeconds,
                paramVersion: opened.paramVersion,
                rebateCapPpm: opened.rebateCapPpm,
                journalHead: opened.journalHead,
                liquidationTerms: opened.liquidationTerms,
                marketWords: opened.marketWords,
                openInterestCapWords: opened.openInterestCapWords,
                exitHaircutsWord: opened.exitHaircutsWord
            });
    }

    /// @notice One batch as settleBatches takes it.
    function alone(BatchInput memory input) internal pure returns (BatchInput[] memory inputs) {
        inputs = new BatchInput[](1);
        inputs[0] = input;
    }

    function assertEq(uint256 left, uint256 right) internal pure {
        if (left != right) revert NotEqual(left, right);
    }

    function assertTrue(bool condition) internal pure {
        if (!condition) revert NotTrue();
    }
}
