import { dataLayout, HEADER, type Tier } from "../protocol/spec.ts";

/** What a word of a batch's public data is, for people. */
export function wordName(tier: Tier, index: number): string {
  const sections = Object.entries({ ...HEADER, ...dataLayout(tier) }).filter(([name]) => name !== "length");
  const [name, first] = sections.reduce((best, section) =>
    section[1] <= index && section[1] >= best[1] ? section : best,
  );
  return `word ${index} (${name}${index === first ? "" : ` + ${index - first}`})`;
}
