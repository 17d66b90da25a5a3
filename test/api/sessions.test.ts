import { expect } from "chai";
import { DEFAULT_SESSION_LIMITS, Sessions } from "../../matcher/api/sessions.ts";
import { LOGIN_WINDOW_MS } from "../../matcher/protocol/login.ts";
import { messageWord } from "../../matcher/protocol/message.ts";
import { messageHash } from "../../matcher/protocol/message-hash.ts";
import { sign } from "../../matcher/protocol/signature.ts";
import { MESSAGE_KIND, WIDTH } from "../../matcher/protocol/spec.ts";
import { DOMAIN, EPOCH_SECONDS, keyOf } from "../sequencer/exchange-fixture.ts";
import { get, loginBody, post, type TestApi, testApi, wireSignature } from "./api-fixture.ts";

const NOW_MS = EPOCH_SECONDS * 1_000;
const signature = { r8x: 0n, r8y: 1n, s: 0n };

async function codeOf(doing: Promise<unknown>): Promise<string> {
  return doing.then(
    () => "open",
    (error: { code: string }) => error.code,
  );
}

describe("sessions", () => {
  let nowMs = NOW_MS;
  beforeEach(() => {
    nowMs = NOW_MS;
  });
  const sessions = (limits = {}) => new Sessions({ refusal: async () => null, nowMs: () => nowMs, limits });

  it("take a login at the edge of its window, either way, and none a millisecond beyond", async () => {
    for (const [off, code] of [
      [-LOGIN_WINDOW_MS, "open"],
      [LOGIN_WINDOW_MS, "open"],
      [-LOGIN_WINDOW_MS - 1, "LOGIN_EXPIRED"],
      [LOGIN_WINDOW_MS + 1, "LOGIN_EXPIRED"],
    ] as const) {
      expect(await codeOf(sessions().login({ account: 1, issuedAtMs: NOW_MS + off, signature })), `${off}`).to.equal(
        code,
      );
    }
  });

  it("open one session for one signature, also when it comes twice at the same time, and for as long as it is fresh", async () => {
    const open = sessions();
    const login = { account: 1, issuedAtMs: NOW_MS + LOGIN_WINDOW_MS, signature };
    const both = await Promise.all([codeOf(open.login(login)), codeOf(open.login(login))]);
    expect(both.sort()).to.deep.equal(["LOGIN_USED", "open"]);
    nowMs = NOW_MS + 2 * LOGIN_WINDOW_MS;
    expect(await codeOf(open.login(login))).to.equal("LOGIN_USED");
    nowMs += 1;
    expect(await codeOf(open.login(login))).to.equal("LOGIN_EXPIRED");
    expect(await codeOf(open.login({ ...login, account: 2, issuedAtMs: nowMs }))).to.equal("open");
  });

  it("end with their time, to the millisecond, and with a logout", async () => {
    const open = sessions({ lifetimeMs: 1_000 });
    const { token, expiresAtMs } = await open.login({ account: 7, issuedAtMs: NOW_MS, signature });
    const other = await open.login({ account: 7, issuedAtMs: NOW_MS + 1, signature });
    expect(token).to.match(/^[0-9a-f]{64}$/);
    expect(expiresAtMs).to.equal(NOW_MS + 1_000);
    open.logout(other.token);
    expect(open.accountOf(other.token)).to.equal(undefined);
    nowMs = expiresAtMs - 1;
    expect(open.accountOf(token)).to.equal(7);
    nowMs = expiresAtMs;
    expect(open.accountOf(token)).to.equal(undefined);
    expect(open.count).to.equal(0);
  });

  it("are bounded: an account's oldest gives way, and the oldest of all", async () => {
    const open = sessions({ perAccountMax: 2, sessionsMax: 3 });
    const tokens: string[] = [];
    for (let n = 0; n < 3; n++)
      tokens.push((await open.login({ account: 1, issuedAtMs: NOW_MS + n, signature })).token);
    expect(tokens.map((token) => open.accountOf(token))).to.deep.equal([undefined, 1, 1]);
    for (const account of [2, 3]) tokens.push((await open.login({ account, issuedAtMs: NOW_MS, signature })).token);
    expect(tokens.map((token) => open.accountOf(token))).to.deep.equal([undefined, undefined, 1, 2, 3]);
    expect(DEFAULT_SESSION_LIMITS.perAccountMax).to.be.above(8);
  });

  it("are opened by so many logins a window and account, and no more", async () => {
    const open = sessions();
    for (let n = 0; n < 120; n++) await open.login({ account: 1, issuedAtMs: NOW_MS + n, signature });
    expect(await codeOf(open.login({ account: 1, issuedAtMs: NOW_MS + 120, signature }))).to.equal("RATE_LIMIT");
    expect(await codeOf(open.login({ account: 2, issuedAtMs: NOW_MS, signature }))).to.equal("open");
    nowMs = NOW_MS + LOGIN_WINDOW_MS + 1;
    expect(await codeOf(open.login({ account: 1, issuedAtMs: nowMs, signature }))).to.equal("open");
  });
});

describe("a login", () => {
  let api: TestApi;
  beforeEach(() => {
    api = testApi(2);
  });
  afterEach(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  it("is signed under a kind that no row and no other message has", () => {
    const login = { kind: "login", account: 1, issuedAtMs: NOW_MS } as const;
    expect(MESSAGE_KIND.login).to.be.at.least(2 ** WIDTH.rowKind);
    const kinds = Object.values(MESSAGE_KIND);
    expect(new Set(kinds).size).to.equal(kinds.length);
    // The same word, and yet another hash.
    const cancelAll = { kind: "cancelAll", account: 1, sequence: NOW_MS } as const;
    expect(messageWord(login)).to.equal(messageWord(cancelAll));
    expect(messageHash(login, DOMAIN)).to.not.equal(messageHash(cancelAll, DOMAIN));
  });

  it("gives a token that reads what is the account's, until the logout", async () => {
    const { status, body } = await post(api.app, "/v1/login", loginBody(1, NOW_MS));
    expect([status, body.account]).to.deep.equal([200, 1]);
    expect((await get(api.app, "/v1/orders", body.token)).body).to.deep.include({ orders: [] });
    const other = await get(api.app, "/v1/orders?account=2", body.token);
    expect([other.status, other.body.code]).to.deep.equal([403, "SESSION_OF_ANOTHER_ACCOUNT"]);
    const logout = await api.app.inject({
      method: "POST",
      url: "/v1/logout",
      payload: {},
      headers: { authorization: `Bearer ${body.token}` },
    });
    expect(logout.json()).to.deep.equal({ loggedOut: true });
    const after = await get(api.app, "/v1/orders", body.token);
    expect([after.status, after.body.code]).to.deep.equal([401, "SESSION_REQUIRED"]);
  });

  it("is refused under another key, for another account, as another message, twice, and too late", async () => {
    const good = loginBody(1, NOW_MS);
    const cancelAll = { kind: "cancelAll", account: 1, sequence: NOW_MS } as const;
    const asCancel = wireSignature(sign(keyOf(1), messageHash(cancelAll, DOMAIN)));
    for (const [body, code] of [
      [loginBody(1, NOW_MS, 2), "WRONG_SIGNATURE"],
      [{ ...good, account: 2 }, "WRONG_SIGNATURE"],
      [{ ...good, issuedAtMs: NOW_MS + 1 }, "WRONG_SIGNATURE"],
      [{ ...good, signature: asCancel }, "WRONG_SIGNATURE"],
      [loginBody(99, NOW_MS), "UNKNOWN_ACCOUNT"],
      [loginBody(1, NOW_MS - 2 * LOGIN_WINDOW_MS), "LOGIN_EXPIRED"],
      [good, undefined],
      [good, "LOGIN_USED"],
    ] as const) {
      expect((await post(api.app, "/v1/login", body)).body.code, code).to.equal(code);
    }
    // And a login signs no cancel-all.
    const { signature: loginSignature } = loginBody(1, NOW_MS);
    const reply = await post(api.app, "/v1/cancel-all", { account: 1, sequence: NOW_MS, signature: loginSignature });
    expect(reply.body.code).to.equal("WRONG_SIGNATURE");
  });

  it("is needed for each private address, and for no public one", async () => {
    for (const path of ["orders", "conditional-orders", "fills", "transfers", "withdrawals", "forced-trades"]) {
      const { status, body } = await get(api.app, `/v1/${path}?account=1`);
      expect([status, body.code], path).to.deep.equal([401, "SESSION_REQUIRED"]);
      const forged = await get(api.app, `/v1/${path}?account=1`, "0".repeat(64));
      expect(forged.body.code, path).to.equal("SESSION_REQUIRED");
    }
    for (const path of ["account/1", "markets", "time", "status", "trades?market=BTC-USD", "insurance"]) {
      expect((await get(api.app, `/v1/${path}`)).status, path).to.equal(200);
    }
  });
});
