/**
 * Constants that follow from the spec by computation. They are written down because browsers and Solidity need them at once;
 * test/protocol/derived.test.ts recomputes each.
 */

/** Root of an order tree with no used slot: leaf 0, four levels of H_8. */
export const EMPTY_ORDER_ROOT = 6190352091218036727882286149423839206305732835518369231577714611527246027376n;
/** Root of an account tree with no account: leaf 0, six levels of H_8. */
export const GENESIS_ACCOUNT_ROOT = 13308703203989939384185004084772934762505800887081417286194914714331511655714n;
/**
 * Start offset T of the circuit's scalar multiplication, a point of prime order whose discrete logarithm nobody knows:
 * counter = 0, 1, …: y = keccak256("clearbook.offset.1" ‖ counter byte) mod r, x the even root when the curve has one, then × 8.
 */
export const OFFSET_POINT = { x: 21032225359959256370455213933158031987764344246330302601205140894615633328575n, y: 9330802020168455959478832769996034715939539891186053642946269184703283624144n };
/** 2^254 · T: what the 254 doublings make of it. */
export const OFFSET_POINT_SHIFTED = { x: 10174466791094971289675552930529335951834959097091933396554747140776311406389n, y: 2366379078890566186242025264737876812315811746842221373244411446014883581742n };
