import { existsSync } from "node:fs";
import type { Context } from "mocha";
import { type Browser, chromium } from "playwright-core";

const CHROMIUM = process.env.CLEARBOOK_CHROMIUM ?? "/usr/bin/chromium";

/** Nothing of the browser's own may go out: what a test counts is the page's. */
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What to do where there is no browser; undefined where there is one. */
export function missingChromium(): string | undefined {
  if (existsSync(CHROMIUM)) return undefined;
  return `no browser at ${CHROMIUM}: install Debian's chromium, or name another one in CLEARBOOK_CHROMIUM`;
}

/** A browser of the machine's. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: QUIET });
}

/**
 * A browser of the machine's. Where there is none the suite says so and is skipped, except in CI, where that would hide what it is to show.
 */
export function launchChromium(suite: Context): Promise<Browser> {
  const remedy = missingChromium();
  if (remedy !== undefined) {
    if (process.env.CI !== undefined) throw new Error(remedy);
    console.log(`      skipped: ${remedy}`);
    suite.skip();
  }
  return startChromium();
}
