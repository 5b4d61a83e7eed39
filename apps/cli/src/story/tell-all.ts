// SPDX-License-Identifier: GPL-2.0-only
import { createStory, type StoryJson, type StoryReader } from '@spte/story';
import { type TraceEntry, traceReader } from '@spte/trace';
import { svmExits } from '@spte/vendor-svm';
import { vmxExits } from '@spte/vendor-vmx';
import { witness } from '../annotate/evidence.ts';
import {
  type ContextData,
  contextData,
  contextJson,
  contextText,
  isMachineGiven,
  sayContext,
  withMasks,
} from '../context/context.ts';
import { type CommonOptions, MISTAKE, type Outcome, type Session } from '../context/session.ts';
import { readInput } from '../files/read-input.ts';
import { openTraceDat, readTraceDat } from '../files/trace-dat.ts';
import { isTraceDat } from '../files/trace-magic.ts';
import { breathe } from '../io/clean-up.ts';
import { isMistake, OutputError, shown, UsageError } from '../io/errors.ts';
import type { Io } from '../io/io.ts';
import { documentHead } from '../io/output.ts';
import { fileProgress } from '../io/progress.ts';
import { renderStory } from './render-story.ts';

export type StoryCommandOptions = CommonOptions;

/** Lines say themselves whose exits they show. */
const EXITS = [vmxExits, svmExits];

/** Tells of inputs one after the other. One that cannot be read is reported, and the others go on. */
export async function tellAll(
  session: Session,
  paths: readonly string[],
  options: StoryCommandOptions,
): Promise<Outcome> {
  if (paths.filter((path) => path === '-').length > 1) {
    throw new UsageError('the standard input can be read only once');
  }
  if (options.json === true && paths.length > 1) {
    throw new UsageError('--json prints the story of one FILE: use --ndjson for several');
  }
  let looked = 0;
  for (const [index, path] of paths.entries()) {
    try {
      looked += await tell(session, path, paths.length > 1 ? index : null, options);
    } catch (error) {
      if (!isMistake(error) || error instanceof OutputError) throw error;
      const who = paths.length === 1 || error.message.includes(shown(path)) ? '' : `${shown(path)}: `;
      session.io.complain(`spte: ${who}${error.message}\n`);
      session.status = MISTAKE;
      looked++;
    }
  }
  return { findings: 0, possible: 0, looked, damaged: false };
}

/** Tells of an input. @param index its number where there are several; returns how many lines had something to say */
async function tell(
  { io, out }: Session,
  path: string,
  index: number | null,
  options: StoryCommandOptions,
): Promise<number> {
  const witnessed = await witness(io, path, isMachineGiven(options));
  const context = contextData(io, options, witnessed.evidence);
  if (witnessed.matters) sayContext(io, index === null ? '' : `${path}: `, context, options);
  const json = await readStory(witnessed.io, path, context);
  const file = index === null ? {} : { file: path };
  if (options.ndjson === true)
    void out.record({ ...file, summary: { ...json, context: contextJson(context) } });
  else if (options.json === true) out.document({ ...documentHead('story', contextJson(context)), ...json });
  else printStory({ io, out }, json, context, { path, index });
  return json.lines;
}

function printStory(
  { io, out }: Pick<Session, 'io' | 'out'>,
  json: StoryJson,
  context: ContextData,
  { path, index }: { readonly path: string; readonly index: number | null },
): void {
  if (index !== null) void out.line(`${index === 0 ? '' : '\n'}==> ${path} <==`);
  if (json.lines === 0) io.complain(`spte: ${shown(path)}: no line of a tracer\n`);
  else void out.line(renderStory(out.paint, json, contextText(withMasks(context)), path));
}

async function readStory(io: Io, path: string, { config }: ContextData): Promise<StoryJson> {
  const bar = fileProgress(io, path, 'reading');
  const vendor = config.vendor.name === 'svm' ? 'svm' : 'vmx';
  const story = createStory({ exits: EXITS, vendor, kernel: versionOf(config.kernel) });
  try {
    const chunks = readInput(io, path, bar.read);
    const first = await chunks.next();
    if (first.done === true) return story.end();
    const all = startingWith(first.value, chunks);
    if (isTraceDat(first.value)) await readDat(io, story, path, all);
    else await readText(story, all);
    return story.end();
  } finally {
    bar.done();
  }
}

async function readText(story: StoryReader, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const reader = traceReader((entry) => story.take(entry));
  for await (const chunk of chunks) reader.push(chunk);
  reader.end();
}

/** Events are numbered in the place of lines. */
async function readDat(
  io: Io,
  story: StoryReader,
  path: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  let line = 0;
  const dat = await openTraceDat(io, path, chunks, undefined, {
    others: true,
    onLost: (cpu, lost) => story.mark(line + 1, { kind: 'gap', cpu, lost, kept: null, cpus: null }),
  });
  const take = (entry: TraceEntry): void => {
    line = entry.line;
    story.take(entry);
  };
  try {
    await readTraceDat(io, path, dat, take, breathe);
  } finally {
    dat.close();
  }
}

async function* startingWith(
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  yield first;
  yield* rest;
}

/** The two numbers by which a kernel's results are told. */
function versionOf(kernel: string): readonly [number, number] | undefined {
  const [, major, minor] = /^(\d{1,4})\.(\d{1,4})/.exec(kernel) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}
