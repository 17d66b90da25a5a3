/**
 * The single source of truth: every width, scale, tag, order and tier of the protocol.
 *
 * `scripts/generate.ts` writes circuits/generated/protocol.circom and contracts/generated/Protocol.sol from this file; a test
 * fails when they are stale. The same in words, with the reasons: docs/protocol.md.
 */

/** BN254 scalar field order: every word of the public data and every signal is below it. */
export const FIELD_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
/** Order ℓ of BabyJubJub's prime subgroup. */
export const SUBGROUP_ORDER = 2736030358979909402780800718157159386076813972158567259200215660948447373041n;

// ── Scales ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Rates, fractions and fees are parts per million; micro-USD × ppm = pico-USD, which is why nothing needs rounding. */
export const PPM = 1_000_000;
/** Collateral units (pico-USD) in one quote unit (micro-USD, the token's smallest unit). */
export const PICO_PER_MICRO = 1_000_000n;

// ── Widths, in bits ──────────────────────────────────────────────────────────────────────────────────────────────────────
export const WIDTH = {
  account: 18,
  market: 3,
  side: 1,
  keepFilled: 1,
  flags: 8,
  slot: 12,
  sequence: 48,
  /** Low bits of a sequence: revisions of one order; the bits above are its number. */
  revision: 6,
  timeSeconds: 32,
  maxFee: 20,
  priceTicks: 32,
  quantityLots: 40,
  /** price × quantity. */
  quoteMicroUsd: 72,
  /** Withdrawal amount as signed: price and quantity fields side by side. */
  withdrawalMicroUsd: 72,
  /** A deposit's amount. */
  depositMicroUsd: 64,
  ratePpm: 20,
  /** |collateral| < 2^96, stored in the public data with that offset: 97 bits. */
  collateralMagnitude: 96,
  /** |size| < 2^40. */
  sizeMagnitude: 40,
  /** Lane stride of a packed size word: wider than a lane's 41 bits so that ≤ 64 row deltas can never reach the next lane. */
  sizeLane: 48,
  /** |funding index| < 2^63. */
  fundingIndexMagnitude: 63,
  grossOpenInterest: 48,
  /** Greatest |size| that an account may grow to in a market. */
  positionCapLots: 40,
  marketFlag: 1,
  /** Share of maintenance margin by which a liquidation's price may leave the index price, ppm: up to four times. */
  liquidationSpread: 22,
  bankruptcyAdjustment: 24,
  /** What the insurance fund may pay in one epoch. */
  insuranceCapMicroUsd: 64,
  /** What it has paid in the epoch, pico-USD: never more than its cap. */
  insuranceSpent: 84,
  withdrawalNonce: 32,
  batchNumber: 64,
  epochNumber: 64,
  queueCursor: 64,
  queueCount: 8,
  /** How a batch served a request. */
  requestOutcome: 2,
  feeDelta: 112,
  rowKind: 3,
  /** Of an unsigned row. */
  liquidationKind: 4,
  accountSlot: 6,
  queueKind: 4,
  owner: 160,
} as const;

// ── Shapes ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const MARKETS = 8;
export const LANES_PER_WORD = 4;
export const SIZE_WORDS = 2;
/** All Merkle trees are 8-ary with H_8 nodes. */
export const TREE_ARITY = 8;
export const ACCOUNT_TREE_LEVELS = 6;
export const ORDER_TREE_LEVELS = 4;
export const ACCOUNTS = TREE_ARITY ** ACCOUNT_TREE_LEVELS;
export const ORDER_SLOTS = TREE_ARITY ** ORDER_TREE_LEVELS;
/** The insurance fund's leaf: never in a row, may receive deposits. */
export const INSURANCE_ACCOUNT = 0;
/** `filled` of a cancelled slot: no order quantity can exceed it. */
export const FILLED_CANCELLED = 2 ** WIDTH.quantityLots - 1;
export const MAX_FEE_OFFSET_PPM = 2 ** (WIDTH.maxFee - 1);

// ── Kinds ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const ROW_KIND = {
  none: 0,
  order: 1,
  cancel: 2,
  cancelAll: 3,
  withdrawal: 4,
  transfer: 5,
  /** Not signed: in places of their own (docs/protocol.md §5a). */
  liquidation: 6,
  deleveraging: 7,
  /** Not signed either, and beyond the signed rows' three bits: what a request asked for (docs/protocol.md §5b). */
  exitFill: 10,
  forcedClose: 11,
} as const;
export type RowKindName = keyof typeof ROW_KIND;

/**
 * Kinds of signed messages. Beyond the rows' three bits stand those that are the matcher's to keep: the circuit cannot name them, so that
 * no signature under one can be taken for a row's.
 */
export const MESSAGE_KIND = {
  order: ROW_KIND.order,
  cancel: ROW_KIND.cancel,
  cancelAll: ROW_KIND.cancelAll,
  withdrawal: ROW_KIND.withdrawal,
  transfer: ROW_KIND.transfer,
  marginMode: 2 ** WIDTH.rowKind,
  login: 2 ** WIDTH.rowKind + 1,
} as const;

export const QUEUE_KIND = {
  none: 0,
  registration: 1,
  deposit: 2,
  /** Requests, of which a batch serves one at most (docs/protocol.md §5b). */
  forcedExit: 3,
  keyRotation: 4,
  liquidationRequest: 5,
  cancelAll: 6,
} as const;

/** How a batch served a request. The first two consume it, the last leaves it at the head. */
export const REQUEST_OUTCOME = { none: 0, done: 1, inapplicable: 2, advanced: 3 } as const;

// ── Domain tags ──────────────────────────────────────────────────────────────────────────────────────────────────────────
/** ASCII of a label as a big-endian number, shifted left by 32 bits to leave room for what is added to it. */
function tag(label: string): bigint {
  let value = 0n;
  for (let i = 0; i < label.length; i++) value = (value << 8n) | BigInt(label.charCodeAt(i));
  return value << 32n;
}
/** First input of a signed message's hash; the row kind is added. */
export const TAG_MESSAGE = tag("clearbook.message.1");
/** Start of the public-data sponge; tier + 2^16 · n is added. */
export const TAG_SPONGE = tag("clearbook.data.1");
/** First word under the keccak that gives the evaluation point z. */
export const TAG_CHALLENGE = tag("clearbook.challenge.1");
/** First word under the keccak of a funding interval. */
export const TAG_FUNDING = tag("clearbook.funding.1");
/** Text under keccak256(abi.encode(keccak256(text), chainId, exchange)) >> 8: the domain of signed messages. */
export const DOMAIN_TEXT = "Clearbook L2 message v1";

// ── The packed words ─────────────────────────────────────────────────────────────────────────────────────────────────────
/** A field of a packed word: name and width, least significant first. */
export type Layout = readonly (readonly [name: string, bits: number])[];

export const MESSAGE_WORD = [
  ["account", WIDTH.account],
  ["market", WIDTH.market],
  ["side", WIDTH.side],
  ["keepFilled", WIDTH.keepFilled],
  ["flags", WIDTH.flags],
  ["slot", WIDTH.slot],
  ["sequence", WIDTH.sequence],
  ["expirySeconds", WIDTH.timeSeconds],
  ["maxFee", WIDTH.maxFee],
  ["limitPriceTicks", WIDTH.priceTicks],
  ["quantityLots", WIDTH.quantityLots],
] as const satisfies Layout;

export const COUNTERS_WORD = [
  ["withdrawalNonce", WIDTH.withdrawalNonce],
  ["minSequence", WIDTH.sequence],
] as const satisfies Layout;

export const SLOT_WORD = [
  ["sequence", WIDTH.sequence],
  ["filledLots", WIDTH.quantityLots],
] as const satisfies Layout;

export const QUEUE_HEAD_WORD = [
  ["kind", WIDTH.queueKind],
  ["account", WIDTH.account],
  /** Of a deposit; of a request the new minimum sequence, where it brings one. */
  ["amountMicroUsd", WIDTH.depositMicroUsd],
] as const satisfies Layout;

export const EPOCH_WORD = [
  ["batchNumber", WIDTH.batchNumber],
  ["epochNumber", WIDTH.epochNumber],
  ["epochTimeSeconds", WIDTH.timeSeconds],
  ["rebateCapPpm", WIDTH.ratePpm],
] as const satisfies Layout;

export const QUEUE_CURSOR_WORD = [
  ["queueCursor", WIDTH.queueCursor],
  /** Registrations and deposits. */
  ["queueCount", WIDTH.queueCount],
  ["requestOutcome", WIDTH.requestOutcome],
] as const satisfies Layout;

export const MARKET_WORD = [
  ["priceTicks", WIDTH.priceTicks],
  ["imfPpm", WIDTH.ratePpm],
  ["mmfPpm", WIDTH.ratePpm],
  ["priceMinTicks", WIDTH.priceTicks],
  ["priceMaxTicks", WIDTH.priceTicks],
  /** + 2^63. */
  ["fundingIndexOffset", WIDTH.fundingIndexMagnitude + 1],
  /** The price is not fresh: nothing grows, nothing is liquidated, who has a position pays nothing out. */
  ["restricted", WIDTH.marketFlag],
  /** Closed for good: whoever is touched is settled at the price. */
  ["retired", WIDTH.marketFlag],
  /** Nobody may grow a position here beside one elsewhere. */
  ["isolatedOnly", WIDTH.marketFlag],
  ["positionCapLots", WIDTH.positionCapLots],
] as const satisfies Layout;

/** What an epoch fixes for liquidations (docs/protocol.md §5a). */
export const LIQUIDATION_TERMS_WORD = [
  ["feeCapPpm", WIDTH.ratePpm],
  ["spreadPpm", WIDTH.liquidationSpread],
  ["bankruptcyAdjustmentPpm", WIDTH.bankruptcyAdjustment],
  ["insuranceCapMicroUsd", WIDTH.insuranceCapMicroUsd],
] as const satisfies Layout;

export const WITHDRAWAL_WORD = [
  ["owner", WIDTH.owner],
  ["amountMicroUsd", WIDTH.withdrawalMicroUsd],
] as const satisfies Layout;

export const ROW_WORD = [
  ["kind", WIDTH.rowKind],
  ["accountSlot", WIDTH.accountSlot],
  ["slot", WIDTH.slot],
  ["sequence", WIDTH.sequence],
  ["filledAfterLots", WIDTH.quantityLots],
  ["market", WIDTH.market],
  ["side", WIDTH.side],
  ["quantityLots", WIDTH.quantityLots],
  ["quoteMicroUsd", WIDTH.quoteMicroUsd],
] as const satisfies Layout;

/** A row that nobody signed. Payout, fee and the fund's part follow from the accounts' words before and after. */
export const LIQUIDATION_WORD = [
  ["kind", WIDTH.liquidationKind],
  ["accountSlot", WIDTH.accountSlot],
  /** Deleveraging and forced close only. */
  ["counterpartySlot", WIDTH.accountSlot],
  ["market", WIDTH.market],
  /** Of the account: what it does to its position. */
  ["side", WIDTH.side],
  ["quantityLots", WIDTH.quantityLots],
  ["quoteMicroUsd", WIDTH.quoteMicroUsd],
] as const satisfies Layout;

export const ACCOUNT_WORD = [
  ["active", 1],
  ["account", WIDTH.account],
  ["withdrawalNonce", WIDTH.withdrawalNonce],
  ["minSequence", WIDTH.sequence],
  /** + 2^96. */
  ["collateralOffset", WIDTH.collateralMagnitude + 1],
] as const satisfies Layout;

// ── Funding intervals: off chain, only their hash is published ───────────────────────────────────────────────────────────
/** A signed rate is stored with this added. */
export const FUNDING_RATE_OFFSET_PPM = 2 ** 23;

/** Impact prices are in 2^−20 ticks: a millionth of a tick. */
export const IMPACT_FRACTION_BITS = 20;

export const FUNDING_HEADER_WORD = [
  ["interval", WIDTH.timeSeconds],
  ["intervalSeconds", WIDTH.timeSeconds],
  ["slotSeconds", WIDTH.timeSeconds],
  ["sampleSeconds", WIDTH.timeSeconds],
  /** In force when the interval was sealed; its margin fractions clamp the rate. */
  ["epochNumber", 48],
  /** How many words of terms and of samples follow. */
  ["terms", WIDTH.market + 1],
  ["samples", 32],
] as const satisfies Layout;

export const FUNDING_TERMS_WORD = [
  ["market", WIDTH.market],
  ["impactNotionalMicroUsd", 53],
  /** + 2^23. */
  ["interestOffsetPpm", 24],
  ["rateMaxPpm", 24],
] as const satisfies Layout;

/** One market in one sample. */
export const FUNDING_SAMPLE_WORD = [
  ["timeSeconds", WIDTH.timeSeconds],
  /** In force at that time: the index is its price. */
  ["epochNumber", 48],
  ["market", WIDTH.market],
  ["indexTicks", WIDTH.priceTicks],
  ["premiumMaxPpm", 26],
  /** 0 when the side is not deep enough. */
  ["impactBidTicksQ20", WIDTH.priceTicks + IMPACT_FRACTION_BITS],
  ["impactAskTicksQ20", WIDTH.priceTicks + IMPACT_FRACTION_BITS],
] as const satisfies Layout;

// ── Tiers and the public-data layout ─────────────────────────────────────────────────────────────────────────────────────
export interface Tier {
  /** Number used on chain and in the sponge's start. */
  id: number;
  name: string;
  /** Row positions R. */
  rows: number;
  /** Account slots A. */
  accounts: number;
  /** Queue entries Q. */
  queue: number;
  /** Withdrawals W: only rows 0 … W−1 may be withdrawals. */
  withdrawals: number;
  /** Unsigned rows L: liquidations, deleveragings, exit fills and forced closes, with places of their own. */
  liquidations: number;
  /** Levels of the account tree kept as registers: 0 proves full paths; 2 recomputes the top 64 sub-roots once a batch. */
  registerLevels: 0 | 2;
}

export const TIERS: readonly Tier[] = [
  { id: 0, name: "test", rows: 2, accounts: 3, queue: 1, withdrawals: 2, liquidations: 1, registerLevels: 0 },
  { id: 1, name: "small", rows: 4, accounts: 3, queue: 2, withdrawals: 2, liquidations: 1, registerLevels: 0 },
  { id: 2, name: "large", rows: 16, accounts: 16, queue: 4, withdrawals: 4, liquidations: 4, registerLevels: 2 },
];

/** Words before the queue section, by index. */
export const HEADER = {
  domain: 0,
  oldRoot: 1,
  newRoot: 2,
  epoch: 3,
  queueCursor: 4,
  journalHead: 5,
  fundingDigest: 6,
  feeDelta: 7,
  insuranceSpentBefore: 8,
  insuranceSpentAfter: 9,
  liquidationTerms: 10,
  markets: 11,
  grossOpenInterestBefore: 19,
  grossOpenInterestAfter: 21,
  grossOpenInterestCap: 23,
  exitHaircuts: 25,
} as const;
export const HEADER_WORDS = 26;
export const QUEUE_ENTRY_WORDS = 4;
export const ACCOUNT_SLOT_WORDS = 3;
/** Words absorbed per Poseidon call beside the chaining value. */
export const SPONGE_RATE = 15;

/** Offsets and length, in words, of the public data of a tier. */
export interface DataLayout {
  queue: number;
  request: number;
  withdrawals: number;
  /** What a forced exit pays, behind the withdrawals. */
  exitPayout: number;
  rows: number;
  liquidations: number;
  accounts: number;
  length: number;
}

export function dataLayout(tier: Tier): DataLayout {
  const queue = HEADER_WORDS;
  const request = queue + tier.queue * QUEUE_ENTRY_WORDS;
  const withdrawals = request + QUEUE_ENTRY_WORDS;
  const exitPayout = withdrawals + tier.withdrawals;
  const rows = exitPayout + 1;
  const liquidations = rows + tier.rows;
  const accounts = liquidations + tier.liquidations;
  const length = accounts + tier.accounts * ACCOUNT_SLOT_WORDS;
  return { queue, request, withdrawals, exitPayout, rows, liquidations, accounts, length };
}

export function tierById(id: number): Tier {
  const tier = TIERS.find((candidate) => candidate.id === id);
  if (tier === undefined) throw new RangeError(`no tier ${id}; tiers are ${TIERS.map((t) => t.id).join(", ")}`);
  return tier;
}

// ── Wallet key derivation ────────────────────────────────────────────────────────────────────────────────────────────────
export const KEY_PURPOSE = "Derive my Clearbook trading key. Sign only on the Clearbook site.";
export const KEY_SALT = "Clearbook trading key v1";
export const EIP712_NAME = "Clearbook";
export const EIP712_VERSION = "1";

/** Chains on which keys with a publicly known trapdoor may be used at all. */
export const DEV_CHAIN_IDS = [31337, 1337] as const;
