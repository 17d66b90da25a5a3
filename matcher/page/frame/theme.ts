import { computed, effect, signal } from "@preact/signals";

const KEY = "clearbook.theme";
const preference = matchMedia("(prefers-color-scheme: light)");
const system = signal<"light" | "dark">(preference.matches ? "light" : "dark");
preference.addEventListener("change", ({ matches }) => {
  system.value = matches ? "light" : "dark";
});

/** What was chosen here; null follows the system. */
const chosen = signal<"light" | "dark" | null>(storedTheme());

export const theme = computed(() => chosen.value ?? system.value);

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});

export function turnTheme(): void {
  chosen.value = theme.value === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEY, chosen.value);
  } catch {
    // Storage may be refused: the choice then lasts as long as the page.
  }
}

function storedTheme(): "light" | "dark" | null {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === "light" || stored === "dark" ? stored : null;
  } catch {
    return null;
  }
}
