import type { Page } from "playwright-core";

/** What a page asks for and complains of. */
export class PageWatch {
  /** Hosts that were asked for anything. */
  readonly hosts = new Set<string>();
  /** Errors, policy violations among them. */
  readonly complaints: string[] = [];

  constructor(page: Page) {
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.protocol !== "data:") this.hosts.add(url.host);
    });
    page.on("websocket", (socket) => this.hosts.add(new URL(socket.url()).host));
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      // What a lost connection makes the browser say is the subject of a test of its own.
      const isNetwork = /Failed to load resource|WebSocket connection|ERR_/.test(message.text());
      if (message.type() === "error" && !isNetwork) this.complaints.push(message.text());
    });
  }
}
