import { useDesk } from "./desk.ts";

const CONNECTION_WORDS = { connecting: "Connecting", open: "Live", lost: "Reconnecting" } as const;

/** Whether what is shown is live, and whose work the page stands on. */
export function Footer() {
  const { link } = useDesk();
  const connection = link.connection.value;
  const epoch = link.state.value?.epoch.number ?? link.markets.value?.epoch.number;
  const batch = link.state.value?.lastBatch?.batchNumber;
  return (
    <footer class="footer">
      <span class={`live live-${connection}`} role="status">
        <i aria-hidden="true" />
        {CONNECTION_WORDS[connection]}
      </span>
      {epoch !== undefined && <span>Epoch {epoch}</span>}
      {batch !== undefined && <span>Proven through batch {batch}</span>}
      <span class="spring" />
      <a href="/docs">API</a>
      <span>
        Charts by{" "}
        <a href="https://www.tradingview.com/" rel="noopener noreferrer" target="_blank">
          TradingView
        </a>{" "}
        Lightweight Charts™, © TradingView, Inc.
      </span>
    </footer>
  );
}
