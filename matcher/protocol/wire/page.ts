import { type Static, Type } from "typebox";
import { nullable, STRICT, Text } from "./field.ts";

/** Where an answer's rows end. Rows never change their places, and new ones come after all others: no page repeats or misses a row. */
export const WirePage = Type.Object(
  {
    before: nullable(Text, "Give it as `before` for the rows before these; null: there are none."),
    after: nullable(Text, "Give it as `after` for what has come since; null: ask without."),
  },
  STRICT,
);
export type WirePage = Static<typeof WirePage>;
