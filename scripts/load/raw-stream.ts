import { connect, type Socket } from "node:net";

/** A WebSocket with nothing on our side but its socket: thousands of them fit, and one can stop reading. */
export class RawStream {
  readonly socket: Socket;
  /** Resolves with the code of the exchange's goodbye, or null when the connection went without one. */
  readonly ended: Promise<number | null>;
  /** Resolves when the exchange has let it in, or has not. */
  readonly entered: Promise<boolean>;
  bytesRead = 0;
  private tail = Buffer.alloc(0);

  /** @param from address of this machine that it comes from */
  constructor(url: string, from: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect({ host: hostname, port: Number(port), localAddress: from });
    this.socket.on("error", () => {});
    const key = "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13";
    this.socket.write(
      `GET /v1/stream HTTP/1.1\r\nhost: clearbook\r\nconnection: upgrade\r\nupgrade: websocket\r\n${key}\r\n\r\n`,
    );
    this.entered = new Promise((resolve) => {
      this.socket.once("data", (part: Buffer) => resolve(part.toString("latin1").startsWith("HTTP/1.1 101")));
      this.socket.once("close", () => resolve(false));
    });
    this.socket.on("data", (part: Buffer) => {
      this.bytesRead += part.length;
      // A goodbye is the last thing that is sent, and is short.
      this.tail = Buffer.concat([this.tail, part]).subarray(-130);
    });
    this.ended = new Promise((resolve) => this.socket.once("close", () => resolve(this.closeCode())));
  }

  /** A text message. */
  say(message: object): void {
    const payload = Buffer.from(JSON.stringify(message));
    const head = Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255, 0, 0, 0, 0]);
    this.socket.write(Buffer.concat([head, payload]));
  }

  private closeCode(): number | null {
    for (let at = this.tail.length - 4; at >= 0; at--) {
      const length = (this.tail[at + 1] ?? 0) & 127;
      if (this.tail[at] === 0x88 && at + 2 + length === this.tail.length) return this.tail.readUInt16BE(at + 2);
    }
    return null;
  }
}

/** The n-th address of this machine that connections can come from: each has limits of its own. */
export function loopbackAddress(n: number): string {
  return `127.0.${1 + Math.floor(n / 200)}.${1 + (n % 200)}`;
}
