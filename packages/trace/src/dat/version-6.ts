// SPDX-License-Identifier: GPL-2.0-only
import { type ByteReader, byteReader, memoryReader, refuse, unsupported } from './byte-reader.ts';
import {
  type DatDraft,
  fileText,
  readFormats,
  readHeaderInfo,
  skipFtraceFormats,
  takeOption,
} from './dat-file.ts';
import { CPU_BYTES } from './ledger.ts';
import type { Pieces } from './source.ts';

/** An instance of ftrace beside the top one, as an option tells of it. */
interface Instance {
  readonly name: string;
  /** Where the places of its pages are; 0 where the recording ended before they were written. */
  readonly offset: number;
  /** How many CPUs it has. */
  cpus: number;
}

/** Ids of options that mean something else in version 7. */
const DONE = 0;
const BUFFER = 3;
const CPUCOUNT = 8;

const FLYRECORD = 'flyrecord';

/** Characters of a name in an error. */
const SHOWN = 40;

/** Bytes of the offset and the size of what a CPU recorded. */
const PLACE_BYTES = 16;

/** Reads what follows the start of a version 6 file: everything in one order, but for the instances at its end. */
export function readVersion6(source: Pieces, reader: ByteReader, draft: DatDraft, pageSize: number): void {
  readHeaderInfo(reader, draft);
  skipFtraceFormats(reader, draft);
  readFormats(reader, draft);
  // Symbols of the kernel and formats of trace_printk().
  reader.skip(reader.u32());
  reader.skip(reader.u32());
  draft.cmdlines = fileText(reader, draft);
  const cpus = reader.u32();
  const section = reader.text();
  const hasOptions = section === 'options  ';
  const instances = hasOptions ? readOptions(reader, draft, cpus) : [];
  const data = hasOptions ? reader.text() : section;
  if (data !== FLYRECORD)
    unsupported('it holds a latency trace, which is text: give that to the text reader');
  readPlaces(reader, draft, { name: '', offset: 0, cpus }, pageSize);
  for (const instance of instances) readInstance(source, draft, instance, pageSize);
}

/** The options up to their end; gives the instances among them. */
function readOptions(reader: ByteReader, draft: DatDraft, cpus: number): Instance[] {
  const instances: Instance[] = [];
  let before = DONE;
  for (let id = reader.u16(); id !== DONE; id = reader.u16()) {
    const size = reader.u32();
    draft.ledger.keep(size);
    const data = reader.bytes(size);
    const option = memoryReader(data, 'option');
    const instance = instances.at(-1);
    if (id === BUFFER) instances.push({ offset: option.size(), name: option.text(), cpus });
    // Right behind an instance it is the number of its CPUs, elsewhere one that is known already.
    else if (id === CPUCOUNT && before === BUFFER && instance !== undefined) instance.cpus = option.u32();
    else takeOption(draft, id, data);
    before = id;
  }
  return instances;
}

function readInstance(source: Pieces, draft: DatDraft, instance: Instance, pageSize: number): void {
  if (instance.offset === 0) return;
  // A name comes from the file and may be anything.
  const what = `instance ${JSON.stringify(instance.name.slice(0, SHOWN))}`;
  const reader = byteReader(source, instance.offset, what);
  if (reader.text() !== FLYRECORD) refuse(`${what}: no records are where they should be`);
  readPlaces(reader, draft, instance, pageSize);
}

/** Where the records of each CPU are. */
function readPlaces(
  reader: ByteReader,
  { cpus, ledger, clock }: DatDraft,
  { name: instance, cpus: count }: Instance,
  pageSize: number,
): void {
  ledger.claim('places of records', count * PLACE_BYTES);
  for (let cpu = 0; cpu < count; cpu++) {
    ledger.keep(CPU_BYTES);
    const [offset, size] = [reader.size(), reader.size()];
    cpus.push({ instance, clock, cpu, offset, size, compressed: false, pageSize });
  }
}
