import { type Static, Type } from "typebox";
import { Anything, Ms, nullable, oneOf, STRICT, Text, Whole, WholeOrNull } from "./field.ts";

export const WireBatch = Type.Object(
  { batchNumber: Whole, txHash: Text, firstStep: Whole, lastStep: Whole, provenAtMs: Ms, details: Anything },
  STRICT,
);
export type WireBatch = Static<typeof WireBatch>;

export const WireBatches = Type.Object({ batches: Type.Array(WireBatch) }, STRICT);

export const WireOracleSigner = Type.Object(
  {
    signer: Type.String({ description: "Address." }),
    round: nullable(Whole, "Of its newest report; null before the first, as all that follows from it."),
    timeSeconds: WholeOrNull,
    ageSeconds: WholeOrNull,
    drift: Type.Array(Type.Object({ market: Text, ppm: Whole }, STRICT), {
      description: "How far its prices are from the newest medians; a market without either is left out.",
    }),
    refused: Type.Integer({ description: "Its reports that were refused." }),
  },
  STRICT,
);
export type WireOracleSigner = Static<typeof WireOracleSigner>;

export const WireOracleMarket = Type.Object(
  {
    market: Text,
    median: Type.String({
      description: "Newest median. The PriceOracle may hold it back: what counts is the epoch's price.",
    }),
    ageSeconds: Whole,
    prices: Type.Integer({ description: "Signers' prices behind it." }),
  },
  STRICT,
);
export type WireOracleMarket = Static<typeof WireOracleMarket>;

/** Where prices come from: who reports, and what the reports agree on. */
export const WireOracle = Type.Object(
  {
    threshold: Type.Integer({ description: "Prices that a median needs." }),
    round: Type.Integer({ description: "Newest complete round; 0 before the first." }),
    accepted: Type.Integer({ description: "Reports that were taken." }),
    refused: Type.Integer({ description: "Reports that were not, strangers' included." }),
    signers: Type.Array(WireOracleSigner),
    markets: Type.Array(WireOracleMarket, { description: "Those that have had a median." }),
  },
  STRICT,
);
export type WireOracle = Static<typeof WireOracle>;

/** How far the past is written down, for reading later and after a restart. */
export const WireHistoryStatus = Type.Object(
  {
    throughCommand: Type.Integer({ description: "The last command in it." }),
    beginsAfter: Type.Integer({ description: "Commands up to this one were never in it." }),
    waitingRows: Type.Integer({ description: "Rows that are not written yet." }),
    isFull: Type.Boolean({ description: "So many wait that new orders wait, too." }),
    trouble: nullable(Text, "Why nothing is written at the moment; it is tried again, and nothing is dropped."),
  },
  STRICT,
);

export const WireStatus = Type.Object(
  {
    status: oneOf(["starting", "trading", "backlogged", "halted"]),
    epoch: Type.Object({ number: Whole, timeSeconds: Whole }, STRICT),
    commands: Whole,
    queueCursor: Type.Integer({
      description:
        "Entries of the L1 queue (registrations, deposits) that were taken: index n is credited once this is above n.",
    }),
    refused: Whole,
    journalHead: Text,
    openOrders: Whole,
    orders: Whole,
    fills: Whole,
    steps: Type.Object({ emitted: Whole, proven: Whole }, STRICT),
    unprovenRows: Type.Integer({
      description: "Rows matched and not yet proven, at most; from the limit on, orders that could trade wait.",
    }),
    unprovenRowsMax: Whole,
    lastBatch: nullable(WireBatch),
    atMs: Ms,
    history: WireHistoryStatus,
    oracle: nullable(WireOracle, "null where no reports are taken."),
    chain: { ...Anything, description: "What the chain side adds." },
  },
  STRICT,
);
export type WireStatus = Static<typeof WireStatus>;

/** When the sequencer worked, by the times of the commands in its journal. */
export const WireUptime = Type.Object(
  {
    sinceMs: nullable(Ms, "Time of the oldest command that is known; null before any."),
    silenceMs: Type.Integer({
      description:
        "Time without a command from which on it counts as down: a running sequencer takes samples all the time.",
    }),
    downMs: Type.Integer({ description: "All such times since then, together." }),
    downtimes: Type.Array(Type.Object({ fromMs: Ms, toMs: nullable(Ms, "null while it lasts.") }, STRICT), {
      description: "By increasing time, the newest 1,000.",
    }),
  },
  STRICT,
);
export type WireUptime = Static<typeof WireUptime>;

export const WireTime = Type.Object(
  {
    timeMs: Type.Integer({ description: "The matcher's clock." }),
    epochNumber: Whole,
    epochTimeSeconds: Type.Integer({ description: "Expiry is judged by this." }),
  },
  STRICT,
);
export type WireTime = Static<typeof WireTime>;
