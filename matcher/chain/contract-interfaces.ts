import { Interface } from "ethers";
import { ESCAPE_ABI, EXCHANGE_ABI, MARKET_REGISTRY_ABI, PRICE_ORACLE_ABI, TEST_DOLLAR_ABI } from "../protocol/abi.ts";

/** The Exchange's functions and events, and all errors that come up through it. */
export const EXCHANGE = new Interface(EXCHANGE_ABI);
/** The escape's functions and events, and all errors that come up through it. */
export const ESCAPE = new Interface(ESCAPE_ABI);
export const MARKET_REGISTRY = new Interface(MARKET_REGISTRY_ABI);
export const PRICE_ORACLE = new Interface(PRICE_ORACLE_ABI);
export const TEST_DOLLAR = new Interface(TEST_DOLLAR_ABI);
