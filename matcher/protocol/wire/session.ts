import { type Static, Type } from "typebox";
import { Account, Ms, STRICT, Whole, WireSignature } from "./field.ts";

export const WireLoginRequest = Type.Object(
  {
    account: Account,
    issuedAtMs: Type.Integer({
      minimum: 1,
      maximum: 2 ** 48 - 1,
      description: "Milliseconds since 1970; within a minute of the exchange's clock.",
    }),
    /** Of a login message (docs/protocol.md §3). */
    signature: WireSignature,
  },
  STRICT,
);
export type WireLoginRequest = Static<typeof WireLoginRequest>;

export const WireSession = Type.Object(
  {
    token: Type.String({ description: "Send it as Authorization: Bearer." }),
    account: Whole,
    expiresAtMs: Ms,
  },
  STRICT,
);
export type WireSession = Static<typeof WireSession>;

export const WireLoggedOut = Type.Object(
  { loggedOut: Type.Boolean({ description: "False when the token opened nothing any more." }) },
  STRICT,
);
export type WireLoggedOut = Static<typeof WireLoggedOut>;

export const NoFields = Type.Object({}, STRICT);
