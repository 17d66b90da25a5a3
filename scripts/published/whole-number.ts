import { Refusal } from "../supervisor/refusal.ts";

/** A flag's number. @throws Refusal unless it is digits */
export function wholeNumber(text: string, flag: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Refusal(`${flag} needs a whole number, not "${text}".`);
  return Number(text);
}
