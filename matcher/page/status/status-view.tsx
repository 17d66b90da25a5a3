/** How the exchange is doing, for whoever relies on it. */
export function StatusView() {
  return (
    <section class="status-view" aria-labelledby="status-title">
      <h1 id="status-title">Status</h1>
    </section>
  );
}
