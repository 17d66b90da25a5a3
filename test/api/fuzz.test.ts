import { expect } from "chai";
import { REJECT_CODES } from "../../matcher/protocol/reject.ts";
import { sendHostile, spoiled } from "../fixtures/hostile-requests.ts";
import { routeSeeds } from "../fixtures/route-seeds.ts";
import { dice } from "../sequencer/random-commands.ts";
import { stateText } from "../sequencer/state-digest.ts";
import { orderBody, type TestApi, testApi, tokenOf } from "./api-fixture.ts";

const BODIES = 4_000;
/** Requests to all routes by turns; scripts/deep-fuzz.ts sends more. */
const REQUESTS = 4_000;
const URLS = ["/v1/orders", "/v1/cancel", "/v1/cancel-all", "/v1/withdrawals", "/v1/margin-mode"];
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
      const payload = spoiled(seedText, roll);
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
      const payload = roll(2) === 0 ? JSON.stringify(extreme) : spoiled(JSON.stringify(seed), roll);
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

  it(`answers ${REQUESTS} spoiled requests to all routes, half of them under a session, never with 5xx or against its document`, async function () {
    this.timeout(50_000);
    const seeds = await routeSeeds(api.app);
    expect(seeds.length).to.be.above(35);
    const authorization = `Bearer ${await tokenOf(api.app, 1)}`;
    const report = await sendHostile(api.app, seeds, { count: REQUESTS, roll: dice(20_261_125), authorization });
    expect(report.requests).to.be.above(REQUESTS * 0.9);
    expect([...report.byStatus.keys()]).to.include.members([200, 400, 401, 404]);
    expect([...report.codes]).to.include.members(["SESSION_REQUIRED", "SESSION_OF_ANOTHER_ACCOUNT", "ORDER_NOT_FOUND"]);
    expect(api.defects).to.deep.equal([]);
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
