// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { json, ndjson, spte } from './run.ts';

// Public reports as people had them, with nothing but the input, and what is right about each.

const CASES = new URL('cases/', import.meta.url).pathname;
const caseOf = (name: string): string => readFileSync(`${CASES}${name}`, 'utf8');

interface Summary {
  readonly findings: number;
  readonly possible: number;
  readonly sptes: number;
  readonly context: { readonly kernel: string; readonly vendor: string; readonly mode: string };
}

async function summaryOf(name: string, flags = ''): Promise<Summary> {
  const lines = await ndjson(`annotate - ${flags}`, { stdin: caseOf(name) });
  return (lines.at(-1) as { summary: Summary }).summary;
}

describe('a public report', () => {
  it.each([
    ['07-hyperdbg', 'hyperdbg-567.txt', 4],
    ['09-snp-rmp', 'snp-rmp-oops.txt', 4],
    ['12-repro-nested', 'repro-nested-wrapped.txt', 0],
    ['13-kut-ept0', 'kut-ept-off.txt', 0],
    ['22-qemu-info-tlb', 'qemu-info-tlb.txt', 4],
    ['25-amd-pte_list', 'amd-nested-pte_list.txt', 4],
    ['33-bcc-construct_eptp', 'bcc-construct_eptp.txt', 4],
  ])('%s holds no entry of KVM, and nothing is found', async (_id, name, status) => {
    expect(await summaryOf(name)).toMatchObject({ sptes: 0, findings: 0, possible: 0 });
    expect((await spte('annotate - --check', { stdin: caseOf(name) })).code).toBe(status);
  });

  it('04-gvisor: a fault on what is simply absent', async () => {
    const { findings, possible, context } = await summaryOf('gvisor-6757-trace.txt');
    expect({ findings, possible }).toEqual({ findings: 0, possible: 0 });
    expect(context).toMatchObject({ vendor: 'vmx', mode: 'ept' });
    const { out } = await spte('annotate -', { stdin: caseOf('gvisor-6757-trace.txt') });
    expect(out).toContain('a read; nothing is mapped: an entry on the path is not present');
  });

  it('25-amd-pte_list: a BUG of the MMU without an entry is recognised as such', async () => {
    const { out } = await spte('annotate -', { stdin: caseOf('amd-nested-pte_list.txt') });
    expect(out).toContain('BUG');
  });

  it('27-el7: the generation and the tracked leaf of a kernel of RHEL 7', async () => {
    const flags = '--kernel 3.10.0-1062.el7 --vendor vmx';
    expect(await summaryOf('el7-constructed.txt', flags)).toMatchObject({
      findings: 0,
      possible: 0,
      context: { kernel: '3.10.0-1062.el7' },
    });
    const { out } = await spte(`annotate - ${flags}`, { stdin: caseOf('el7-constructed.txt') });
    expect(out).toContain('generation 0x2a');
    expect(out).toContain('tracked');
  });

  it('28-npt-nx: the best-known splat of the field, with its bit, its bug, and no finding', async () => {
    const lines = await ndjson('annotate -', { stdin: caseOf('splat-with-kernel-line.txt') });
    const { sptes, errata } = lines[0] as {
      sptes: { notes: { code: string; bits: number[] }[] }[];
      errata: { id: string; strength: string }[];
    };
    expect(sptes[0]?.notes).toEqual([{ code: 'reserved-bits', bits: [63] }]);
    expect(errata).toMatchObject([{ id: 'npt-nx-reserved', strength: 'is' }]);
    expect(await summaryOf('splat-with-kernel-line.txt')).toMatchObject({
      findings: 0,
      context: { kernel: '5.14.0-162.6.1.el9_1.x86_64', vendor: 'svm', mode: 'npt' },
    });
  });

  it('30-el810: a clean leaf and an MMIO entry, with the kernel or without', async () => {
    for (const flags of ['', '--kernel 4.18.0-553.66.1.el8_10']) {
      expect(await summaryOf('el810-constructed.txt', flags)).toMatchObject({ findings: 0, possible: 0 });
      const { out } = await spte(`annotate - ${flags}`, { stdin: caseOf('el810-constructed.txt') });
      expect(out).toContain('gfn 0xfee00, generation 0x12');
    }
  });

  it('07-hyperdbg: a table, and where it leads', async () => {
    const { out } = await spte('decode 0x103b84007@2 --kernel 6.8 --vendor vmx --maxphyaddr 39');
    expect(out).toContain('on to the table at 0x103b84000');
  });

  it.each([
    ['02', '0x105a27005e', { memtype: 'WB', levels: 4, ad: true, root: '0x105a270000' }],
    ['15', '0x1019a701e', { memtype: 'WB', levels: 4, ad: false, root: '0x1019a7000' }],
    ['33', '0x1b905405e', { memtype: 'WB', levels: 4, ad: true, root: '0x1b9054000' }],
  ])('%s: the EPT pointer %s', async (_id, value, expected) => {
    expect(await json(`decode --eptp ${value}`)).toMatchObject({ eptps: [expected] });
  });

  it('15-bz220549: a mail that breaks lines within words; the exits of it are read', async () => {
    const lines = (await ndjson('annotate -', { stdin: caseOf('bz220549-perf-qp.txt') })) as {
      event?: string;
    }[];
    expect(lines.filter(({ event }) => event === 'kvm_exit')).toHaveLength(2);
    expect(await summaryOf('bz220549-perf-qp.txt')).toMatchObject({ sptes: 0, findings: 0 });
  });

  it('16-bz-5820k: a cpuinfo that a mail has wrapped, and parameters as path: value', async () => {
    const document = (await json(`host ${CASES}bz-5820k`)) as {
      context: { facts: Record<string, { value: unknown }> };
    };
    const { facts } = document.context;
    expect(Object.fromEntries(Object.entries(facts).map(([name, { value }]) => [name, value]))).toMatchObject(
      {
        kernel: '5.5',
        ept: true,
        eptAd: true,
        eptExecOnly: true,
        eptMaxPageLevel: 3,
        gbpages: true,
        nxHugePages: true,
        cacheBits: 46,
        l1tf: true,
      },
    );
  });

  it('18-lscpu: what lscpu says, and what it does not', async () => {
    const { context, notes } = (await json(`host ${CASES}lscpu`)) as {
      context: { facts: Record<string, { value: unknown; origin: string }> };
      notes: string[];
    };
    expect(context.facts).toMatchObject({
      vendor: { value: 'vmx', origin: 'read' },
      ept: { value: true, origin: 'read' },
      eptAd: { value: true, origin: 'read' },
      l1tf: { origin: 'assumed' },
    });
    expect(notes.join()).toContain('lscpu wrote it');
  });

  it('22-qemu-info-tlb: says whose tables these are', async () => {
    const { err } = await spte('annotate -', { stdin: caseOf('qemu-info-tlb.txt') });
    expect(err).toContain("line 1 is of QEMU's monitor");
  });

  it('02, 04 and 10: codes of faults', async () => {
    expect(await json('decode --qualification 0x184 0x181 --error-code 0x500000004')).toMatchObject({
      qualifications: [
        { access: ['fetch'], entryPresent: false },
        { access: ['read'], entryPresent: false },
      ],
      errorCodes: [{ kind: 'NPF EXITINFO1', bits: [2, 32, 34] }],
    });
  });
});
