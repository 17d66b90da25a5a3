import { type Static, Type } from "typebox";

const STRICT = { additionalProperties: false } as const;

/** GET /health: that it answers says that the process lives and its main thread is free. */
export const WireHealth = Type.Object(
  {
    status: Type.Literal("alive"),
    uptimeSeconds: Type.Integer(),
    /** How late the main thread's last timer was. */
    eventLoopLagMs: Type.Integer(),
  },
  STRICT,
);
export type WireHealth = Static<typeof WireHealth>;

/** GET /ready: 200 when orders should be sent here, else 503 with every reason. */
export const WireReady = Type.Object(
  {
    ready: Type.Boolean(),
    reasons: Type.Array(
      Type.Object(
        { part: Type.Enum(["shutdown", "sequencer", "settlement", "l1", "epoch"]), reason: Type.String() },
        STRICT,
      ),
    ),
  },
  STRICT,
);
export type WireReady = Static<typeof WireReady>;
