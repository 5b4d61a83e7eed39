// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { presetOf } from '../machine/presets.ts';
import { firstRead } from '../state/read-form.ts';
import { stateOf } from '../state/state.ts';
import { chipsOf, foundContext, pasteInto } from './pasted.ts';
import { recognise } from './recognise.ts';
import { recognisedText } from './recognised-text.ts';

const state = stateOf(presetOf(''));

const SPLAT = `[  118.207] WARNING: CPU: 3 PID: 2210 at arch/x86/kvm/mmu/spte.c:215 make_spte+0x2e1/0x300 [kvm]
[  118.207] spte = 0x800000018a600ee7, level = 2, rsvd bits = 0x800f0000001fe000
[  118.207] CPU: 3 PID: 2210 Comm: qemu-system-x86 Not tainted 5.19.0-rc7 #1`;

describe('what is pasted', () => {
  it.each([
    ['0x600000455299b77', 'value'],
    ['600000455299b77@1', 'value'],
    ['2c583e907\t5a0', 'values'],
    ['5a0\n5a0', 'values'],
    ['0x600000455299b77 -> 0x5a0', 'change'],
    [SPLAT, 'log'],
    ['Is 0x600000455299b77 a bad entry? Greetings', 'text'],
    ['processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 79\n', 'machine'],
    ['<img src=x onerror=alert(1)>', 'nothing'],
    ['', 'nothing'],
  ])('%j is %s', (text, kind) => {
    expect(recognise(text).kind).toBe(kind);
  });

  it('is never joined into a number that is not there', () => {
    const { entries } = recognise('2c583e907\t5a0');
    expect(entries.map(({ value }) => value)).toEqual([0x2c583e907n, 0x5a0n]);
    expect(recognise('12345678 12345678 1').entries).toHaveLength(3);
  });

  it('says of a change what became of the entry', () => {
    expect(pasteInto(state, '0x600000455299b77@1 → 0x5a0').read).toEqual({
      spte: '0x600000455299b77',
      level: '1',
      becomes: '0x5a0',
    });
  });

  it('says of a log its entry, its level and its kernel', () => {
    const found = recognise(SPLAT);
    expect(found.entries).toMatchObject([{ value: 0x800000018a600ee7n, level: 2, line: 2 }]);
    expect(found.facts.kernel?.value).toContain('5.19');
    const next = pasteInto(state, SPLAT);
    expect(next.machine.kernel).toContain('5.19');
    expect(next.machine.vendor).toBe('svm');
    const chips = chipsOf(next, found, foundContext(found));
    expect(chips.find(({ name }) => name === 'kernel')?.origin).toBe('read');
    const changed = { ...next, machine: { ...next.machine, kernel: '6.1' } };
    expect(chipsOf(changed, found, foundContext(found)).find(({ name }) => name === 'kernel')?.origin).toBe(
      'given',
    );
  });

  it('leaves the machine and the entry alone where it says nothing of them', () => {
    const next = pasteInto(state, 'hello');
    expect(next.read).toEqual(firstRead);
    expect(next.machine).toEqual(state.machine);
    const value = pasteInto(state, '0x5a0');
    expect(value.machine).toEqual(state.machine);
    expect(chipsOf(value, recognise('0x5a0'), null).map(({ origin }) => origin)).not.toContain('read');
  });

  it('says what of a long text was not looked at, and that no link holds it', () => {
    const text = 'x'.repeat(10_000_000);
    const said = recognisedText(recognise(text), text.length);
    expect(said).toContain('8,000,000 characters were not looked at');
    expect(said).toContain('kept in this tab only');
  });

  it('of which only what an entry became is there is that entry', () => {
    const { kind, entries } = recognise(
      'a-1 [000] ..... 1.0: kvm_acctrack_new: (p_x+0x0/0x10) new=0x600000455299b77',
    );
    expect(kind).toBe('trace');
    expect(entries).toMatchObject([{ value: 0x600000455299b77n, becomes: null, line: 1 }]);
  });

  it('says how many entries there are, and how what it says of the machine is known', () => {
    const text = 'a-1 [000] ..... 1.0: kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080';
    expect(recognisedText(recognise(text), text.length)).toBe('Recognised: a trace · 1 entry');
    const two = `${text}\n${text}`;
    expect(recognisedText(recognise(two), two.length)).toBe('Recognised: a trace · 2 entries');
    expect(recognisedText(recognise(SPLAT), SPLAT.length)).toContain(
      '5.19.0-rc7 (line 3: "Not tainted 5.19.0-rc7")',
    );
  });
});
