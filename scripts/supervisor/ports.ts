import { createServer } from "node:net";
import { Refusal } from "./refusal.ts";

const HOST = "127.0.0.1";

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.unref();
    server.on("error", () => resolve(undefined));
    server.listen({ port, host: HOST, exclusive: true }, () => {
      const address = server.address();
      const got = typeof address === "object" && address !== null ? address.port : undefined;
      server.close(() => resolve(got));
    });
  });
}

/** Whether nothing listens on the loopback port. */
export async function portIsFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== undefined;
}

/** A port that nothing listens on at this moment. @throws Refusal when there is none. */
export async function freePort(): Promise<number> {
  const port = await listenOnce(0);
  if (port === undefined)
    throw new Refusal("No port on 127.0.0.1 can be opened: check the network settings of this machine.");
  return port;
}

/**
 * The port to use: the one that the user asked for, or the usual one, or a free one when the usual one is taken.
 * @throws Refusal when the port asked for is in use.
 */
export async function choosePort(asked: number | undefined, usual: number, option: string): Promise<number> {
  if (asked === 0) return freePort();
  if (asked !== undefined) {
    if (await portIsFree(asked)) return asked;
    throw new Refusal(`Port ${asked} is in use: end what listens there, or pass another ${option}.`);
  }
  return (await portIsFree(usual)) ? usual : freePort();
}

/** Reads a port from the command line; 0 asks for any free one. @throws Refusal unless it is a port number. */
export function parsePort(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new Refusal(`${option} needs a port number from 0 to 65535, not "${text}".`);
  return port;
}
