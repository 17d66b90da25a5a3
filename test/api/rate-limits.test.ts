import { expect } from "chai";
import { addressKey, RateLimits } from "../../matcher/api/rate-limits.ts";
import { createApi } from "../../matcher/api/server.ts";
import { TokenBuckets } from "../../matcher/api/token-buckets.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { CHAIN_ID, DOMAIN, EPOCH_SECONDS, EXCHANGE, openedState, signed } from "../sequencer/exchange-fixture.ts";
import { loginBody, orderBody, verifierInThread, wireSignature } from "./api-fixture.ts";

describe("token buckets", () => {
  let nowMs = 0;
  beforeEach(() => {
    nowMs = 0;
  });
  const buckets = (keysMax?: number) => new TokenBuckets<string>({ perSecond: 2, burst: 3 }, () => nowMs, keysMax);

  it("let a burst through, then as much as the rate gives, and tell what is left", () => {
    const bucket = buckets();
    expect([1, 2, 3].map(() => bucket.take("a").remaining)).to.deep.equal([2, 1, 0]);
    expect(bucket.take("a")).to.deep.equal({
      allowed: false,
      limit: 3,
      remaining: 0,
      resetMs: 1_500,
      retryAfterMs: 500,
    });
    nowMs = 499;
    expect(bucket.take("a").allowed).to.equal(false);
    nowMs = 500;
    expect(bucket.take("a").allowed).to.equal(true);
    expect(bucket.take("b").allowed).to.equal(true);
    nowMs = 60_000;
    expect(bucket.look("a").remaining).to.equal(3);
  });

  it("take a cost above the burst when they are full, and owe the rest", () => {
    const bucket = buckets();
    expect(bucket.take("a", 5).allowed).to.equal(true);
    nowMs = 1_000;
    expect(bucket.take("a").allowed).to.equal(false);
    nowMs = 1_500;
    expect(bucket.take("a").allowed).to.equal(true);
  });

  it("forget the longest untouched key beyond their bound", () => {
    const bucket = buckets(2);
    for (const key of ["a", "b", "a", "c"]) bucket.take(key);
    expect(bucket.look("a").remaining).to.equal(1);
    expect(bucket.look("b").remaining).to.equal(3);
  });

  it("need a rate and a burst", () => {
    for (const budget of [
      { perSecond: 0, burst: 1 },
      { perSecond: 1, burst: 0 },
      { perSecond: Number.NaN, burst: 1 },
    ]) {
      expect(() => new TokenBuckets(budget)).to.throw(RangeError);
    }
  });
});

describe("rate limits", () => {
  it("count a network of IPv6 as one address, and a mapped IPv4 address as itself", () => {
    expect(addressKey("203.0.113.7")).to.equal("203.0.113.7");
    expect(addressKey("::ffff:203.0.113.7")).to.equal("203.0.113.7");
    expect(addressKey("2001:db8:1:2:3:4:5:6")).to.equal("2001:db8:1:2::/64");
    expect(addressKey("2001:db8:1:2::1")).to.equal(addressKey("2001:db8:1:2:ffff::"));
    expect(addressKey("2001:db8:1:3::1")).to.not.equal(addressKey("2001:db8:1:2::1"));
    expect(addressKey("::1")).to.equal("0:0:0:0::/64");
  });

  it("close an address that sends signatures that do not verify to all that is signed, and to nothing else", async () => {
    const limits = new RateLimits({ badSignatures: { perSecond: 1, burst: 2 } }, () => 0);
    const codeOf = (budget: "read" | "order" | "cancel", address: string) => {
      try {
        limits.request(budget, address);
        return "allowed";
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const bad = () =>
      limits.verifying(
        "198.51.100.1",
        async () => "bad",
        () => true,
      );
    await bad();
    expect(codeOf("order", "198.51.100.1")).to.equal("allowed");
    await bad();
    expect(codeOf("order", "198.51.100.1")).to.equal("RATE_LIMIT");
    expect(codeOf("cancel", "198.51.100.1")).to.equal("RATE_LIMIT");
    expect(codeOf("read", "198.51.100.1")).to.equal("allowed");
    expect(codeOf("order", "198.51.100.2")).to.equal("allowed");
  });

  it("let so many unchecked signatures of an address wait at once, and any number of good ones through", async () => {
    const limits = new RateLimits({ badSignatures: { perSecond: 1, burst: 2 } }, () => 0);
    const waiting: (() => void)[] = [];
    const check = (address: string) =>
      limits.verifying(
        address,
        () => new Promise<string>((resolve) => waiting.push(() => resolve("good"))),
        (result) => result !== "good",
      );
    const first = [check("a"), check("a")];
    const third = await check("a").catch((error: { code: string }) => error.code);
    expect(third).to.equal("RATE_LIMIT");
    const other = check("b");
    for (const answer of waiting.splice(0)) answer();
    await Promise.all([...first, other]);
    for (let n = 0; n < 10; n++)
      expect(
        await limits.verifying(
          "a",
          async () => "good",
          () => false,
        ),
      ).to.equal("good");
    // What breaks is nobody's bad signature.
    for (let n = 0; n < 5; n++) {
      const broken = await limits
        .verifying(
          "a",
          () => Promise.reject(new Error("broken")),
          () => true,
        )
        .catch(String);
      expect(broken).to.equal("Error: broken");
    }
  });

  describe("over HTTP", () => {
    const budget = (burst: number) => ({ perSecond: 0.001, burst });
    function serve(options: Partial<Parameters<typeof createApi>[0]>) {
      const sequencer = new Sequencer({ state: openedState(3), verifier: verifierInThread() });
      const markets = DEVNET_MARKETS.map(({ market }) => market);
      const nowMs = () => EPOCH_SECONDS * 1_000;
      return createApi({
        sequencer,
        chainId: CHAIN_ID,
        exchange: EXCHANGE,
        domain: DOMAIN,
        markets,
        nowMs,
        ...options,
      });
    }
    const from = (remoteAddress: string, more: Record<string, string> = {}) => ({ remoteAddress, headers: more });

    it("charge reading by address, and say what is left and when to come back", async () => {
      const app = serve({ rateLimits: { readAddress: budget(2) } });
      const read = (address: string) => app.inject({ url: "/v1/markets", ...from(address) });
      const [first, , third] = [await read("192.0.2.1"), await read("192.0.2.1"), await read("192.0.2.1")];
      expect(first?.headers).to.include({ "ratelimit-limit": "2", "ratelimit-remaining": "1" });
      expect(Number(first?.headers["ratelimit-reset"])).to.be.above(0);
      expect([third?.statusCode, third?.json().code]).to.deep.equal([429, "RATE_LIMIT"]);
      expect(third?.headers).to.include({ "ratelimit-remaining": "0", "retry-after": "1000" });
      expect((await read("192.0.2.2")).statusCode).to.equal(200);
      expect((await app.inject({ url: "/v1/time", ...from("192.0.2.1") })).statusCode).to.equal(200);
      expect((await app.inject({ url: "/v1/none", ...from("192.0.2.1") })).statusCode).to.equal(429);
      await app.close();
    });

    it("believe X-Forwarded-For from proxies that are named, and from nobody else", async () => {
      for (const trustedProxies of [undefined, ["192.0.2.0/24"]]) {
        const app = serve({
          rateLimits: { readAddress: budget(1) },
          ...(trustedProxies === undefined ? {} : { trustedProxies }),
        });
        const read = (address: string, forwarded: string) =>
          app.inject({ url: "/v1/markets", ...from(address, { "x-forwarded-for": forwarded }) });
        const named = trustedProxies !== undefined;
        await read("192.0.2.1", "198.51.100.1");
        expect((await read("192.0.2.1", "198.51.100.2")).statusCode).to.equal(named ? 200 : 429);
        await read("203.0.113.1", "198.51.100.3");
        expect((await read("203.0.113.1", "198.51.100.4")).statusCode).to.equal(429);
        await app.close();
      }
    });

    it("charge orders to the account that signed them, reading apart, cancels not at all", async () => {
      const app = serve({ rateLimits: { orderAccount: budget(2), readAccount: budget(1) } });
      const post = (url: string, payload: object, headers = {}) =>
        app.inject({ method: "POST", url, payload, headers });
      // Somebody else cannot use up the account's budget.
      for (let n = 0; n < 5; n++) await post("/v1/orders", orderBody({ account: 1, slot: n }, { price: "1.0" }));
      const first = await post("/v1/orders", orderBody({ account: 1, slot: 1 }));
      expect(first.headers).to.include({ "ratelimit-limit": "2", "ratelimit-remaining": "1" });
      await post("/v1/orders", orderBody({ account: 1, slot: 2 }));
      const third = await post("/v1/orders", orderBody({ account: 1, slot: 3 }));
      expect([third.statusCode, third.json().code, third.headers["retry-after"]]).to.deep.equal([
        429,
        "RATE_LIMIT",
        "1000",
      ]);
      expect((await post("/v1/orders", orderBody({ account: 2, slot: 3 }))).statusCode).to.equal(200);
      for (const slot of [1, 2]) {
        const { signature } = signed({ kind: "cancel", account: 1, slot, sequence: 1 });
        const body = { account: 1, slot, sequence: 1, signature: wireSignature(signature) };
        expect((await post("/v1/cancel", body)).statusCode).to.equal(200);
      }
      const { token } = (await post("/v1/login", loginBody(1, EPOCH_SECONDS * 1_000))).json();
      const headers = { authorization: `Bearer ${token}` };
      expect((await app.inject({ url: "/v1/fills", headers })).headers["ratelimit-limit"]).to.equal("1");
      expect((await app.inject({ url: "/v1/fills", headers })).statusCode).to.equal(429);
      expect((await post("/v1/cancel-market", { account: 1 }, headers)).statusCode).to.equal(200);
      await app.close();
    });

    it("count each order of a batch", async () => {
      const app = serve({ rateLimits: { orderAddress: budget(4), orderAccount: budget(3) } });
      const orders = [1, 2, 3, 4].map((slot) => orderBody({ slot }));
      const post = (payload: object) => app.inject({ method: "POST", url: "/v1/orders/batch", payload });
      const { results } = (await post({ account: 1, orders })).json();
      expect(results.map(({ status }: { status: number }) => status)).to.deep.equal([200, 200, 200, 429]);
      expect((await post({ account: 1, orders: orders.slice(0, 1) })).statusCode).to.equal(429);
      await app.close();
    });
  });
});
