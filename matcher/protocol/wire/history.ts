import { type Static, Type } from "typebox";
import { Decimal, DecimalOrNull, Flag, Ms, nullable, oneOf, STRICT, Text, Whole, WireFinality } from "./field.ts";
import { WirePage } from "./page.ts";

export const CANDLE_RESOLUTIONS = ["1m", "5m", "15m", "1h", "4h", "1d"] as const;
export type WireCandleResolution = (typeof CANDLE_RESOLUTIONS)[number];

export const WireCandle = Type.Object(
  {
    startMs: Ms,
    open: Decimal,
    high: Decimal,
    low: Decimal,
    close: Decimal,
    volume: Type.String({ description: "Units of the base asset." }),
    quoteVolume: Type.String({ description: "USD." }),
    trades: Whole,
  },
  STRICT,
);
export type WireCandle = Static<typeof WireCandle>;

/** Spans without a trade have no candle. */
export const WireCandles = Type.Object(
  {
    market: Text,
    resolution: oneOf(CANDLE_RESOLUTIONS),
    candles: Type.Array(WireCandle, { description: "By increasing start; the last one may still be changing." }),
    nextMs: nullable(Ms, "Where to go on from, when `from` was given and there are more than the limit."),
  },
  STRICT,
);
export type WireCandles = Static<typeof WireCandles>;

/** What a touch of the account settled in one market; it covers every epoch after `fromEpoch` through `epoch`. */
export const WireFundingPayment = Type.Object(
  {
    id: Whole,
    account: Whole,
    market: Text,
    size: Type.String({ description: "Signed; held all the time." }),
    fromEpoch: Type.Integer({ description: "Epoch of the touch before; 0: older than the history." }),
    epoch: Type.Integer({ description: "Epoch of this touch." }),
    fromSeconds: Type.Integer({ description: "Times of the two epochs." }),
    toSeconds: Whole,
    perUnit: Type.String({ description: "What a long of one unit paid over that time, USD." }),
    amount: Type.String({ description: "USD, exact: received, or paid when negative." }),
    atMs: Ms,
    finality: WireFinality,
  },
  STRICT,
);
export type WireFundingPayment = Static<typeof WireFundingPayment>;

export const WireFundingPayments = Type.Object({ payments: Type.Array(WireFundingPayment), page: WirePage }, STRICT);
export type WireFundingPayments = Static<typeof WireFundingPayments>;

export const WireDeposit = Type.Object({ account: Whole, amount: Decimal, atMs: Ms, finality: WireFinality }, STRICT);
export type WireDeposit = Static<typeof WireDeposit>;

export const WireDeposits = Type.Object({ deposits: Type.Array(WireDeposit), page: WirePage }, STRICT);
export type WireDeposits = Static<typeof WireDeposits>;

/** A market's terms in an epoch. */
export const WireEpoch = Type.Object(
  {
    number: Whole,
    timeSeconds: Whole,
    atMs: Type.Integer({ description: "When it came into force here." }),
    indexPrice: DecimalOrNull,
    fundingIndex: nullable(Decimal, "What a long of one unit has paid since the market began, USD."),
    imfPpm: Whole,
    mmfPpm: Whole,
    restricted: Flag,
    retired: Flag,
    finality: WireFinality,
  },
  STRICT,
);
export type WireEpoch = Static<typeof WireEpoch>;

export const WireEpochs = Type.Object({ market: Text, epochs: Type.Array(WireEpoch), page: WirePage }, STRICT);
export type WireEpochs = Static<typeof WireEpochs>;
