import { STREAM_PATH } from "../protocol/stream-channels.ts";
import type { WireStreamMessage } from "../protocol/stream-wire.ts";

const OPEN = 1;
const DEFAULT_RETRY_MS = { first: 250, max: 15_000 };
/** A link that has told nothing for so long is asked whether it still is one, … */
const SILENCE_MS = 20_000;
/** … and given up when nothing comes after that either. */
const PATIENCE_MS = 10_000;

export interface StreamSocketOptions {
  /** For example "http://127.0.0.1:8080". */
  apiUrl: string;
  onOpen: () => void;
  onMessage: (message: WireStreamMessage) => void;
  /** The connection was lost, or could not be made; another attempt follows. @param code of the close, 1006 without one */
  onLost: (code: number, reason: string) => void;
  retryMs?: { first: number; max: number };
}

/** A connection that comes back by itself, later and later, each time by another pause, until it is closed. */
export class StreamSocket {
  private readonly url: string;
  private readonly options: StreamSocketOptions;
  private readonly retryMs: { first: number; max: number };
  private socket: WebSocket | null = null;
  private retryTimer: ReturnType<typeof setTimeout> | null = null;
  private watchTimer: ReturnType<typeof setInterval> | null = null;
  private failures = 0;
  private heardAtMs = 0;
  private isClosed = false;

  constructor(options: StreamSocketOptions) {
    this.url = options.apiUrl.replace(/\/+$/, "").replace(/^http/, "ws") + STREAM_PATH;
    this.options = options;
    this.retryMs = options.retryMs ?? DEFAULT_RETRY_MS;
    this.connect();
  }

  get isOpen(): boolean {
    return this.socket?.readyState === OPEN;
  }

  /** @returns false when there is no connection now: nothing was sent */
  send(message: object): boolean {
    if (!this.isOpen) return false;
    this.socket?.send(JSON.stringify(message));
    return true;
  }

  /** Gives this connection up and makes another. */
  restart(): void {
    const { socket } = this;
    this.socket = null;
    socket?.close();
    if (socket !== null) this.lost(1_006, "given up");
  }

  close(): void {
    this.isClosed = true;
    this.stopTimers();
    const { socket } = this;
    this.socket = null;
    socket?.close(1_000);
  }

  private connect(): void {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    // Only the newest connection counts.
    const isCurrent = () => this.socket === socket;
    socket.addEventListener("open", () => {
      if (!isCurrent()) return;
      this.heardAtMs = performance.now();
      this.watchTimer = setInterval(() => this.watch(), PATIENCE_MS / 2);
      this.options.onOpen();
    });
    socket.addEventListener("message", ({ data }) => {
      if (!isCurrent()) return;
      this.heardAtMs = performance.now();
      this.failures = 0;
      this.options.onMessage(JSON.parse(String(data)) as WireStreamMessage);
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (!isCurrent()) return;
      this.socket = null;
      this.lost(code, reason);
    });
    // A close event follows, which says all that there is to say.
    socket.addEventListener("error", () => {});
  }

  private watch(): void {
    const silentMs = performance.now() - this.heardAtMs;
    if (silentMs > SILENCE_MS + PATIENCE_MS) this.restart();
    else if (silentMs > SILENCE_MS) this.send({ type: "ping" });
  }

  private lost(code: number, reason: string): void {
    this.stopTimers();
    this.options.onLost(code, reason);
    if (this.isClosed) return;
    const pauseMs = Math.min(this.retryMs.max, this.retryMs.first * 2 ** this.failures);
    this.failures += 1;
    // Half of the pause is by chance: those who lost the same exchange do not all come back at once.
    this.retryTimer = setTimeout(() => this.connect(), pauseMs * (0.5 + Math.random() / 2));
  }

  private stopTimers(): void {
    if (this.retryTimer !== null) clearTimeout(this.retryTimer);
    if (this.watchTimer !== null) clearInterval(this.watchTimer);
    this.retryTimer = null;
    this.watchTimer = null;
  }
}
