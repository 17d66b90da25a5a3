import { Agent, request } from "node:http";
import type { SignedRequest } from "./signed-flow.ts";

/** What came back. */
export interface Answer {
  readonly status: number;
  /** Code of a refusal, or null. */
  readonly code: string | null;
}

/** Sends requests over connections that stay open, with as little work as possible: the generator shares the machine. */
export class HttpSender {
  private readonly agent: Agent;
  private readonly host: string;
  private readonly port: string;

  /** @param localAddress where the connections come from; the server tells strangers apart by it */
  constructor(url: string, connections: number, localAddress = "127.0.0.1") {
    const { hostname, port } = new URL(url);
    this.host = hostname;
    this.port = port;
    this.agent = new Agent({ keepAlive: true, maxSockets: connections, localAddress });
  }

  send({ path, body }: SignedRequest): Promise<Answer> {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const { agent, host, port } = this;
    return new Promise((resolve, reject) => {
      const sent = request({ agent, host, port, method: "POST", path, headers }, (response) => {
        const status = response.statusCode ?? 0;
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => {
          if (status >= 300) chunks.push(chunk);
        });
        response.on("error", reject);
        response.on("end", () => {
          const code = status < 300 ? null : (JSON.parse(Buffer.concat(chunks).toString()) as { code: string }).code;
          resolve({ status, code });
        });
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
