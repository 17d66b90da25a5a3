import { type Static, Type } from "typebox";
import { PPM, WIDTH } from "../spec.ts";
import {
  Decimal,
  DecimalText,
  Flag,
  Ms,
  nullable,
  oneOf,
  SelfTradeField,
  SideField,
  STRICT,
  Text,
  TextOrNull,
  TimeInForceField,
  Whole,
} from "./field.ts";

/** stop, takeProfit: at a price. trailing: when the price has come back from its best by a distance. */
export const WIRE_TRIGGER_KINDS = ["stop", "takeProfit", "trailing"] as const;

const FractionPpm = Type.Integer({ minimum: 1, maximum: PPM - 1 });
/** Of the exchange's clock; as far as a time of 32 bits of seconds reaches. */
export const TimeMs = Type.Integer({ minimum: 0, maximum: 2 ** WIDTH.timeSeconds * 1_000 });

export const WireTrigger = Type.Object(
  {
    kind: oneOf(WIRE_TRIGGER_KINDS),
    price: Type.Optional(DecimalText),
    distance: Type.Optional(DecimalText),
    distancePpm: Type.Optional(FractionPpm),
  },
  {
    ...STRICT,
    description:
      "By the index price of the epoch in force: at a price, or trailing by a distance (USD, or ppm of the best price).",
  },
);
export type WireTrigger = Static<typeof WireTrigger>;

export const WireIceberg = Type.Object(
  { shownSize: DecimalText },
  { ...STRICT, description: "How much of itself the order shows at a time: at least a hundredth." },
);
export type WireIceberg = Static<typeof WireIceberg>;

export const WireTwap = Type.Object(
  {
    parts: Type.Integer({ minimum: 2, maximum: 1_000 }),
    intervalSeconds: Type.Integer({ minimum: 5, maximum: 3_600 }),
    startMs: Type.Optional(TimeMs),
    jitterPpm: Type.Optional(Type.Integer({ minimum: 0, maximum: PPM - 1 })),
    tolerancePpm: Type.Optional(Type.Integer({ minimum: 0, maximum: PPM - 1 })),
  },
  {
    ...STRICT,
    description:
      "Parts over time, from startMs on; each later by up to jitterPpm of the interval, none worse than the index price by more than tolerancePpm.",
  },
);
export type WireTwap = Static<typeof WireTwap>;

export const CONDITIONAL_ROLES = ["single", "alternative", "entry", "exit"] as const;

export const WireConditionalOrder = Type.Object(
  {
    id: Type.String({ description: "slot-sequence; alternatives share it." }),
    group: Type.Integer({ description: "Number of the command that placed it: that of its receipt." }),
    leg: Type.Integer({ description: "Its place in that command, from 0." }),
    role: oneOf(CONDITIONAL_ROLES),
    account: Whole,
    slot: Whole,
    sequence: Whole,
    market: Text,
    side: SideField,
    price: Type.String({ description: "The signed limit: the worst price at which it can be executed." }),
    size: Type.String({ description: "Signed: the most that all orders of its id together can fill." }),
    filledSize: Decimal,
    timeInForce: TimeInForceField,
    postOnly: Flag,
    reduceOnly: Flag,
    selfTrade: SelfTradeField,
    expirySeconds: Whole,
    trigger: nullable(WireTrigger),
    triggerPrice: nullable(Decimal, "Where a trailing trigger stands now; null for one that does not wait."),
    iceberg: nullable(WireIceberg),
    twap: nullable(WireTwap),
    nextPartMs: nullable(Ms, "When a TWAP's next part is due."),
    status: oneOf(
      ["dormant", "waiting", "triggered", "active", "done", "cancelled", "refused"],
      "dormant: its entry has no fill. waiting: for price or time. triggered: next in line. active: in the book, or between two parts.",
    ),
    reason: nullable(Text, "Why it ended, or what its last part was refused for."),
    clientId: TextOrNull,
    acceptedAtMs: Ms,
    updatedAtMs: Ms,
  },
  STRICT,
);
export type WireConditionalOrder = Static<typeof WireConditionalOrder>;
