const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short" });
const SECONDS_MS = 1_000;

/** Time of day, in the reader's zone. */
export function clock(ms: number): string {
  return CLOCK.format(ms);
}

/** Day and time, as far as the day is another than today. */
export function when(ms: number, nowMs: number): string {
  const isToday = new Date(ms).toDateString() === new Date(nowMs).toDateString();
  return isToday ? clock(ms) : `${DAY.format(ms)} ${clock(ms)}`;
}

/** "42 s", "3 min 5 s", "2 h 10 min", "4 d 3 h". */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / SECONDS_MS));
  const units: [number, string][] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const at = units.findIndex(([size]) => seconds >= size);
  if (at === -1) return "0 s";
  const [size, name] = units[at] as [number, string];
  const rest = seconds % size;
  const next = units[at + 1];
  const count = next === undefined ? 0 : Math.floor(rest / next[0]);
  return `${Math.floor(seconds / size)} ${name}${count === 0 ? "" : ` ${count} ${next?.[1]}`}`;
}

/** What is left until a time, as a clock: "04:59", "1:02:03". */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / SECONDS_MS));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  const rest = `${two(Math.floor((seconds % 3_600) / 60))}:${two(seconds % 60)}`;
  return hours === 0 ? rest : `${hours}:${rest}`;
}
