import type { Page } from "playwright-core";

/**
 * What a page lacks for those who do not see it, or do not use a pointer: names of what can be operated, labels, unique ids, roles with what
 * they need, and contrast of every text that is shown. One sentence for each fault.
 */
export function accessibilityFaults(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    const isShown = (element: Element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
    const describe = (element: Element) =>
      `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") ?? ""}">`;
    const textOf = (element: Element | null) => (element?.textContent ?? "").trim();

    /** The name that is read out, as far as pages of ours need it. */
    const nameOf = (element: Element): string => {
      const labelled = element.getAttribute("aria-labelledby");
      if (labelled !== null) {
        return labelled
          .split(" ")
          .map((id) => textOf(document.getElementById(id)))
          .join(" ")
          .trim();
      }
      const label = element.getAttribute("aria-label");
      if (label !== null) return label.trim();
      if (
        element instanceof HTMLInputElement ||
        element instanceof HTMLSelectElement ||
        element instanceof HTMLMeterElement
      ) {
        return [...(element.labels ?? [])].map(textOf).join(" ").trim();
      }
      if (element instanceof HTMLFieldSetElement) return textOf(element.querySelector("legend"));
      return textOf(element);
    };

    for (const element of document.querySelectorAll(
      "button, a[href], input, select, [role=tab], [role=img], meter, fieldset, dialog[open]",
    )) {
      if (!isShown(element) || element.closest("[aria-hidden=true]") !== null) continue;
      if (nameOf(element) === "") faults.push(`${describe(element)} has no name`);
    }
    for (const image of document.querySelectorAll("img")) {
      if (!image.hasAttribute("alt")) faults.push(`${describe(image)} has no alternative text`);
    }
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    for (const id of new Set(ids))
      if (ids.filter((one) => one === id).length > 1) faults.push(`id ${id} is there twice`);
    for (const element of document.querySelectorAll("[aria-labelledby], [aria-describedby], [aria-controls]")) {
      for (const attribute of ["aria-labelledby", "aria-describedby", "aria-controls"]) {
        for (const id of (element.getAttribute(attribute) ?? "").split(" ").filter(Boolean)) {
          if (document.getElementById(id) === null) faults.push(`${describe(element)} names ${id}, which is nowhere`);
        }
      }
    }
    for (const list of document.querySelectorAll("[role=tablist]")) {
      const chosen = list.querySelectorAll("[role=tab][aria-selected=true]").length;
      if (chosen !== 1) faults.push(`${describe(list)} has ${chosen} chosen tabs`);
    }
    for (const table of document.querySelectorAll("table:not([role=img] table)")) {
      if (table.querySelector("th[scope=col]") === null) faults.push(`${describe(table)} has no heads of columns`);
    }
    if (document.querySelectorAll("main").length !== 1) faults.push("there is not one <main>");
    if (document.documentElement.lang === "") faults.push("the language is not named");

    // Contrast, by WCAG 2.1: 4.5, or 3 for large text.
    const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const over = (top: number[], bottom: number[]) => {
      const alpha = top[3] ?? 1;
      return [0, 1, 2].map((i) => (top[i] as number) * alpha + (bottom[i] as number) * (1 - alpha));
    };
    const luminance = (colour: number[]) => {
      const [r, g, b] = colour.map((value) => {
        const share = value / 255;
        return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      }) as [number, number, number];
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const groundOf = (element: Element | null): number[] => {
      if (element === null) return channels(getComputedStyle(document.documentElement).backgroundColor);
      const own = channels(getComputedStyle(element).backgroundColor);
      if ((own[3] ?? 1) === 1 && own.length >= 3) return own;
      return over(own, groundOf(element.parentElement));
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      if (element === null || (node.textContent ?? "").trim() === "" || !isShown(element)) continue;
      if (element.closest(".unseen, noscript, :disabled, option, svg, .skip, table[role=presentation]") !== null)
        continue;
      const style = getComputedStyle(element);
      const ground = groundOf(element);
      const [light, dark] = [luminance(over(channels(style.color), ground)), luminance(ground)].sort(
        (a, b) => b - a,
      ) as [number, number];
      const ratio = (light + 0.05) / (dark + 0.05);
      const isLarge = Number.parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 600;
      if (ratio < (isLarge ? 3 : 4.5)) {
        faults.push(
          `"${(node.textContent ?? "").trim().slice(0, 30)}" in ${describe(element)} has a contrast of ${ratio.toFixed(2)}`,
        );
      }
    }
    return [...new Set(faults)];
  });
}
