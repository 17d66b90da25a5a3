import { expect } from "chai";
import { REJECT_CODES } from "../../matcher/protocol/reject.ts";
import { dice } from "../sequencer/random-commands.ts";
import { stateText } from "../sequencer/state-digest.ts";
import { orderBody, type TestApi, testApi } from "./api-fixture.ts";

const BODIES = 4_000;
const URLS = ["/v1/orders", "/v1/cancel", "/v1/cancel-all", "/v1/withdrawals", "/v1/margin-mode"];
/** Values that have broken parsers before. */
const NASTY: unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  1e21,
  -1e308,
  2 ** 53,
  "",
  " ",
  "0",
  "-0",
  "1e9",
  "NaN",
  "Infinity",
  "0x",
  "0x0",
  "０",
  "\u0000",
  "\ud800",
  "💥",
  "constructor",
  "__proto__",
  [],
  {},
  [[]],
  { toString: 1 },
  { valueOf: null },
  { length: 1e9 },
  "9".repeat(90),
  "a".repeat(900),
];

/** Values that are good, at the ends of what can be said. */
const PRICES = ["0.1", "61750.0", "65000", "68250.0", "68250.1", "429496729.5", "429496729.6", "0", "-1"];
const SIZES = ["0.00001", "1", "99.99999", "100", "10995116.27775", "10995116.27776", "0", "-1", "9".repeat(60)];

describe("the HTTP API under garbage", () => {
  let api: TestApi;
  before(() => {
    api = testApi(2);
  });
  after(() => api.app.close());

  it(`answers ${BODIES} mutated bodies with a closed 4xx code, never 5xx, and the state stays as it was`, async function () {
    this.timeout(50_000);
    const roll = dice(20_260_101);
    const before = stateText(api.sequencer.state);
    const seen = new Set<string>();
    // A body that is good but for its signature: no mutation can make an accepted order out of it.
    const signature = { r8x: "1", r8y: "2", s: "3" };
    const seedText = JSON.stringify(orderBody({}, { signature }));

    for (let i = 0; i < BODIES; i++) {
      const payload = mutate(seedText, roll);
      const url = URLS[roll(10) < 7 ? 0 : roll(URLS.length)] as string;
      const reply = await api.app.inject({
        method: "POST",
        url,
        payload,
        headers: { "content-type": "application/json" },
      });
      expect(reply.statusCode, payload.toString()).to.be.within(400, 499);
      const body = reply.json();
      expect(REJECT_CODES, payload.toString()).to.include(body.code);
      expect(body.remedy).to.be.a("string");
      seen.add(body.code);
    }
    expect(api.defects).to.deep.equal([]);
    expect(stateText(api.sequencer.state)).to.equal(before);
    expect([...seen]).to.include.members([
      "MALFORMED",
      "MISSING_FIELD",
      "INVALID_ACCOUNT",
      "INVALID_FLAG",
      "WRONG_SIGNATURE",
    ]);
  });

  it("answers mutated previews with 200 or a closed 4xx code, never 5xx, and the state stays as it was", async () => {
    const roll = dice(20_260_102);
    const before = stateText(api.sequencer.state);
    const { account, market, side, price, size, timeInForce, postOnly, reduceOnly, maxFeePpm } = orderBody();
    const seed = { account, market, side, price, size, timeInForce, postOnly, reduceOnly, maxFeePpm };
    let shown = 0;
    for (let i = 0; i < 1_500; i++) {
      const extreme = { ...seed, price: PRICES[roll(PRICES.length)], size: SIZES[roll(SIZES.length)] };
      const payload = roll(2) === 0 ? JSON.stringify(extreme) : mutate(JSON.stringify(seed), roll);
      const headers = { "content-type": "application/json" };
      const reply = await api.app.inject({ method: "POST", url: "/v1/preview", payload, headers });
      if (reply.statusCode === 200) shown += 1;
      else {
        expect(reply.statusCode, payload.toString()).to.be.within(400, 499);
        expect(REJECT_CODES, payload.toString()).to.include(reply.json().code);
      }
    }
    expect(shown).to.be.above(200);
    expect(api.defects).to.deep.equal([]);
    expect(stateText(api.sequencer.state)).to.equal(before);
  });

  it("answers random addresses and queries with 4xx or 200, never 5xx", async () => {
    const roll = dice(7);
    const pieces = [
      "v1",
      "orders",
      "account",
      "orderbook",
      "BTC-USD",
      "..",
      "%2e",
      "%00",
      "?account=",
      "&limit=",
      "1",
      "-1",
      "__proto__",
      "💥",
      "//",
      "#",
      "?",
      "=",
    ];
    for (let i = 0; i < 1_500; i++) {
      const path = Array.from({ length: 1 + roll(6) }, () => pieces[roll(pieces.length)]).join(
        roll(2) === 0 ? "/" : "",
      );
      const reply = await api.app.inject({ method: "GET", url: `/${path}` }).catch((error: Error) => error);
      // An address that no HTTP client can even send.
      if (reply instanceof Error) continue;
      expect(reply.statusCode, path).to.be.below(500);
    }
    expect(api.defects).to.deep.equal([]);
  });
});

function mutate(seedText: string, roll: (n: number) => number): Buffer {
  const way = roll(6);
  const body = JSON.parse(seedText) as Record<string, unknown>;
  const fields = Object.keys(body);
  const field = fields[roll(fields.length)] as string;
  if (way === 0) body[field] = NASTY[roll(NASTY.length)];
  else if (way === 1) delete body[field];
  else if (way === 2) body[JSON.stringify(NASTY[roll(NASTY.length)])] = NASTY[roll(NASTY.length)];
  else if (way === 3) body.signature = { ...(body.signature as object), r8x: NASTY[roll(NASTY.length)] };
  else if (way === 4) {
    for (let n = 0; n < 3; n++) body[fields[roll(fields.length)] as string] = NASTY[roll(NASTY.length)];
  }
  const bytes = Buffer.from(JSON.stringify(body));
  // Flips bytes, cuts, or repeats a piece.
  if (way === 5 || roll(8) === 0) {
    for (let n = 1 + roll(4); n > 0; n--) bytes[roll(bytes.length)] = roll(256);
    if (roll(3) === 0) return bytes.subarray(0, roll(bytes.length));
    if (roll(3) === 0) return Buffer.concat([bytes, bytes.subarray(roll(bytes.length))]);
  }
  return bytes;
}
