import { DEVNET_PRICE_BOUNDS, type PriceBounds } from "../../matcher/protocol/devnet-markets.ts";
import { type FundingSchedule, HOURLY_FUNDING, MINUTE_FUNDING } from "../../matcher/protocol/funding-schedule.ts";
import { GOVERNANCE_PROFILES, type GovernanceProfile, type ProfileName } from "../governance/profile.ts";

/** What a deployment of a kind is like, whoever makes it and on whichever chain. */
export interface DeploymentProfile {
  readonly name: ProfileName;
  /** Keys that everybody has are allowed, for proofs and for roles; and nothing but development chains. */
  readonly isForDevelopment: boolean;
  /** Without a token of its own it may deploy the worthless one. */
  readonly mayDeployTestDollar: boolean;
  /** Tokens that may be collateral, by chain id. */
  readonly collateral: Readonly<Record<number, readonly string[]>>;
  readonly governance: GovernanceProfile;
  readonly escapeWindows: EscapeWindows;
  readonly oracle: OracleTerms;
  readonly fundingSchedule: FundingSchedule;
  readonly minimumDepositMicroUsd: bigint;
  readonly depositCapMicroUsd: bigint;
  /** What a request costs while none waits: enough that nobody fills the queue for fun, little beside the gas of a claim. */
  readonly requestFeeWei: bigint;
  /** Blocks on top of each transaction before the next one is sent. */
  readonly confirmations: number;
}

/** Once frozen: which prices count, how long everybody may file, and how long those who come late. */
export interface EscapeWindows {
  readonly priceWindowSeconds: number;
  readonly claimWindowSeconds: number;
  readonly lateWindowSeconds: number;
}

export interface OracleTerms {
  /** A round may be this old when it is submitted. */
  readonly maxRoundAgeSeconds: number;
  /** Signers that there must be, and reports that a round needs. */
  readonly leastSigners: number;
  readonly threshold: number;
  /** Of every market. */
  readonly bounds: PriceBounds;
}

/**
 * USD Coin as its issuer deployed it. Its owner can blacklist addresses and change the code behind its proxy: whoever uses it
 * trusts that. Blocked recipients keep their claim, and block nobody else's.
 */
const USD_COIN: Readonly<Record<number, readonly string[]>> = {
  1: ["0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"],
  10: ["0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85"],
  8453: ["0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"],
  42161: ["0xaf88d065e77c8cC2239327C5EDb3A432268e5831"],
};
const TEST_USD_COIN: Readonly<Record<number, readonly string[]>> = {
  11155111: ["0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238"],
};

const DAY_SECONDS = 86_400;
/** A thousandth of the chain's coin. */
const REQUEST_FEE_WEI = 1_000_000_000_000_000n;

/** Reports of two of three: one liar moves nothing, and one silent signer stops nothing. */
const DEVNET_ORACLE: OracleTerms = {
  maxRoundAgeSeconds: 300,
  leastSigners: 3,
  threshold: 2,
  bounds: DEVNET_PRICE_BOUNDS,
};
/** A price may move 5 % at once and 0.1 % more with each second since the last one. */
const LIVE_ORACLE: OracleTerms = {
  maxRoundAgeSeconds: 300,
  leastSigners: 5,
  threshold: 3,
  bounds: { maxAgeSeconds: 60, deviationBasePpm: 50_000, deviationGrowthPpmPerSecond: 1_000 },
};

export const DEPLOYMENT_PROFILES: Readonly<Record<ProfileName, DeploymentProfile>> = {
  devnet: {
    name: "devnet",
    isForDevelopment: true,
    mayDeployTestDollar: true,
    collateral: {},
    // Long enough for proofs on a slow machine.
    governance: { ...GOVERNANCE_PROFILES.devnet, requestDeadlineSeconds: 600 },
    escapeWindows: { priceWindowSeconds: 300, claimWindowSeconds: 300, lateWindowSeconds: 120 },
    oracle: DEVNET_ORACLE,
    fundingSchedule: MINUTE_FUNDING,
    minimumDepositMicroUsd: 1_000_000n,
    depositCapMicroUsd: 1_000_000_000_000_000n,
    requestFeeWei: REQUEST_FEE_WEI,
    confirmations: 1,
  },
  testnet: {
    name: "testnet",
    isForDevelopment: false,
    mayDeployTestDollar: false,
    collateral: TEST_USD_COIN,
    governance: GOVERNANCE_PROFILES.testnet,
    escapeWindows: { priceWindowSeconds: 3_600, claimWindowSeconds: DAY_SECONDS, lateWindowSeconds: DAY_SECONDS },
    oracle: DEVNET_ORACLE,
    fundingSchedule: HOURLY_FUNDING,
    minimumDepositMicroUsd: 1_000_000n,
    depositCapMicroUsd: 1_000_000_000_000n,
    requestFeeWei: REQUEST_FEE_WEI,
    confirmations: 2,
  },
  production: {
    name: "production",
    isForDevelopment: false,
    mayDeployTestDollar: false,
    collateral: USD_COIN,
    governance: GOVERNANCE_PROFILES.production,
    // Long enough to file every leaf, for people who were on a journey.
    escapeWindows: {
      priceWindowSeconds: 3_600,
      claimWindowSeconds: 28 * DAY_SECONDS,
      lateWindowSeconds: 28 * DAY_SECONDS,
    },
    oracle: LIVE_ORACLE,
    fundingSchedule: HOURLY_FUNDING,
    minimumDepositMicroUsd: 10_000_000n,
    // Governance raises it as the exchange proves itself.
    depositCapMicroUsd: 5_000_000_000_000n,
    requestFeeWei: REQUEST_FEE_WEI,
    confirmations: 5,
  },
};
