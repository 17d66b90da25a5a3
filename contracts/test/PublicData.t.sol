// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Protocol} from "../generated/Protocol.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {PublicData} from "../libraries/PublicData.sol";
import {TestBase} from "./TestBase.sol";

contract PublicDataTest is TestBase {
    uint256 private constant R = Protocol.FIELD_ORDER;

    /// @dev Through a call of its own, so that a revert can be expected.
    function evaluate(bytes memory data, uint256 z) external pure returns (uint256) {
        return PublicData.evaluate(data, z);
    }

    function testFuzz_evaluate_isTheSumOfWordsTimesPowers(uint256[] memory words, uint256 z) public pure {
        z %= R;
        uint256 expected = 0;
        uint256 power = 1;
        for (uint256 i = 0; i < words.length; ++i) {
            words[i] %= R;
            expected = addmod(expected, mulmod(words[i], power, R), R);
            power = mulmod(power, z, R);
        }
        assertEq(PublicData.evaluate(abi.encodePacked(words), z), expected);
    }

    function testFuzz_evaluate_namesTheFirstWordNotInTheField(
        uint256[] memory words,
        uint256 place,
        uint256 excess,
        uint256 z
    ) public {
        vm.assume(words.length != 0);
        place %= words.length;
        for (uint256 i = 0; i < words.length; ++i) {
            words[i] %= R;
        }
        words[place] = R + (excess % (type(uint256).max - R + 1));
        vm.expectRevert(abi.encodeWithSelector(IExchange.WordNotInField.selector, place, words[place]));
        this.evaluate(abi.encodePacked(words), z % R);
    }

    function testFuzz_evaluate_differsWhenAWordDiffers(uint256[] memory words, uint256 place, uint256 by) public pure {
        vm.assume(words.length != 0);
        for (uint256 i = 0; i < words.length; ++i) {
            words[i] %= R;
        }
        by = 1 + (by % (R - 1));
        place %= words.length;
        uint256 z = uint256(keccak256(abi.encodePacked(words))) % R;
        vm.assume(z != 0);
        uint256 before = PublicData.evaluate(abi.encodePacked(words), z);
        words[place] = addmod(words[place], by, R);
        assertTrue(PublicData.evaluate(abi.encodePacked(words), z) != before);
    }

    function testFuzz_challenge_dependsOnEverything(
        bytes32[3] memory words,
        uint256 tier,
        uint256 commitment,
        uint8 place
    ) public {
        tier %= 3;
        bytes memory data = abi.encodePacked(words);
        uint256 z = PublicData.challenge(data, tier, commitment);
        assertTrue(z < R);
        assertTrue(PublicData.challenge(data, tier + 1, commitment) != z);
        unchecked {
            assertTrue(PublicData.challenge(data, tier, commitment + 1) != z);
        }
        data[place % data.length] ^= 0x01;
        assertTrue(PublicData.challenge(data, tier, commitment) != z);
        data[place % data.length] ^= 0x01;
        uint256 here = block.chainid;
        vm.chainId(1);
        assertTrue(PublicData.challenge(data, tier, commitment) != z);
        vm.chainId(here);
        assertEq(PublicData.challenge(data, tier, commitment), z);
    }
}
