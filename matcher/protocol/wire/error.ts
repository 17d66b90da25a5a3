import { type Static, Type } from "typebox";
import { REJECT_CODES, type RejectCode } from "../reject.ts";
import { STRICT, Text, TextOrNull } from "./field.ts";

export type WireErrorCode = RejectCode | "INTERNAL";

/** Body of every answer that is not 2xx. */
export const WireError = Type.Object(
  {
    code: Type.Unsafe<WireErrorCode>({
      type: "string",
      enum: [...REJECT_CODES, "INTERNAL"],
      description: "Stable for ever; INTERNAL is a defect of the exchange.",
    }),
    field: TextOrNull,
    message: Text,
    remedy: Type.String({ description: "What the sender can do about it." }),
    detail: Type.Optional(Type.String({ description: "What exactly was wrong, where that adds something." })),
    messageHash: Type.Optional(
      Type.String({ description: "With WRONG_SIGNATURE: the hash that the signature should be of." }),
    ),
  },
  STRICT,
);
export type WireError = Static<typeof WireError>;
