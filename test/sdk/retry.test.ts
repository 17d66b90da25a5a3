import { expect } from "chai";
import type { WireFill } from "../../matcher/protocol/api-wire.ts";
import { ClearbookClient, type OrderTerms } from "../../matcher/sdk/client.ts";
import { Unreachable } from "../../matcher/sdk/http.ts";
import { type TestApi, testApi } from "../api/api-fixture.ts";
import { EPOCH_SECONDS, keyOf } from "../sequencer/exchange-fixture.ts";
import { dice } from "../sequencer/random-commands.ts";

const ORDERS = 100;

describe("orders over a connection that loses answers", function () {
  this.timeout(50_000);
  let api: TestApi;
  let apiUrl: string;
  beforeEach(async () => {
    api = testApi(3);
    apiUrl = await api.app.listen({ host: "127.0.0.1", port: 0 });
  });
  afterEach(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  /** Loses a third of the requests and a third of the answers. */
  function lossy(seed: number) {
    const roll = dice(seed);
    const lost = { requests: 0, answers: 0 };
    const send = async (url: string, init: RequestInit) => {
      const luck = url.includes("/v1/orders") && init.method === "POST" ? roll(3) : 2;
      if (luck === 0) {
        lost.requests += 1;
        throw new Error("connection refused");
      }
      const answer = await fetch(url, init);
      if (luck === 2) return answer;
      lost.answers += 1;
      throw new Error("connection reset");
    };
    return { lost, send };
  }

  const connect = (account: number, fetchWith = fetch as (url: string, init: RequestInit) => Promise<Response>) =>
    ClearbookClient.connect({
      apiUrl,
      key: keyOf(account),
      account,
      nowMs: () => EPOCH_SECONDS * 1_000,
      fetch: fetchWith,
    });

  /** Places again, on another slot and under another signature, until there is an answer. */
  async function insist(trader: ClearbookClient, terms: OrderTerms): Promise<{ id: string; fills: WireFill[] }> {
    for (;;) {
      try {
        const { order, fills } = await trader.place(terms);
        return { id: order.id, fills };
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
      }
    }
  }

  it(`has each of ${ORDERS} concurrent resting orders exactly once`, async () => {
    const { lost, send } = lossy(11);
    const trader = await connect(1, send);
    const answered = await Promise.all(
      Array.from({ length: ORDERS }, (_, n) => {
        const price = `${64_000 + (n % 50)}.0`;
        return insist(trader, { market: "BTC-USD", side: "buy", price, size: "0.001", clientId: `order ${n}` });
      }),
    );
    expect(lost.requests).to.be.above(20);
    expect(lost.answers).to.be.above(20);
    const open = await (await connect(1)).orders();
    expect(open.map(({ id }) => id).sort()).to.deep.equal(answered.map(({ id }) => id).sort());
    expect(new Set(open.map(({ clientId }) => clientId)).size).to.equal(ORDERS);
    expect(api.sequencer.state.engine.book.orderCount).to.equal(ORDERS);
  });

  it("fills each taking order exactly once, and tells of the fills whichever answer comes through", async () => {
    const maker = await connect(2);
    await maker.place({ market: "BTC-USD", side: "sell", price: "65000.0", size: "1" });
    const { lost, send } = lossy(12);
    const trader = await connect(1, send);
    const taking = { market: "BTC-USD", side: "buy", price: "65000.0", size: "0.001", timeInForce: "IOC" } as const;
    const answered = await Promise.all(
      Array.from({ length: ORDERS }, (_, n) => insist(trader, { ...taking, clientId: `take ${n}` })),
    );
    expect(lost.answers).to.be.above(20);
    expect(answered.every(({ fills }) => fills.length === 1 && fills[0]?.size === "0.001")).to.equal(true);
    expect(new Set(answered.map(({ fills }) => fills[0]?.tradeId)).size).to.equal(ORDERS);
    const { positions } = await maker.state();
    expect(positions[0]?.size).to.equal(`-0.${String(ORDERS).padStart(3, "0")}`.replace(/0+$/, ""));
  });
});
