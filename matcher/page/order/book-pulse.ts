import { useEffect, useState } from "preact/hooks";
import type { MarketFeed } from "../exchange/market-feed.ts";

/** Rises when the book has changed, but not more often than this: for what is costlier to work out than the ladder. */
export function useBookPulse(feed: MarketFeed, leastMs: number): number {
  const [pulse, setPulse] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = feed.ladder.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        setPulse((before) => before + 1);
      }, leastMs);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [feed, leastMs]);
  return pulse;
}
