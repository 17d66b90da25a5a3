import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer, WebSocket as WsSocket } from "ws";

/** What becomes of a message on its way to the client: another text, or null when it is lost. */
export type Tamper = (text: string) => string | null;

/** A bad line: passes messages on, loses some, changes some, breaks when told to. */
export class StreamProxy {
  url = "";
  tamper: Tamper = (text) => text;
  /** Everything that clients sent. */
  readonly said: string[] = [];
  connections = 0;
  private readonly server: Server = createServer();
  private readonly pairs = new Set<readonly [WsSocket, WsSocket]>();

  static async open(target: string): Promise<StreamProxy> {
    const proxy = new StreamProxy();
    const webSockets = new WebSocketServer({ server: proxy.server });
    webSockets.on("connection", (client, { url = "" }) =>
      proxy.join(client, new WsSocket(target.replace("http", "ws") + url)),
    );
    await new Promise<void>((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
    proxy.url = `http://127.0.0.1:${(proxy.server.address() as AddressInfo).port}`;
    return proxy;
  }

  /** Every connection is lost at once, without a word. */
  cut(): void {
    for (const [client, exchange] of this.pairs) {
      client.terminate();
      exchange.terminate();
    }
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: WsSocket, exchange: WsSocket): void {
    const pair = [client, exchange] as const;
    this.pairs.add(pair);
    this.connections += 1;
    const early: string[] = [];
    client.on("message", (data) => {
      this.said.push(String(data));
      if (exchange.readyState === exchange.OPEN) exchange.send(String(data));
      else early.push(String(data));
    });
    exchange.on("open", () => {
      for (const text of early) exchange.send(text);
    });
    exchange.on("message", (data) => {
      const text = this.tamper(String(data));
      if (text !== null) client.send(text);
    });
    for (const [socket, other] of [
      [client, exchange],
      [exchange, client],
    ] as const) {
      socket.on("error", () => {});
      socket.on("close", () => {
        this.pairs.delete(pair);
        other.close();
      });
    }
  }
}
