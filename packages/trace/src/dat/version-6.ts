// SPDX-License-Identifier: GPL-2.0-only
import { type ByteReader, refuse } from './byte-reader.ts';
import {
  type DatDraft,
  fileText,
  readFormats,
  readHeaderInfo,
  skipFtraceFormats,
  takeOption,
} from './dat-file.ts';

/** Reads what follows the start of a version 6 file: everything in one order. Other instances are not read. */
export function readVersion6(reader: ByteReader, draft: DatDraft, pageSize: number): void {
  readHeaderInfo(reader, draft);
  skipFtraceFormats(reader);
  readFormats(reader, draft);
  // Symbols of the kernel and formats of trace_printk().
  reader.bytes(reader.u32());
  reader.bytes(reader.u32());
  draft.cmdlines = fileText(reader);
  const cpus = reader.u32();
  let section = reader.text();
  if (section === 'options  ') {
    for (let id = reader.u16(); id !== 0; id = reader.u16())
      takeOption(draft, id, reader.bytes(reader.u32()));
    section = reader.text();
  }
  if (section !== 'flyrecord')
    refuse('it holds a latency trace, which is text: give that to the text reader');
  for (let cpu = 0; cpu < cpus; cpu++) {
    draft.cpus.push({ cpu, offset: reader.size(), size: reader.size(), compressed: false, pageSize });
  }
}
