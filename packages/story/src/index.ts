// SPDX-License-Identifier: GPL-2.0-only
/**
 * Tells what happened in a trace of KVM: faults and what became of them, the same fault again and again, MMIO, splits of
 * huge pages, dirty logging, notifiers, losses.
 *
 * @module
 */
export { createStory, type StoryReader } from './create-story.ts';
export type { Fault } from './fault.ts';
export type { BufferHead, BufferStart, Gap } from './losses.ts';
export type { MmioAccesses } from './mmio.ts';
export type { NxSplit } from './nx.ts';
export type { RepeatedFault, Unmap } from './repeats.ts';
export type { ProtectedAgain, SettledFault, StoryOptions } from './story.ts';
export type { Counts, Listed, StoryJson } from './story-json.ts';
export type { DirtySweep } from './sweeps.ts';
export type { FaultOutcome } from './window.ts';
