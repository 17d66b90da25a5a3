import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** The line between a page and the exchange: bytes go through as they are, until it is cut. */
export class Line {
  url = "";
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private isCut = false;

  private constructor(target: { host: string; port: number }) {
    this.server = createServer((client) => {
      if (this.isCut) return void client.destroy();
      this.join(client, connect(target.port, target.host));
    });
  }

  static async open(url: string): Promise<Line> {
    const { hostname, port } = new URL(url);
    const line = new Line({ host: hostname, port: Number(port) });
    await new Promise<void>((resolve) => line.server.listen(0, "127.0.0.1", resolve));
    line.url = `http://127.0.0.1:${(line.server.address() as AddressInfo).port}`;
    return line;
  }

  /** Every connection is lost, and no new one is made. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket, exchange: Socket): void {
    client.pipe(exchange).pipe(client);
    for (const [socket, other] of [
      [client, exchange],
      [exchange, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
