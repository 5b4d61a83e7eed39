// SPDX-License-Identifier: GPL-2.0-only
// Where something ends to be read, or to be kept: at the last that is, and at the first that is not.
import { columnReader, parseLine, readTraceSync } from '@spte/trace';
import { describe, expect, it } from 'vitest';
import { CHECKED } from '../src/annotate/printed-check.ts';
import { openLedger } from '../src/dat/ledger.ts';
import { LOG_TEXTS } from '../src/events/log-texts.ts';
import { rawFieldsOf } from '../src/events/raw-fields.ts';
import { TRACE_EVENTS } from '../src/events/trace-events.ts';
import { MAX_FIELDS, MAX_KEY_WORDS, MAX_SPTES } from '../src/wasm/state.ts';
import { bytesOf } from './runs.ts';

const EVENT = 'kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080';

/** What a line says before its event, read line by line and by the kernel. */
function headerOf(line: string): unknown {
  const [fast, slow] = [true, false].map((wasm) => {
    const found: unknown[] = [];
    const reader = columnReader(
      ({ tasks, pids, cpus, times, timeDigits, words }) => {
        found.push(words[tasks[0] ?? -1] ?? null, pids[0], cpus[0], times[0], timeDigits[0]);
      },
      { wasm },
    );
    reader.push(bytesOf(`${line}\n`));
    reader.end();
    return found;
  });
  expect(fast).toEqual(slow);
  return fast;
}

describe('a header', () => {
  const header = (length: number): string => 'vm-1 [000] 1.5: '.padStart(length);

  it('of 256 characters is read, and none that is longer', () => {
    expect(headerOf(header(256) + EVENT)).toEqual(['vm', 1, 0, 15n, 1]);
    expect(headerOf(header(257) + EVENT)).toEqual([null, -1, -1, 0n, 255]);
    expect(parseLine(header(257) + EVENT)).toMatchObject({ task: null, pid: null, timestamp: null });
  });

  it('of a log text is looked for in the first 256 characters', () => {
    const log = (before: number): string =>
      `${' '.repeat(before)}[    1.000002] ------ spte 0x797fe67 level 1.`;
    const time = '[    1.000002]'.length;
    expect(parseLine(log(256 - time))?.timestamp).toBe('1.000002');
    expect(parseLine(log(256 - time + 1))).toMatchObject({ timestamp: null, fields: { level: 1 } });
  });
});

describe('a time', () => {
  it('of 18 digits is a number, and none that is longer', () => {
    const line = (digits: number): string => `vm-1 [000] ${'9'.repeat(digits - 1)}.5: ${EVENT}`;
    expect(headerOf(line(18))).toEqual(['vm', 1, 0, BigInt(`${'9'.repeat(17)}5`), 1]);
    expect(headerOf(line(19))).toEqual(['vm', 1, 0, 0n, 255]);
  });
});

describe('a field', () => {
  it('has fewer than 256 characters', () => {
    const line = (length: number): string => `kvm_mmu_set_spte: gfn=1 note=${'x'.repeat(length)} spte=2`;
    expect(parseLine(line(255))?.fields).toMatchObject({ note: 'x'.repeat(255), spte: '0x2' });
    expect(parseLine(line(256))?.fields).toEqual({ gfn: '0x1' });
  });

  it('of words, with the blank behind it, has fewer than 256 characters', () => {
    const line = (length: number): string => `kvm_exit: vcpu 0 reason ${'x'.repeat(length)} rip 0x1 info 1 2`;
    expect(parseLine(line(254))?.fields).toMatchObject({ reason: 'x'.repeat(254), rip: '0x1' });
    expect(parseLine(line(255))).toBeNull();
    expect(parseLine(line(256))).toBeNull();
  });
});

describe('a number', () => {
  const sptes = (spte: string): readonly bigint[] | undefined =>
    parseLine(`kvm_mmu_set_spte: gfn 10 spte ${spte} (rwxu) level 1 at 1a1080`)?.sptes.map(
      ({ value }) => value,
    );

  it('in hex has 16 digits at most, each from 0 to f', () => {
    expect(sptes('f'.repeat(16))).toEqual([0xffff_ffff_ffff_ffffn]);
    expect(sptes(`1${'f'.repeat(16)}`)).toBeUndefined();
    expect(sptes('0123456789abcdef')).toEqual([0x123_4567_89ab_cdefn]);
    expect(sptes('0x0123456789ABCDEF')).toEqual([0x123_4567_89ab_cdefn]);
    for (const other of '/:@G`g') expect(sptes(`1${other}`)).toBeUndefined();
  });

  it('in decimal has 10 digits at most, each from 0 to 9', () => {
    const level = (text: string): unknown =>
      parseLine(`kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level ${text} at 1a1080`)?.fields['level'];
    expect(level('1234567890')).toBe(1_234_567_890);
    expect(level('-12')).toBe(-12);
    expect(level('12345678901')).toBeUndefined();
    for (const other of '/:') expect(level(`1${other}`)).toBe(1);
  });

  it('of 64 bits in decimal has 20 digits at most', () => {
    const gfn = (text: string): unknown => parseLine(`kvm_mmu_get_page: gfn=${text}`)?.fields['gfn'];
    expect(gfn('18446744073709551615')).toBe('0xffffffffffffffff');
    expect(gfn('118446744073709551615')).toBeUndefined();
  });

  it('of a task has 10 digits at most', () => {
    expect(headerOf(`vm-2147483647 [000] 1.5: ${EVENT}`)).toEqual(['vm', 2_147_483_647, 0, 15n, 1]);
    expect(parseLine(`vm-12345678901 [000] 1.5: ${EVENT}`)?.pid).toBeNull();
  });
});

describe('a character', () => {
  const record = (line: string): boolean => parseLine(line) !== null;

  it('stands between words if it is a blank, a control of a line, or NUL', () => {
    const between = Array.from({ length: 34 }, (_, code) => code).filter((code) =>
      record(EVENT.replaceAll(' ', String.fromCharCode(code))),
    );
    expect(between).toEqual([0, 9, 10, 11, 12, 13, 32]);
  });

  it('before the name of an event is no part of it, unless names have such', () => {
    const parts = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).filter(
      (before) => !record(`${before}${EVENT}`),
    );
    expect(parts.join('')).toBe('0123456789_abcdefghijklmnopqrstuvwxyz');
  });

  it('is one of a flag if it is a capital, a digit or a bar', () => {
    const flags = Array.from({ length: 127 }, (_, code) => String.fromCharCode(code)).filter((code) =>
      record(
        `fast_page_fault: vcpu 0 gva 113000 error_code P${code}W sptep 00000000dbce34f4 old 0x1 new 1 spurious 0 fixed 1`,
      ),
    );
    expect(flags.join('')).toBe('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefx|');
  });
});

describe('a line that a mail has wrapped', () => {
  const wrapped = (lines: number): string => {
    const words = EVENT.split(' ');
    const parts = Array.from({ length: lines }, (_, i) =>
      i === lines - 1 ? words.slice(i).join(' ') : String(words[i]),
    );
    return `${parts.join('\n')}\n`;
  };

  it('into four is joined, and none into more', () => {
    const records = (lines: number): number[] =>
      [...readTraceSync([wrapped(lines)])].flatMap(({ record, partOf }) => (record ? [-1] : (partOf ?? [])));
    expect(records(4)).toEqual([-1, 1, 1, 1]);
    expect(records(5)).toEqual([]);
  });
});

describe('the ledger of a file', () => {
  const HELD = 1 << 26;

  it('takes what was given back, again and again', () => {
    const ledger = openLedger(1 << 24);
    for (let i = 0; i < 10; i++) {
      ledger.hold(HELD);
      ledger.release(HELD);
    }
    ledger.hold(HELD - 1);
    ledger.hold(1);
    expect(() => ledger.hold(1)).toThrow(`its CPUs need more than ${HELD} bytes in memory at once`);
  });

  it('takes as much as was given back, and no more', () => {
    const ledger = openLedger(1 << 24);
    ledger.hold(HELD);
    ledger.release(10);
    ledger.hold(10);
    expect(() => ledger.hold(1)).toThrow('at once');
  });

  it('takes no more than 1,024 times the size of the file, given back or not', () => {
    const ledger = openLedger(10);
    ledger.unpack(10_240);
    expect(() => ledger.unpack(1)).toThrow('more than 1024 times its size uncompressed');
  });

  it('takes texts of 16 MiB, blocks of as much, and parts as large as the file', () => {
    const ledger = openLedger(10);
    // Beside each text there is more to keep.
    ledger.keep((1 << 24) - 64);
    expect(() => ledger.keep(0)).toThrow('its texts have more than 16777216 bytes');
    ledger.block(1 << 24, 1 << 24);
    expect(() => ledger.block(1, (1 << 24) + 1)).toThrow('a block of 16777217 bytes');
    expect(() => ledger.block((1 << 24) + 1, 1)).toThrow('a block of 16777217 bytes');
    ledger.claim('one', 4);
    ledger.claim('another', 6);
    expect(() => ledger.claim('a third', 1)).toThrow('a third: 11 bytes are claimed in all, the file has 10');
  });
});

describe('the memory of the kernel', () => {
  const patterns = [...TRACE_EVENTS.values()].flat();
  const fieldsOf = patterns.map(({ tokens }) => tokens.filter(({ kind }) => kind !== 'literal'));

  it('has room for the fields of every pattern, and for the SPTEs of every line', () => {
    expect(Math.max(...fieldsOf.map(({ length }) => length))).toBeLessThanOrEqual(MAX_FIELDS);
    const raw = [...TRACE_EVENTS.keys(), ...LOG_TEXTS.map(({ event }) => event)].map((event) => [
      ...rawFieldsOf(event).values(),
    ]);
    const sptes = [...fieldsOf, ...raw].map((fields) => fields.filter(({ role }) => role !== null).length);
    expect(Math.max(...sptes)).toBeLessThanOrEqual(MAX_SPTES);
    expect(Math.max(...sptes)).toBeGreaterThan(1);
  });

  it('has room for the key of all checks', () => {
    const most = Math.max(...Object.values(CHECKED).map(({ fields }) => fields.length));
    expect(2 + most).toBeLessThanOrEqual(MAX_KEY_WORDS);
  });
});
