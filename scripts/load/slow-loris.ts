import { connect, type Socket } from "node:net";
import type { Scenario } from "./scenario.ts";

const CONNECTIONS = 500;
const BYTE_INTERVAL_MS = 1_000;
/** Headers, and bodies, that never end. */
const HEADS = [
  "GET /v1/markets HTTP/1.1\r\nhost: clearbook\r\nx-slow: ",
  "POST /v1/orders HTTP/1.1\r\nhost: clearbook\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n{",
];

/** Connections that say a byte a second, so that each holds a place for as long as it is let. */
export const slowLoris: Scenario = {
  name: "slow-loris",
  async run({ url }, signal) {
    const { hostname, port } = new URL(url);
    let closedByServer = 0;
    const sockets = Array.from({ length: CONNECTIONS }, (_, i): Socket => {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.on("error", () => {});
      socket.on("close", () => {
        if (!signal.aborted) closedByServer += 1;
      });
      socket.write(HEADS[i % HEADS.length] as string);
      return socket;
    });
    const drip = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write("x");
    }, BYTE_INTERVAL_MS);
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    clearInterval(drip);
    for (const socket of sockets) socket.destroy();
    const sent = `${CONNECTIONS} connections, a byte a second; ${closedByServer} closed by the exchange`;
    return {
      sent,
      faults: closedByServer === CONNECTIONS ? [] : [`${CONNECTIONS - closedByServer} were never closed`],
    };
  },
};
