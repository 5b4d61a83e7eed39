// SPDX-License-Identifier: GPL-2.0-only
import type { Fallback, Mmu } from '@spte/core';
import type { Arena } from '@spte/wasm';
import { type AnnotatedLine, type AnnotatorOptions, annotated } from '../annotate/annotate.ts';
import { type AnnotatedChange, rememberChanges } from '../annotate/annotate-change.ts';
import { faultExplainer, partName, plainParts, WORD_PARTS, withValues } from '../annotate/explain-fault.ts';
import { exitBefore, followLines, hintNumber } from '../annotate/follow-lines.ts';

import {
  type Before,
  checksOf,
  type LastLines,
  LEAVING_EVENTS,
  MAX_LINES_APART,
} from '../annotate/printed-check.ts';
import { annotatorFallbacks, rememberSptes } from '../annotate/remember-sptes.ts';
import { type AnnotationSightings, type AnnotationTally, bulkCounter } from '../annotate/tally.ts';
import { rawFieldsOf, UNKNOWN_FIELD } from '../events/raw-fields.ts';
import type { RecordForm, TracedSpte, TraceRecord } from '../events/record.ts';
import { TRACE_EVENTS } from '../events/trace-events.ts';
import { parseLine } from '../lines/parse-line.ts';
import { lineReader, type TraceCounts } from '../lines/reader.ts';
import { utf8Bytes, utf8Decoder } from '../text/utf8.ts';
import { createPrograms, patternProgram, rawProgram } from '../wasm/compile.ts';
import { createKernel } from '../wasm/kernel.ts';
import { createLineFeed } from '../wasm/line-feed.ts';
import * as STATE from '../wasm/state.ts';
import * as STATUS from '../wasm/status.ts';
import { createJsonForm, type JsonField, takeSeen } from './json-forms.ts';
import { createPieces, fieldHole } from './json-pieces.ts';

/** Turns a trace into lines of JSON, piece by piece. */
export interface NdjsonAnnotator {
  /** Takes a piece of the input, cut anywhere, and writes what it makes of it. */
  readonly push: (chunk: Uint8Array) => void;
  /** Takes the end of the input. */
  readonly end: () => void;
  readonly counts: TraceCounts;
  /** What the lines so far come to. */
  readonly tally: () => AnnotationTally;
  /** The same as plain data, for a counter that takes it in. */
  readonly sightings: () => AnnotationSightings;
  /** As those of `createAnnotator()`. */
  readonly fallbacks: readonly Fallback[];
}

/** How lines of JSON are written. */
export interface NdjsonOptions extends AnnotatorOptions {
  /** Members that every line has before its own. */
  readonly members?: Readonly<Record<string, string | number | boolean | null>>;
  /** Number of the first line; 1 when absent. */
  readonly firstLine?: number;
  /** Records of lines before the first, in their order, with which lines may be compared; none when absent. */
  readonly before?: Iterable<TraceRecord>;
  /**
   * Adds to what is said of a line of the kernel log, or takes of it, before it is counted and written; it is given the
   * line's text as well. None when absent.
   */
  readonly refine?: (line: AnnotatedLine, record: TraceRecord, text: string) => AnnotatedLine;
  /** False: line by line in JavaScript, also where the runtime has WebAssembly with vectors. The lines are the same. */
  readonly wasm?: boolean;
}

const MEMORY = 8 << 20;
const OUT_BYTES = 1 << 18;
/** Bytes of a line that the kernel writes, at most. */
const MAX_LINE = 1 << 15;

/**
 * Makes an annotator that writes what `JSON.stringify(createAnnotator(mmu)(record))` gives for each record of
 * `traceReader()`, byte for byte, a line each. Where there is WebAssembly it takes hundreds of megabytes a second: what
 * is said of like entries is kept as JSON, and the rules are asked only where there is none yet, or where something is
 * wrong.
 *
 * @param write takes some lines; the bytes are valid until it returns
 *
 * @example
 * ```ts
 * import { createMmu } from '@spte/core';
 * import { ndjsonAnnotator } from '@spte/trace';
 * import { svm } from '@spte/vendor-svm';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() });
 * let written = '';
 * const annotator = ndjsonAnnotator(mmu, (lines) => (written += new TextDecoder().decode(lines)), {
 *   members: { file: 'trace.txt' },
 * });
 * const line = 'x-1 [000] ..... 6.042: kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080\n';
 * annotator.push(new TextEncoder().encode(line));
 * annotator.end();
 * written.startsWith('{"file":"trace.txt","line":1,"event":"kvm_mmu_set_spte"'); // true
 * annotator.tally().kinds; // { leaf: 1 }
 * ```
 */
export function ndjsonAnnotator(
  mmu: Mmu,
  write: (lines: Uint8Array) => void,
  {
    members = {},
    firstLine = 1,
    before: earlier = [],
    wasm = true,
    exits = [],
    others = [],
    refine,
  }: NdjsonOptions = {},
): NdjsonAnnotator {
  const before = JSON.stringify({ ...members, line: 0 }).slice(0, -'0}'.length);
  const begin = utf8Bytes(before);
  const kernel = createKernel(MEMORY + 2 * begin.length, wasm);
  const { arena } = kernel;
  const counter = bulkCounter();
  const last = sharedLastLines(arena);
  const follow = followLines(mmu, { exits, others }, last);
  const explainer = faultExplainer(mmu, exits);
  const about = rememberSptes(mmu, others);
  const became = rememberChanges(mmu, others);
  const pieces = createPieces(arena, mmu, others, about, counter);
  const out = createOutput(arena, begin, write);
  const addProgram = createPrograms(arena);
  /** Events by the addresses of their forms. */
  const forms = new Map<number, string>();
  const learned = new Set<string>();

  const createForm = (event: string, form: RecordForm, fields: readonly JsonField[]): number => {
    const place = createJsonForm(arena, event, form, fields, exits.length > 0);
    forms.set(place, event);
    return place;
  };
  for (const [event, patterns] of TRACE_EVENTS) {
    for (const pattern of patterns) {
      addProgram(
        event,
        patternProgram(pattern, (fields) => createForm(event, 'text', fields)),
      );
    }
  }

  /** Teaches the kernel lines like this one. */
  const learn = (record: TraceRecord): void => {
    const { event, form, fields } = record;
    const names = Object.keys(fields);
    const key = `${event} ${names.join(' ')}`;
    if (form !== 'raw' || learned.has(key) || names.length > STATE.MAX_FIELDS || !arena.fits(FORM_BYTES))
      return;
    learned.add(key);
    const known = rawFieldsOf(event);
    const jsonFields = names.map((field) => ({ field, ...(known.get(field) ?? UNKNOWN_FIELD) }));
    const program = rawProgram(record, createForm(event, form, jsonFields));
    if (program !== null) addProgram(event, program);
  };

  const reader = lineReader(({ record, text }) => {
    if (record === null) return;
    const said = annotated(record, follow(record), about, became);
    const line = refine === undefined || record.form !== 'log' ? said : refine(said, record, text);
    counter.add(line);
    out.add(utf8Bytes(`${before}${JSON.stringify(line).slice(OWN_BEGIN.length)}\n`));
    learn(record);
  }, firstLine);
  for (const record of earlier) follow(record);

  /** The line at hand of the kernel. */
  const recordAtHand = (): TraceRecord => {
    const at = arena.get(STATE.POSITION);
    const text = utf8Decoder().decode(arena.bytes.subarray(at, arena.get(STATE.LINE_END)));
    const line = arena.view.getFloat64(STATE.LINE, true);
    return parseLine(text, line) as TraceRecord;
  };
  const changeOf = ({ sptes: [old, now] }: TraceRecord): AnnotatedChange =>
    became(about(old as TracedSpte, null), about(now as TracedSpte, null));
  /** Which words of a line decide over what is said of it: a bit for each that it has. */
  const planOf = (record: TraceRecord): number => {
    const looked = explainer.looksAt(record);
    const words = WORD_PARTS.filter((part) => Object.hasOwn(record.fields, partName(record, part)));
    return words.reduce((mask, word, i) => mask | (Number(looked.includes(word)) << i), 0);
  };
  /** What is said of a line, with holes in place of its fields. */
  const faultText = (record: TraceRecord): string => {
    const order = Object.keys(record.fields);
    const said = explainer.explain(record, exitBefore(record, last.before()));
    const plain = plainParts(explainer.looksAt(record));
    const holes = withValues(said, plain, (part) => fieldHole(order.indexOf(partName(record, part))));
    return `,"explains":${JSON.stringify(holes)}`;
  };

  const feed = createLineFeed(kernel, reader, (status) => {
    if (status === STATUS.OUT_FULL) out.flush();
    else if (status === STATUS.MISSING_SPTE) pieces.addSpte();
    else if (status === STATUS.MISSING_CHECKS)
      pieces.addChecks(checksOf(recordAtHand(), mmu, others, last.before()));
    else if (status === STATUS.MISSING_CHANGE) pieces.addChange(changeOf(recordAtHand()));
    else if (status === STATUS.MISSING_PLAN) pieces.addPlan(planOf(recordAtHand()));
    else {
      const record = recordAtHand();
      pieces.addFault(faultText(record), hintNumber(record));
    }
  });
  /** Counts what the kernel has seen. */
  const settle = (): void => {
    pieces.settle();
    for (const [form, event] of forms) {
      const seen = takeSeen(arena.view, form);
      if (seen.count > 0) counter.addEvent(event, seen);
    }
  };
  return {
    push(chunk) {
      feed.push(chunk);
      out.flush();
    },
    end() {
      feed.end();
      out.flush();
    },
    counts: reader.counts,
    fallbacks: annotatorFallbacks(mmu),
    tally() {
      settle();
      return counter.tally();
    },
    sightings() {
      settle();
      return counter.sightings();
    },
  };
}

/** Bytes of a form that is learned, and its program, at most. */
const FORM_BYTES = 1 << 15;

/** How a line begins of its own. */
const OWN_BEGIN = '{"line":';

/** Lines on their way out, in a memory that the kernel writes to as well. */
function createOutput(arena: Arena, begin: Uint8Array, write: (lines: Uint8Array) => void) {
  const size = OUT_BYTES + begin.length;
  const start = arena.take(size);
  arena.set(STATE.LINE_TEXT, arena.copy(begin));
  arena.set(STATE.LINE_TEXT_LENGTH, begin.length);
  arena.set(STATE.AS_JSON, 1);
  arena.set(STATE.OUT, start);
  arena.set(STATE.OUT_LIMIT, start + OUT_BYTES - MAX_LINE);
  const text = '],"checks":[';
  arena.set(STATE.CHECKS_TEXT, arena.text(text));
  arena.set(STATE.CHECKS_TEXT_LENGTH, text.length);
  const flush = (): void => {
    const end = arena.get(STATE.OUT);
    arena.set(STATE.OUT, start);
    if (end > start) write(arena.bytes.subarray(start, end));
  };
  return {
    flush,
    add(bytes: Uint8Array): void {
      if (arena.get(STATE.OUT) + bytes.length > start + size) flush();
      if (bytes.length > size) {
        write(bytes);
        return;
      }
      const at = arena.get(STATE.OUT);
      arena.bytes.set(bytes, at);
      arena.set(STATE.OUT, at + bytes.length);
    },
  };
}

/** The last lines of tasks, in a memory that the kernel reads and writes as well. */
function sharedLastLines(arena: Arena): LastLines & { before(): Before | undefined } {
  const { view, bytes } = arena;
  const start = arena.take(STATE.TASK_BYTES * MAX_LINES_APART);
  arena.set(STATE.PENDING, start);
  arena.set(STATE.MAX_APART, MAX_LINES_APART);
  const end = (): number => start + STATE.TASK_BYTES * arena.get(STATE.PENDING_COUNT);
  const at = (place: number): Before => ({
    event: LEAVING_EVENTS[arena.get(place + STATE.TASK_EVENT) - 1] as string,
    value: view.getBigUint64(place + STATE.TASK_VALUE, true),
    line: view.getFloat64(place + STATE.TASK_LINE, true),
  });
  const forget = (place: number): void => {
    bytes.copyWithin(place, place + STATE.TASK_BYTES, end());
    arena.set(STATE.PENDING_COUNT, arena.get(STATE.PENDING_COUNT) - 1);
  };
  return {
    before() {
      const place = arena.get(STATE.BEFORE);
      return place === 0 ? undefined : at(place);
    },
    take(task) {
      for (let place = end() - STATE.TASK_BYTES; place >= start; place -= STATE.TASK_BYTES) {
        if (view.getFloat64(place + STATE.TASK, true) !== (task ?? -1)) continue;
        const before = at(place);
        forget(place);
        return before;
      }
      return;
    },
    put(task, { event, value, line }) {
      if (arena.get(STATE.PENDING_COUNT) >= MAX_LINES_APART) forget(start);
      const place = end();
      view.setFloat64(place + STATE.TASK, task ?? -1, true);
      view.setBigUint64(place + STATE.TASK_VALUE, value, true);
      view.setFloat64(place + STATE.TASK_LINE, line, true);
      arena.set(place + STATE.TASK_EVENT, LEAVING_EVENTS.indexOf(event) + 1);
      arena.set(STATE.PENDING_COUNT, arena.get(STATE.PENDING_COUNT) + 1);
    },
  };
}
