// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import type { WalkEntry } from '@spte/walk';
import { contextJson } from '../context/context.ts';
import type { Outcome } from '../context/session.ts';
import { alignRows } from '../io/align.ts';
import { documentHead, writeList } from '../io/output.ts';
import { byCode } from '../verdict/found.ts';
import { sayVerdict, verdictJson } from '../verdict/say.ts';
import { NO_VERDICT, outcomeBy } from '../verdict/verdict.ts';
import { type EntryJson, entryJson } from './entry-json.ts';
import { judgeWalk, type LeafSlots, type SlotJson, type WalkJob, watchedWalk } from './job.ts';
import { renderEntry } from './render-walk.ts';

/**
 * Prints the entries of a walk, one by one.
 */
export async function printEntries(job: WalkJob): Promise<Outcome> {
  const { policy, reporter } = job;
  const { io, out } = job.session;
  const { mmu } = job.context;
  const { only, json, ndjson } = job.options;
  const codes = { findings: new Map<string, number>(), possible: new Map<string, number>() };
  let entries = 0;
  const wanted = function* (): Generator<WalkEntry, void> {
    for (const entry of watchedWalk(job)) {
      entries++;
      for (const { code } of entry.findings) count(codes.findings, code);
      for (const { finding } of entry.possible) count(codes.possible, finding.code);
      if (only === 'findings' && entry.findings.length + entry.possible.length === 0) continue;
      yield entry;
    }
  };
  const items = function* (): Generator<EntryJson & { readonly slot?: SlotJson | null }, void> {
    for (const entry of wanted()) {
      const item = entryJson(mmu, entry);
      const slot = job.slots?.add(entry, item.access?.includes('w') === true);
      yield slot === undefined ? item : { ...item, slot };
    }
  };
  let verdict = NO_VERDICT;
  const summary = (): object => {
    verdict = judgeWalk(job, codes, entries);
    const { findings, possible } = verdict;
    return {
      entries,
      findings,
      possible,
      ...byCode(codes),
      ...slotsJson(job.slots),
      ...verdictJson(policy, verdict),
    };
  };
  const context = contextJson(job.context);
  if (json === true) {
    const tail = (): object => ({ summary: summary() });
    await writeList(out, documentHead('walk', context), 'entries', items(), tail);
  } else if (ndjson === true) {
    for (const item of items()) {
      const full = out.record(item);
      if (full !== undefined) await full;
    }
    void out.record({ summary: { ...summary(), context } });
  } else {
    for (const item of items()) {
      const full =
        reporter === null ? out.line(`${renderEntry(out.paint, item)}${slotText(item.slot)}`) : undefined;
      if (full !== undefined) await full;
    }
    summary();
    if (job.slots !== undefined && reporter === null)
      for (const row of slotRows(job.slots)) void out.line(row);
    sayVerdict(io, job.options, policy, verdict);
  }
  return outcomeBy(verdict, entries);
}

function count(counts: Map<string, number>, code: string): void {
  counts.set(code, 1 + (counts.get(code) ?? 0));
}

/** A slot behind its leaf. */
function slotText(slot: SlotJson | null | undefined): string {
  if (slot === undefined) return '';
  return slot === null ? '  in no slot' : `  ${[`slot ${slot.id}`, ...slot.flagNames].join(' ')}`;
}

function slotsJson(slots: LeafSlots | undefined): object {
  return slots === undefined ? {} : { slots: slots.list(), outsideSlots: slots.outside };
}

/** What of each slot is mapped, and by which page size. */
function slotRows(slots: LeafSlots): string[] {
  const rows = slots.list().map(({ id, asId, baseGfn, npages, mapped, writable, leaves, flagNames }) => [
    `slot ${id}${asId === 0 ? '' : ` (address space ${asId})`}`,
    `gfn ${hex(baseGfn)}..${hex(baseGfn + BigInt(npages) - 1n)}`,
    `${mapped} of ${npages} pages (${Math.floor((100 * mapped) / npages)}%)`,
    Object.entries(leaves)
      .map(([size, count]) => `${count} x ${size}`)
      .join(', '),
    `${writable} writable`,
    flagNames.join(' '),
  ]);
  return [...alignRows(rows), ...(slots.outside === 0 ? [] : [`  in no slot: ${slots.outside} pages`])];
}
