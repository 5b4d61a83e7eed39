// SPDX-License-Identifier: GPL-2.0-only
import {
  bug,
  type DiagnosticTable,
  KvmBug,
  makeNonleafSpte,
  makeSpte,
  type Observable,
  observe,
  pageRole,
  parseKernelVersion,
  plainHost,
  printk,
  SPTE_DIAGNOSTIC_MEANINGS,
  SPTE_DIAGNOSTICS,
  type SpteDiagnostics,
  trace,
  warn,
  writer,
} from '@spte/core';
import { eptVendor, mmuOf } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

const table = {
  'test.odd': { kind: 'WARN_ON' },
  'test.fatal': { kind: 'BUG_ON' },
} as const satisfies DiagnosticTable;

const context: Observable = { kernel: parseKernelVersion('6.8') };

describe('observe', () => {
  it('returns the value, and all that was said in order', () => {
    const observed = observe(context, (context) => {
      warn(context, table, 'test.odd');
      trace(context, { event: 'e', line: 'one' });
      warn(context, table, 'test.odd', 'very\n');
      printk(context, 'log');
      return 7;
    });
    expect(observed).toEqual({
      value: 7,
      warnings: [
        { code: 'test.odd', kind: 'WARN_ON' },
        { code: 'test.odd', kind: 'WARN_ON', msg: 'very\n' },
      ],
      reasons: [],
      trace: [{ event: 'e', line: 'one' }],
      dmesg: ['log'],
    });
  });

  it('leaves the context that it was given silent', () => {
    observe(context, () => {
      warn(context, table, 'test.odd');
      trace(context, { event: 'e', line: 'l' });
      printk(context, 'log');
    });
    expect(context).toEqual({ kernel: parseKernelVersion('6.8') });
  });

  it('hears only what is said within the inner of two', () => {
    const outer = observe(context, (context) => {
      const inner = observe(context, (context) => warn(context, table, 'test.odd'));
      expect(inner.warnings).toHaveLength(1);
    });
    expect(outer.warnings).toEqual([]);
  });

  it('lets a bug through, which names its code', () => {
    const run = () => observe(context, (context) => bug(context, table, 'test.fatal'));
    expect(run).toThrow(KvmBug);
    expect(run).toThrow('kernel BUG: test.fatal');
    expect(run).toThrow(
      expect.objectContaining({ name: 'KvmBug', diagnostic: { code: 'test.fatal', kind: 'BUG_ON' } }),
    );
  });
});

describe('reasons', () => {
  const said = (
    write: (set: (bits: bigint, why: string) => bigint, clear: (bits: bigint) => bigint) => void,
  ) =>
    observe(context, (context) => {
      const { set, clear } = writer(context, 'a_rule');
      write(set, clear);
    }).reasons;

  it('are the bits that were set, by which rule and why', () => {
    expect(said((set) => set(6n, 'both'))).toEqual([{ bits: 6n, rule: 'a_rule', why: 'both' }]);
  });

  it('are none for no bits', () => {
    expect(said((set) => set(0n, 'nothing'))).toEqual([]);
  });

  it('lose the bits that are cleared later, and stand again when they are set again', () => {
    expect(
      said((set, clear) => {
        set(6n, 'first');
        set(1n, 'gone');
        clear(3n);
        set(2n, 'again');
      }),
    ).toEqual([
      { bits: 4n, rule: 'a_rule', why: 'first' },
      { bits: 2n, rule: 'a_rule', why: 'again' },
    ]);
  });

  it('stand twice for a bit that two rules set', () => {
    expect(
      said((set) => {
        set(1n, 'one');
        set(1n, 'two');
      }).map(({ why }) => why),
    ).toEqual(['one', 'two']);
  });

  it('do not change what is written, whether anyone listens or not', () => {
    for (const listening of [context, { ...context, observer: undefined }]) {
      const { set, clear } = writer(listening, 'a_rule');
      expect(set(6n, 'both')).toBe(6n);
      expect(0xfn & clear(6n)).toBe(9n);
    }
    expect(said((set, clear) => expect([set(6n, 'both'), 0xfn & clear(6n)]).toEqual([6n, 9n]))).toEqual([]);
  });

  it('name the function of the kernel that set each bit of a real SPTE', () => {
    const mmu = mmuOf(eptVendor);
    const { reasons } = observe(mmu, (mmu) => makeNonleafSpte(mmu, 0x2c583e000n, true));
    expect(new Set(reasons.map(({ rule }) => rule))).toEqual(new Set(['make_nonleaf_spte']));
    const request = { role: pageRole({ adDisabled: true }), gfn: 1n, pfn: 1n, prefetch: true };
    const tracked = observe(mmu, (mmu) => makeSpte(mmu, plainHost, request));
    const rules = new Map(tracked.reasons.map(({ bits, rule }) => [bits, rule]));
    expect(rules.get(5n << 54n)).toBe('mark_spte_for_access_track');
    expect(rules.get(0x800n)).toBe('make_spte');
  });
});

describe('diagnostics', () => {
  it.each(Object.entries(SPTE_DIAGNOSTICS))('%s says when it is raised', (code, { kind }) => {
    expect(code).toMatch(/^[a-z-]+\.[a-z-]+$/);
    expect(kind).toMatch(/^(WARN_ON|WARN_ON_ONCE|WARN_ONCE|KVM_BUG_ON)$/);
    expect(SPTE_DIAGNOSTIC_MEANINGS[code as keyof SpteDiagnostics].length).toBeGreaterThan(10);
  });
});
