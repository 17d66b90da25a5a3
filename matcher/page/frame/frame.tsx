import { Banners } from "./banners.tsx";
import { Footer } from "./footer.tsx";
import { Header } from "./header.tsx";
import { LazyStatus } from "./lazy-status.tsx";
import { NoticeList } from "./notice-list.tsx";
import { place } from "./place.ts";
import { TradeView } from "./trade-view.tsx";

/** The whole page. */
export function Frame() {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <Banners />
      <main id="main" tabIndex={-1}>
        {place.value.view === "status" ? <LazyStatus /> : <TradeView />}
      </main>
      <Footer />
      <NoticeList />
    </>
  );
}
