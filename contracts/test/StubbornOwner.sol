// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

/// @title An account's owner that is a contract: whatever ether comes back to it, it refuses, or answers with a call of its own.
contract StubbornOwner {
    bytes private _answer;

    receive() external payable {
        if (_answer.length == 0) revert("no ether, please");
        _call(msg.sender, 0, _answer);
    }

    /// @param answer What it calls whoever sends it ether with; empty to refuse.
    function setAnswer(bytes calldata answer) external {
        _answer = answer;
    }

    function act(address target, bytes calldata data) external payable {
        _call(target, msg.value, data);
    }

    function _call(address target, uint256 value, bytes memory data) private {
        (bool done, bytes memory result) = target.call{value: value}(data);
        if (done) return;
        assembly ("memory-safe") {
            revert(add(result, 32), mload(result))
        }
    }
}
