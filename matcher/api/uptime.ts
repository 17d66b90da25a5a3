import type { WireUptime } from "../protocol/wire/status.ts";

/** What of the journal's digests says when commands came: sequencer/journal-digests.ts has it. */
export interface CommandTimes {
  readonly firstCommand: number;
  readonly lastCommand: number;
  acceptedAtMs(command: number): number;
}

/** Silences that are remembered: the newest. */
const DOWNTIMES_MAX = 1_000;
/** Samples of funding that may be late or left out before it counts as a silence. */
const SAMPLES_MISSED_MAX = 10;
const SAMPLE_MS = 1_000;

/**
 * When the sequencer worked. A running one takes a command of its own with every funding sample, so that a longer silence in the journal is a
 * time when it did not run, or could not keep up. The journal is what tells: nobody has to be alive to note that the exchange was not.
 */
export class Uptime {
  private readonly times: CommandTimes;
  private readonly silenceMs: number;
  /** Command up to which silences were looked for. */
  private through = 0;
  private downtimes: { fromMs: number; toMs: number }[] = [];
  private downMs = 0;

  /** @param sampleSeconds time between two samples of funding */
  constructor(times: CommandTimes, sampleSeconds: number) {
    this.times = times;
    this.silenceMs = SAMPLES_MISSED_MAX * sampleSeconds * SAMPLE_MS;
  }

  /** Looks at commands that are new only: there may be millions. */
  status(nowMs: number): WireUptime {
    const { firstCommand, lastCommand } = this.times;
    if (lastCommand < firstCommand) {
      return { sinceMs: null, silenceMs: this.silenceMs, downMs: 0, downtimes: [] };
    }
    for (let command = Math.max(this.through, firstCommand); command < lastCommand; command++) {
      this.note(this.times.acceptedAtMs(command), this.times.acceptedAtMs(command + 1));
    }
    this.through = lastCommand;
    const lastMs = this.times.acceptedAtMs(lastCommand);
    const isSilent = nowMs - lastMs > this.silenceMs;
    const present = isSilent ? [{ fromMs: lastMs, toMs: null }] : [];
    return {
      sinceMs: this.times.acceptedAtMs(firstCommand),
      silenceMs: this.silenceMs,
      downMs: this.downMs + (isSilent ? nowMs - lastMs : 0),
      downtimes: [...this.downtimes, ...present],
    };
  }

  private note(fromMs: number, toMs: number): void {
    if (toMs - fromMs <= this.silenceMs) return;
    this.downtimes.push({ fromMs, toMs });
    this.downMs += toMs - fromMs;
    if (this.downtimes.length > DOWNTIMES_MAX) this.downtimes.shift();
  }
}
