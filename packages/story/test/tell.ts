// SPDX-License-Identifier: GPL-2.0-only
import { createStory, type SettledFault, type StoryJson, type StoryOptions } from '@spte/story';
import { readTraceSync } from '@spte/trace';
import { svmExits } from '@spte/vendor-svm';
import { vmxExits } from '@spte/vendor-vmx';

/** The story of a text. */
export function tell(
  text: string,
  options: StoryOptions = {},
  settled?: (fault: SettledFault) => void,
): StoryJson {
  const story = createStory({ exits: [vmxExits, svmExits], ...options }, settled);
  for (const entry of readTraceSync([text])) story.take(entry);
  return story.end();
}

/** Who writes a line. */
export interface Who {
  readonly pid?: number;
  readonly cpu?: number;
  readonly task?: string;
}

/** A line of a task, with the time in milliseconds. */
export function line(event: string, at: number, { pid = 7, cpu = 0, task = 'qemu' }: Who = {}): string {
  return `${task}-${pid} [00${cpu}] ..... ${(at / 1000).toFixed(6)}: ${event}`;
}

export const NPF_EXIT: string =
  'kvm_exit: vcpu 0 reason npf rip 0x2000 info1 0x100000006 info2 0x10000 intr_info 0 error_code 0';
export const NPF: string = 'kvm_page_fault: vcpu 0 rip 0x2000 address 0x10000 error_code 0x100000006';
export const SET: string = 'kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080';

/** Events, of a task like any other unless it is said whose. */
export type Events = readonly (string | readonly [event: string, who: Who])[];

/** Lines one after the other, a millisecond each. */
export function trace(...events: Events): string {
  return events
    .map((event, at) => (typeof event === 'string' ? line(event, at) : line(event[0], at, event[1])))
    .join('\n');
}
