import { type Static, Type } from "typebox";
import { oneOf, STRICT, Text, Whole } from "./field.ts";

/** GET /health: that it answers says that the process lives and its main thread is free. */
export const WireHealth = Type.Object(
  {
    status: Type.Literal("alive"),
    uptimeSeconds: Whole,
    eventLoopLagMs: Type.Integer({ description: "How late the main thread's last timer was." }),
  },
  STRICT,
);
export type WireHealth = Static<typeof WireHealth>;

/** GET /ready: 200 when orders should be sent here, else 503 with every reason. */
export const WireReady = Type.Object(
  {
    ready: Type.Boolean(),
    reasons: Type.Array(
      Type.Object({ part: oneOf(["shutdown", "sequencer", "settlement", "l1", "epoch"]), reason: Text }, STRICT),
    ),
  },
  STRICT,
);
export type WireReady = Static<typeof WireReady>;
