import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyInstance } from "fastify";
import { WebSocketServer } from "ws";
import { STREAM_CLOSES, STREAM_PATH } from "../protocol/stream-channels.ts";
import { NoFields } from "../protocol/wire/session.ts";
import { Rejection } from "./api-error.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import type { OrderEntry } from "./order-entry.ts";
import { addressKey } from "./rate-limits.ts";
import { route } from "./route-schema.ts";
import { NoQuery } from "./schema.ts";
import { StreamConnection, type StreamRoom } from "./stream-connection.ts";
import { StreamHub } from "./stream-hub.ts";
import { DEFAULT_STREAM_LIMITS, type StreamLimits } from "./stream-limits.ts";
import { TokenBuckets } from "./token-buckets.ts";

/** How often readers that are behind are looked after. */
const CATCH_UP_MS = 50;
/** Connections are pinged in so many turns, not all at once. */
const PING_TURNS = 30;

/** A request to become a WebSocket, with what Node gives for it. */
interface Upgrade {
  readonly socket: Duplex;
  readonly head: Buffer;
}

declare module "fastify" {
  interface FastifyInstance {
    streams: StreamDoor;
  }
}

/** What can be seen of the streams from outside. */
export interface StreamDoor {
  readonly connections: number;
}

/**
 * Streams over WebSockets, at the same port as everything else. An upgrade goes through the routes like any request, so that limits, proxies and
 * refusals are the same; only then the socket changes hands.
 */
export function openStreamDoor(app: FastifyInstance, access: ExchangeAccess, entry: OrderEntry): StreamDoor {
  const limits: StreamLimits = { ...DEFAULT_STREAM_LIMITS, ...access.options.streams };
  const hub = new StreamHub(access, limits);
  const { messagesPerSecond: perSecond, messagesBurst: burst, connectionsMax, messageBytesMax } = limits;
  const monotonicMs = () => performance.now();
  const room: StreamRoom = {
    access,
    hub,
    entry,
    limits,
    messages: new TokenBuckets<number>({ perSecond, burst }, monotonicMs, 2 * connectionsMax),
    behind: new Set(),
    monotonicMs,
  };
  // Compression costs memory for each connection and time for each message; both are worth more here than bytes.
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: messageBytesMax,
  });
  const upgrades = new WeakMap<IncomingMessage, Upgrade>();
  const turns = Array.from({ length: PING_TURNS }, () => new Set<StreamConnection>());
  const byAddress = new Map<string, number>();
  let connections = 0;
  let opened = 0;

  function enter({ raw, ip }: { raw: IncomingMessage; ip: string }, { socket, head }: Upgrade): void {
    const address = addressKey(ip);
    webSockets.handleUpgrade(raw, socket, head, (webSocket) => {
      const connection = new StreamConnection(webSocket, room, ip, opened);
      const turn = turns[opened % PING_TURNS] as Set<StreamConnection>;
      opened += 1;
      connections += 1;
      byAddress.set(address, (byAddress.get(address) ?? 0) + 1);
      turn.add(connection);
      webSocket.on("close", () => {
        turn.delete(connection);
        connections -= 1;
        const left = (byAddress.get(address) ?? 1) - 1;
        if (left === 0) byAddress.delete(address);
        else byAddress.set(address, left);
      });
    });
  }

  app.server.on("upgrade", (raw: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgrades.set(raw, { socket, head });
    const response = new ServerResponse(raw);
    response.assignSocket(socket as Parameters<typeof response.assignSocket>[0]);
    // What is answered is no stream: nothing follows.
    response.once("finish", () => socket.end());
    socket.on("error", () => socket.destroy());
    app.routing(raw, response);
  });

  app.get(
    STREAM_PATH,
    route({
      summary: "Become a WebSocket (answered with 101): the streams that GET /v1/asyncapi.json tells of.",
      tag: "exchange",
      querystring: NoQuery,
      answer: NoFields,
    }),
    (request, reply): undefined => {
      const upgrade = upgrades.get(request.raw);
      if (upgrade === undefined)
        throw new Rejection("MALFORMED", { detail: "streams are WebSockets: ask for an upgrade" });
      const sameAddress = byAddress.get(addressKey(request.ip)) ?? 0;
      if (connections >= limits.connectionsMax || sameAddress >= limits.connectionsPerAddressMax) {
        throw new Rejection("TOO_MANY_CONNECTIONS");
      }
      reply.hijack();
      reply.raw.detachSocket(upgrade.socket as Parameters<typeof reply.raw.detachSocket>[0]);
      enter(request, upgrade);
    },
  );

  let turn = 0;
  const pinging = setInterval(() => {
    turn = (turn + 1) % PING_TURNS;
    for (const connection of turns[turn] as Set<StreamConnection>) connection.ping();
  }, limits.pingIntervalMs / PING_TURNS);
  const catchingUp = setInterval(() => {
    for (const connection of room.behind) connection.catchUp();
  }, CATCH_UP_MS);
  pinging.unref();
  catchingUp.unref();

  app.addHook("preClose", async () => {
    hub.stop();
    clearInterval(pinging);
    clearInterval(catchingUp);
    for (const connection of turns.flatMap((set) => [...set])) {
      connection.end(STREAM_CLOSES.goingAway, "the exchange stops; come back in a while");
    }
    // Those that do not answer are cut off by a timer of their own.
    const patienceMs = monotonicMs() + 2 * limits.closeMs;
    while (connections > 0 && monotonicMs() < patienceMs) await new Promise((resume) => setTimeout(resume, 5));
    for (const connection of turns.flatMap((set) => [...set])) connection.terminate();
  });

  return {
    get connections() {
      return connections;
    },
  };
}
