import type { FastifyInstance } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/schema";
import type { ApiOptions } from "../../matcher/api/exchange-access.ts";
import { History } from "../../matcher/api/history.ts";
import { createApi } from "../../matcher/api/server.ts";
import type { WireLoginRequest, WireOrderRequest, WireSignature } from "../../matcher/protocol/api-wire.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { KeyTableCache } from "../../matcher/protocol/key-table-cache.ts";
import { baseFromLots, type Market, usdFromPriceTicks } from "../../matcher/protocol/market.ts";
import type { OrderMessage, Signature } from "../../matcher/protocol/message.ts";
import { messageHash } from "../../matcher/protocol/message-hash.ts";
import { sign } from "../../matcher/protocol/signature.ts";
import { WireError } from "../../matcher/protocol/wire/error.ts";
import { Backlog, type BacklogLimits } from "../../matcher/sequencer/backlog.ts";
import type { CommandLog } from "../../matcher/sequencer/command-log.ts";
import type { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { checkSignature } from "../../matcher/sequencer/verify-message.ts";
import type { SignatureVerifier } from "../../matcher/sequencer/verify-pool.ts";
import {
  CHAIN_ID,
  DOMAIN,
  EPOCH_SECONDS,
  EXCHANGE,
  keyOf,
  openedState,
  order,
  signed,
} from "../sequencer/exchange-fixture.ts";

/** Verifies on the calling thread, really. */
export function verifierInThread(): SignatureVerifier {
  const tables = new KeyTableCache(64);
  return {
    verify: async (message, key) => checkSignature(message, key, DOMAIN, { tables }),
    close: async () => {},
  };
}

const MUCH = { perSecond: 1e9, burst: 1e9 };
/** Limits are the subject of their own tests. */
const UNLIMITED = {
  readAddress: MUCH,
  readAccount: MUCH,
  orderAddress: MUCH,
  orderAccount: MUCH,
  badSignatures: MUCH,
};

export interface TestApi {
  app: FastifyInstance;
  sequencer: Sequencer;
  defects: unknown[];
  /** Dates commands. */
  sequencerClockMs: number;
  /** What the contract allows, as the API is told; 0: nobody knows yet. */
  rateMaxPpmPerHour: number;
}

export interface TestApiOptions extends Pick<ApiOptions, "streams" | "sessions" | "nowMs"> {
  verifier?: SignatureVerifier;
  log?: CommandLog;
}

/** An API over accounts 1 … n in epoch 1, or over a state of the test's own and its history. */
export function testApi(
  accounts = 4,
  limits: Partial<BacklogLimits> = {},
  state: ExchangeState = openedState(accounts),
  history = new History(),
  { verifier = verifierInThread(), log, ...more }: TestApiOptions = {},
): TestApi {
  const defects: unknown[] = [];
  const api = { defects, rateMaxPpmPerHour: 0, sequencerClockMs: EPOCH_SECONDS * 1_000 };
  const sequencer = new Sequencer({
    state,
    verifier,
    backlog: new Backlog(limits),
    nowMs: () => api.sequencerClockMs,
    ...(log === undefined ? {} : { log }),
  });
  let clockMs = 1_800_000_000_000;

  const app = createApi({
    sequencer,
    chainId: CHAIN_ID,
    exchange: EXCHANGE,
    domain: DOMAIN,
    markets: DEVNET_MARKETS.map(({ market }) => market),
    rateLimits: UNLIMITED,
    chainStatus: () => ({ blockNumber: 7 }),
    fundingRateMaxPpmPerHour: () => api.rateMaxPpmPerHour,
    nowMs: () => clockMs++,
    onDefect: (error) => defects.push(error),
    history,
    ...more,
  });
  checkAnswers(app, defects);
  return Object.assign(api, { app, sequencer });
}

/** Compares every answer, before it is written, with the schema that the document shows for it. What differs counts as a defect. */
export function checkAnswers(app: FastifyInstance, defects: unknown[]): void {
  const compiled = new Map<object, ReturnType<typeof Compile>>();
  app.addHook("preSerialization", async (request, reply, payload) => {
    const { response } = (request.routeOptions.schema ?? {}) as { response?: Record<string, TSchema> };
    const { statusCode } = reply;
    const schema = response?.[statusCode] ?? response?.[`${Math.floor(statusCode / 100)}xx`] ?? WireError;
    const check = compiled.get(schema) ?? Compile(schema);
    compiled.set(schema, check);
    if (!check.Check(payload)) {
      const [, errors] = check.Errors(payload);
      defects.push(new Error(`${request.method} ${request.url} ${statusCode}: ${JSON.stringify(errors)}`));
    }
    return payload;
  });
}

export function marketOf(index: number): Market {
  const entry = DEVNET_MARKETS[index];
  if (entry === undefined) throw new RangeError(`no market ${index}`);
  return entry.market;
}

export function wireSignature({ r8x, r8y, s }: Signature): WireSignature {
  return { r8x: r8x.toString(), r8y: `0x${r8y.toString(16)}`, s: s.toString() };
}

/** The request body of a signed order. */
export function orderBody(change: Partial<OrderMessage> = {}, more: Partial<WireOrderRequest> = {}): WireOrderRequest {
  const message = signed(order(change));
  const market = marketOf(message.market);
  const { kind: _, market: __, limitPriceTicks, quantityLots, signature, ...same } = message;
  return {
    ...same,
    market: market.symbol,
    price: usdFromPriceTicks(market, limitPriceTicks),
    size: baseFromLots(market, quantityLots),
    signature: wireSignature(signature),
    ...more,
  };
}

/** POSTs JSON. */
export async function post(app: FastifyInstance, url: string, body: unknown) {
  const payload = typeof body === "string" ? body : JSON.stringify(body);
  const reply = await app.inject({ method: "POST", url, payload, headers: { "content-type": "application/json" } });
  return { status: reply.statusCode, body: reply.json(), headers: reply.headers };
}

export async function get(app: FastifyInstance, url: string, token?: string) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const reply = await app.inject({ method: "GET", url, headers });
  return { status: reply.statusCode, body: reply.json() };
}

/** The request body of a signed login. */
export function loginBody(account: number, issuedAtMs: number, signer = account): WireLoginRequest {
  const message = { kind: "login", account, issuedAtMs } as const;
  const signature = wireSignature(sign(keyOf(signer), messageHash(message, DOMAIN)));
  return { account, issuedAtMs, signature };
}

const tokens = new WeakMap<FastifyInstance, Map<number, string>>();

/** Token of a session of an account, one for each app. */
export async function tokenOf(app: FastifyInstance, account: number, signer = account): Promise<string> {
  const known = tokens.get(app) ?? new Map<number, string>();
  tokens.set(app, known);
  let token = known.get(account);
  if (token === undefined) {
    const { body } = await post(app, "/v1/login", loginBody(account, EPOCH_SECONDS * 1_000, signer));
    token = body.token as string;
    known.set(account, token);
  }
  return token;
}

/** GETs what is private to an account. */
export async function getAs(app: FastifyInstance, account: number, url: string, signer = account) {
  return get(app, url, await tokenOf(app, account, signer));
}
