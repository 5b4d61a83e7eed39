// SPDX-License-Identifier: GPL-2.0-only
import type { LossMark, TraceEntry, TraceRecord } from '@spte/trace';
import { type SettledFault, Story, type StoryOptions } from './story.ts';
import { type StoryJson, storyJson } from './story-json.ts';

/** Collects what happened in a trace. */
export interface StoryReader {
  /** Takes a line, as a reader of traces gives it. */
  readonly take: (entry: TraceEntry) => void;
  /** Takes an event; those that come somewhat late are put where their time says. */
  readonly event: (record: TraceRecord) => void;
  /** Takes what a tracer says of lost events. @param line where it says it */
  readonly mark: (line: number, mark: LossMark) => void;
  /** Takes the end, and says what happened. To be called once. */
  readonly end: () => StoryJson;
}

/**
 * Makes a collector, which holds some megabytes at most whatever the trace is.
 *
 * @param settled hears of each fault with its outcome, when the window of the fault ends
 *
 * @example
 * ```ts
 * import { createStory } from '@spte/story';
 * import { parseLine } from '@spte/trace';
 *
 * const story = createStory();
 * for (const line of [
 *   'qemu-222 [000] ..... 6.1: kvm_exit: vcpu 0 reason npf rip 0x2000 info1 0x100000006 info2 0x10000 intr_info 0 error_code 0',
 *   'qemu-222 [000] ..... 6.2: kvm_page_fault: vcpu 0 rip 0x2000 address 0x10000 error_code 0x100000006',
 *   'qemu-222 [000] ..... 6.3: kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080',
 * ]) {
 *   const record = parseLine(line);
 *   if (record !== null) story.event(record);
 * }
 * story.end().faults.outcomes; // { mapped: 1 }
 * ```
 */
export function createStory(
  options: StoryOptions = {},
  settled: (fault: SettledFault) => void = () => undefined,
): StoryReader {
  const story = new Story(options, settled);
  return {
    take: (entry) => story.take(entry),
    event: (record) => story.event(record),
    mark: (line, mark) => story.mark(line, mark),
    end() {
      story.end();
      return storyJson(story);
    },
  };
}
