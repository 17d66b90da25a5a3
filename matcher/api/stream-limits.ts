/** How much streams may cost. */
export interface StreamLimits {
  /** Connections at once, all together, and from one network address. */
  connectionsMax: number;
  connectionsPerAddressMax: number;
  subscriptionsMax: number;
  /** Accounts that one connection reads at once. */
  loginsMax: number;
  /** Of one message from a client. */
  messageBytesMax: number;
  /** Messages from one client: so many a second over time, so many at once. */
  messagesPerSecond: number;
  messagesBurst: number;
  /** Refused messages above that, after which the connection ends. */
  excessMessagesMax: number;
  /** Logins without success, after which the connection ends. */
  failedLoginsMax: number;
  /** Bytes that wait for a reader: from here on it gets snapshots instead of changes … */
  waitingBytesSoft: number;
  /** … and here its connection ends. */
  waitingBytesHard: number;
  /** How long a reader may stay behind. */
  behindMaxMs: number;
  /** What happens in this time is told together. */
  flushMs: number;
  /** An account that changes all the time is told at most this often. */
  accountMs: number;
  pingIntervalMs: number;
  /** How long a connection may take to say goodbye. */
  closeMs: number;
}

export const DEFAULT_STREAM_LIMITS: StreamLimits = {
  connectionsMax: 15_000,
  connectionsPerAddressMax: 100,
  subscriptionsMax: 200,
  loginsMax: 32,
  messageBytesMax: 16 * 1_024,
  messagesPerSecond: 200,
  messagesBurst: 500,
  excessMessagesMax: 200,
  failedLoginsMax: 10,
  waitingBytesSoft: 256 * 1_024,
  waitingBytesHard: 1_024 * 1_024,
  behindMaxMs: 15_000,
  flushMs: 10,
  accountMs: 100,
  pingIntervalMs: 30_000,
  closeMs: 1_000,
};
