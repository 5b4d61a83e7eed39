// SPDX-License-Identifier: GPL-2.0-only
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ChangedDump, type DumpName, realDump, realMemory } from '@spte/testing/dumps';
import { buildKdump, type KdumpOptions } from '@spte/testing/kdump';
import { folder } from './run.ts';

/** A vmcore with the memory of a real host, in which `change` may alter or take out pages. */
export function vmcore(
  name: string,
  change: (dump: ChangedDump) => void = () => undefined,
  { run = 'svm61-two', ...options }: KdumpOptions & { readonly run?: DumpName } = {},
): string {
  const image = realMemory(run);
  const dump = realDump(run);
  change(dump);
  const gone: number[] = [];
  const present = image.present.flatMap(([start, end]) => {
    const runs: [number, number][] = [];
    let from = start;
    for (let pfn = start; pfn < end; pfn++) {
      if (dump.readPage(pfn).gap === null) continue;
      gone.push(pfn);
      if (pfn > from) runs.push([from, pfn]);
      from = pfn + 1;
    }
    return from < end ? [...runs, [from, end] as [number, number]] : runs;
  });
  const page = (pfn: number): Uint8Array | null => {
    const { bytes } = dump.readPage(pfn);
    return bytes?.some((byte) => byte !== 0) === true ? bytes : null;
  };
  const path = join(folder, name);
  writeFileSync(path, buildKdump({ ...image, present, page }, { filtered: gone, ...options }));
  return path;
}
