import { useEffect, useState } from "preact/hooks";

/** Asks again every so often, and keeps the last answer while there is none. */
export function usePolled<T>(ask: () => Promise<T>, everyMs: number, about: string): T | null {
  const [answer, setAnswer] = useState<{ about: string; value: T } | null>(null);
  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      const value = await ask().catch(() => null);
      if (gone) return;
      if (value !== null) setAnswer({ about, value });
      timer = setTimeout(look, everyMs);
    };
    void look();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [about, everyMs]);
  return answer?.about === about ? answer.value : null;
}
