// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {QueueEntry} from "../interfaces/ExchangeTypes.sol";
import {Queue} from "../libraries/Queue.sol";
import {TestBase} from "./TestBase.sol";

contract QueueTest is TestBase {
    function follow(bytes32 start, QueueEntry[] calldata entries) external pure returns (bytes32, uint256) {
        return Queue.follow(start, entries);
    }

    function testFuzz_follow_isTheChainOfLinks(uint64[] memory amounts, bytes32 start) public view {
        QueueEntry[] memory entries = new QueueEntry[](amounts.length);
        bytes32 expected = start;
        uint256 total = 0;
        for (uint256 i = 0; i < amounts.length; ++i) {
            entries[i] = Queue.deposit(i % (1 << Protocol.ACCOUNT_BITS), amounts[i]);
            expected = Queue.link(expected, entries[i]);
            total += amounts[i];
        }
        (bytes32 end, uint256 sum) = this.follow(start, entries);
        assertTrue(end == expected);
        assertEq(sum, total);
    }

    function testFuzz_follow_differsInAnotherOrder(uint64 first, uint64 second, uint256 account) public view {
        vm.assume(first != second);
        account %= 1 << Protocol.ACCOUNT_BITS;
        QueueEntry[] memory entries = new QueueEntry[](2);
        (entries[0], entries[1]) = (Queue.deposit(account, first), Queue.deposit(account, second));
        (bytes32 there, ) = this.follow(0, entries);
        (entries[0], entries[1]) = (entries[1], entries[0]);
        (bytes32 back, ) = this.follow(0, entries);
        assertTrue(there != back);
    }

    function testFuzz_head_holdsEveryField(uint64 amount, uint256 account) public pure {
        account %= 1 << Protocol.ACCOUNT_BITS;
        uint256 head = Queue.deposit(account, amount).head;
        assertEq(head & ((1 << Protocol.QUEUE_KIND_BITS) - 1), Protocol.QUEUE_DEPOSIT);
        assertEq((head >> Protocol.QUEUE_HEAD_ACCOUNT_SHIFT) & ((1 << Protocol.ACCOUNT_BITS) - 1), account);
        assertEq(head >> Protocol.QUEUE_HEAD_AMOUNT_MICRO_USD_SHIFT, amount);
        assertTrue(head >> Protocol.QUEUE_HEAD_WIDTH == 0);
    }

    function testFuzz_request_holdsEveryField(uint256 kind, uint256 account, uint48 minSequence, uint256 ax, uint256 ay) public pure {
        kind = Protocol.QUEUE_FORCED_EXIT + (kind % 4);
        account %= 1 << Protocol.ACCOUNT_BITS;
        QueueEntry memory entry = Queue.request(kind, account, minSequence, ax, ay);
        assertEq(entry.head & ((1 << Protocol.QUEUE_KIND_BITS) - 1), kind);
        assertEq((entry.head >> Protocol.QUEUE_HEAD_ACCOUNT_SHIFT) & ((1 << Protocol.ACCOUNT_BITS) - 1), account);
        assertEq(entry.head >> Protocol.QUEUE_HEAD_AMOUNT_MICRO_USD_SHIFT, minSequence);
        assertTrue(entry.owner == address(0) && entry.ax == ax && entry.ay == ay);
    }

    function testFuzz_registration_holdsOwnerAndKey(address owner, uint256 ax, uint256 ay, uint256 account) public pure {
        account %= 1 << Protocol.ACCOUNT_BITS;
        QueueEntry memory entry = Queue.registration(account, owner, ax, ay);
        assertEq(entry.head, Protocol.QUEUE_REGISTRATION | (account << Protocol.QUEUE_HEAD_ACCOUNT_SHIFT));
        assertTrue(entry.owner == owner && entry.ax == ax && entry.ay == ay);
    }
}
