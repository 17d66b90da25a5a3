import { Type } from "typebox";
import { ClientId, MarketSymbol, STRICT } from "../protocol/wire/field.ts";
import { CANDLE_RESOLUTIONS } from "../protocol/wire/history.ts";

/** Queries are text: numbers in them are digits. */
const Count = Type.Optional(Type.String({ pattern: "^[1-9][0-9]{0,3}$" }));
const AccountText = Type.Optional(Type.String({ pattern: "^(0|[1-9][0-9]{0,5})$" }));
const Market = Type.Optional(MarketSymbol);
const MsText = Type.Optional(
  Type.String({ pattern: "^(0|[1-9][0-9]{0,13})$", description: "Milliseconds since 1970." }),
);
const cursor = (description: string) => {
  return Type.Optional(Type.String({ pattern: "^(0|[1-9][0-9]{0,14})$", description }));
};
const Cursors = {
  before: cursor("Rows before this place, newest first."),
  after: cursor("Rows after this place, oldest first: what has come since, or everything from 0."),
  limit: Count,
};

export const OrdersQuery = Type.Object(
  {
    account: AccountText,
    status: Type.Optional(Type.Enum(["open", "closed", "all"])),
    slot: Type.Optional(Type.String({ pattern: "^(0|[1-9][0-9]{0,3})$" })),
    market: Market,
    clientId: Type.Optional(ClientId),
    ...Cursors,
  },
  STRICT,
);
export const OwnQuery = Type.Object({ account: AccountText, ...Cursors }, STRICT);
export const MarketPageQuery = Type.Object({ market: MarketSymbol, ...Cursors }, STRICT);
export const CandlesQuery = Type.Object(
  { market: MarketSymbol, resolution: Type.Enum([...CANDLE_RESOLUTIONS]), from: MsText, to: MsText, limit: Count },
  STRICT,
);

const TIME_PATTERN =
  "^((0|[1-9][0-9]{0,13})|[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,3})?)?Z)?)$";
const time = (what: string) => {
  const description = `${what} Milliseconds since 1970, or a day or moment of UTC: 2026-01-01, 2026-01-01T00:00:00Z.`;
  return Type.Optional(Type.String({ pattern: TIME_PATTERN, description }));
};
const Times = { from: time("From this time on."), to: time("Before this time.") };
export const ExportQuery = Type.Object({ account: AccountText, ...Times }, STRICT);
export const TradesExportQuery = Type.Object({ market: MarketSymbol, ...Times }, STRICT);
