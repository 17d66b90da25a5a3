import { expect } from "chai";
import { ClearbookClient } from "../../matcher/sdk/client.ts";
import { ClearbookError } from "../../matcher/sdk/http.ts";
import { type TestApi, testApi } from "../api/api-fixture.ts";
import { EPOCH_SECONDS, keyOf } from "../sequencer/exchange-fixture.ts";

describe("the client's session", () => {
  let api: TestApi;
  let apiUrl: string;
  let logins = 0;
  const fetchCounting = (url: string, init: RequestInit) => {
    if (url.endsWith("/v1/login")) logins += 1;
    return fetch(url, init);
  };
  const client = (account: number, aheadMs = 0) =>
    ClearbookClient.connect({
      apiUrl,
      key: keyOf(account),
      account,
      nowMs: () => EPOCH_SECONDS * 1_000 + aheadMs,
      fetch: fetchCounting,
    });
  beforeEach(async () => {
    logins = 0;
    api = testApi(2);
    apiUrl = await api.app.listen({ host: "127.0.0.1", port: 0 });
  });
  afterEach(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  it("logs in once for any number of calls, and again when the exchange has forgotten it", async () => {
    const trader = await client(1);
    await Promise.all([trader.orders(), trader.fills(), trader.withdrawals()]);
    expect(logins).to.equal(1);
    const token = await trader.session.token();
    await api.app.inject({
      method: "POST",
      url: "/v1/logout",
      payload: {},
      headers: { authorization: `Bearer ${token}` },
    });
    await Promise.all([trader.orders(), trader.fills(), trader.withdrawals()]);
    expect(logins).to.equal(2);
    await trader.session.end();
    expect(await trader.orders()).to.deep.equal([]);
    expect(logins).to.equal(3);
  });

  it("takes the exchange's clock when its own is minutes off, either way", async () => {
    for (const minutes of [10, -10]) {
      logins = 0;
      const trader = await client(1, minutes * 60_000);
      expect(await trader.fills()).to.deep.equal([]);
      expect(logins).to.equal(2);
    }
  });

  it("opens nothing with a key that is not the account's", async () => {
    const trader = await client(1);
    await trader.session.end();
    Object.assign(trader.signer, { key: keyOf(2) });
    const refused = await trader.fills().catch((error: unknown) => error);
    expect((refused as ClearbookError).code).to.equal("WRONG_SIGNATURE");
    expect(refused).to.be.instanceOf(ClearbookError);
  });
});
