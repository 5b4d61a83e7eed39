// SPDX-License-Identifier: GPL-2.0-only
import { statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { splatReader } from '@spte/errata';
import { EntryPatterns, machineReader } from '@spte/host';
import {
  isRefused,
  lineClaims,
  machineHints,
  type TraceEntry,
  type TraceRecord,
  traceReader,
} from '@spte/trace';
import type { Evidence } from '../context/context.ts';
import { spooledBytes } from '../files/dat-bytes.ts';
import { opened, readInput } from '../files/read-input.ts';
import { openTraceDat } from '../files/trace-dat.ts';
import { isTraceDat } from '../files/trace-magic.ts';
import { isMistake } from '../io/errors.ts';
import { type Io, pathOf } from '../io/io.ts';
import { type Strangers, strangers } from './strangers.ts';

/** Text that is looked at where the context has to be found, in bytes; longer while there was no entry in it. */
const ENOUGH = 1 << 24;

/** Text that is looked at for what contradicts a context that was given, in bytes. */
const A_GLANCE = 1 << 16;

/** Text that is looked at in any case, in bytes, at most. */
const MOST = 1 << 26;

/** Events of a trace.dat that are looked at, as text above. */
const ENOUGH_EVENTS = 200_000;
const MOST_EVENTS = 800_000;

/** Lines that are read for what they say of the machine beside what entries say. */
const LINES = 20_000;

/** What an input says of its context. */
export interface Witnessed {
  readonly evidence: Evidence;
  /** Whether the input may show entries, so that it matters what it is read as. */
  readonly matters: boolean;
  /** What it shows in lines that are not read. */
  readonly strangers: Strangers;
  /** Whether a splat of KVM's MMU without an entry is among them. */
  readonly hasSplats: boolean;
  /** The world in which what was looked at can still be read. */
  readonly io: Io;
}

/** Looks at the lines of a trace or a log, for what they say of the machine. */
interface Witness {
  readonly take: (entry: TraceEntry) => void;
  readonly uname: (text: string) => void;
  readonly entries: () => number;
  readonly evidence: () => Evidence;
  readonly strangers: Strangers;
  readonly hasSplats: () => boolean;
}

function lineWitness(): Witness {
  const machine = machineReader();
  const entries = new EntryPatterns();
  const others = strangers();
  const claimOf = lineClaims();
  const splats = splatReader();
  let hasSplats = false;
  let seen = 0;
  const addEntries = (record: TraceRecord): void => {
    for (const { role, value, level } of record.sptes) {
      if (role === 'guest') continue;
      seen++;
      if (!isRefused(record)) entries.add({ value, level });
    }
  };
  return {
    take({ line, text, record }) {
      if (line <= LINES) {
        machine.line(text, line);
        hasSplats ||= splats.take(text, record !== null)?.hasEntry === false;
      }
      if (record === null) {
        if (line <= LINES) others.take(text, line);
        return;
      }
      addEntries(record);
      const claim = claimOf(record);
      if (claim !== null) entries.addClaim(claim);
      const { vendor, mode } = machineHints(record);
      if (vendor !== null || mode !== null) machine.hint({ vendor, mode }, `line ${line}: ${record.event}`);
    },
    uname: (text) => machine.uname(text, 'the uname of the trace.dat'),
    entries: () => seen,
    evidence: () => ({ read: machine.facts(), entries }),
    strangers: others,
    hasSplats: () => hasSplats || splats.end()?.hasEntry === false,
  };
}

/**
 * Looks at the beginning of an input for what it says of its context. What can be read only once (the standard input, a
 * pipe) is read again in the world that is given back.
 *
 * @param known whether the context is given, and only what contradicts it is of interest
 */
export async function witness(io: Io, path: string, known: boolean): Promise<Witnessed> {
  const file = path === '-' ? null : statSync(pathOf(io, path), { throwIfNoEntry: false });
  // There is no such file, or it is a folder: whoever reads it says so.
  if (file === undefined || file?.isDirectory() === true)
    return { evidence: {}, matters: false, strangers: strangers(), hasSplats: false, io };
  if (file?.isFile() === true) return { ...(await lookedAt(io, path, known)), io };
  if (known) return { evidence: {}, matters: true, strangers: strangers(), hasSplats: false, io };
  const { head, whole } = await peek(opened(io, path));
  if (isTraceDat(head[0] ?? new Uint8Array())) return witnessSpooled(io, path, head, whole);
  const looked = await lookedAt({ ...io, held: new Map([[path, Readable.from(head)]]) }, path, known);
  return { ...looked, io: { ...io, held: new Map([...(io.held ?? []), [path, whole]]) } };
}

/** A trace.dat that can be read only once is put into a file, for its records are not in the order of their time. */
async function witnessSpooled(
  io: Io,
  path: string,
  head: readonly Uint8Array[],
  whole: AsyncIterable<Uint8Array>,
): Promise<Witnessed> {
  const spooled = new Map([...(io.spooled ?? []), [path, await spooledBytes(path, whole)]]);
  const first = head.slice(0, 1);
  const held = async function* (): AsyncGenerator<Uint8Array, void> {
    yield* first;
    await Promise.resolve();
  };
  const world = (): Io => ({ ...io, spooled, held: new Map([...(io.held ?? []), [path, held()]]) });
  return { ...(await lookedAt(world(), path, false)), io: world() };
}

async function lookedAt(io: Io, path: string, known: boolean): Promise<Omit<Witnessed, 'io'>> {
  const about = lineWitness();
  try {
    await look(about, io, path, known);
  } catch (error) {
    // Whoever reads the input in earnest says why it cannot be read, or only in part.
    if (!isMistake(error)) throw error;
  }
  return {
    evidence: about.evidence(),
    matters: about.entries() > 0,
    strangers: about.strangers,
    hasSplats: about.hasSplats(),
  };
}

/** How long the beginning of a pipe is waited for: it may be a trace as it comes. */
const PATIENCE_MS = 1000;

/** The beginning of what can be read only once, and all of it. */
async function peek(
  input: AsyncIterable<Uint8Array | string>,
): Promise<{ head: Uint8Array[]; whole: AsyncIterable<Uint8Array> }> {
  const iterator = input[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  let length = 0;
  const deadline = setTimeout(PATIENCE_MS, null, { ref: false });
  let next = iterator.next();
  while (length < ENOUGH) {
    // What cannot be read fails once more, where it is read in earnest.
    const result: IteratorResult<Uint8Array | string> | null = await Promise.race([next, deadline]).catch(
      () => null,
    );
    if (result === null || result.done === true) break;
    const chunk: Uint8Array = typeof result.value === 'string' ? Buffer.from(result.value) : result.value;
    head.push(chunk);
    length += chunk.length;
    next = iterator.next();
  }
  const whole = async function* (): AsyncGenerator<Uint8Array, void> {
    yield* head;
    for (let result = await next; result.done !== true; result = await iterator.next()) {
      yield typeof result.value === 'string' ? Buffer.from(result.value) : result.value;
    }
  };
  return { head, whole: whole() };
}

/** Looks at the beginning of an input. */
async function look(about: Witness, io: Io, path: string, known: boolean): Promise<void> {
  const iterator = readInput(io, path);
  const first = await iterator.next();
  if (first.done === true) return;
  const rest = { [Symbol.asyncIterator]: () => iterator };
  if (isTraceDat(first.value)) {
    await lookAtDat(about, io, path, { chunks: startingWith(first.value, rest), known });
    await iterator.return();
    return;
  }
  const reader = traceReader(about.take);
  let read = 0;
  for await (const chunk of startingWith(first.value, rest)) {
    reader.push(chunk);
    read += chunk.length;
    if (read >= (known ? A_GLANCE : about.entries() > 0 ? ENOUGH : MOST)) break;
  }
  reader.end();
}

async function lookAtDat(
  about: Witness,
  io: Io,
  path: string,
  { chunks, known }: { readonly chunks: AsyncIterable<Uint8Array>; readonly known: boolean },
): Promise<void> {
  const dat = await openTraceDat(io, path, chunks);
  try {
    about.uname(dat.uname);
    if (known) return;
    let count = 0;
    for (const entry of dat.entries()) {
      about.take(entry);
      if (++count >= (about.entries() > 0 ? ENOUGH_EVENTS : MOST_EVENTS)) break;
    }
  } finally {
    if (io.spooled?.has(path) !== true) dat.close();
  }
}

async function* startingWith(
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  yield first;
  yield* rest;
}
