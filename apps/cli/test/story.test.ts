// SPDX-License-Identifier: GPL-2.0-only
import { gzipSync } from 'node:zlib';
import type { StoryJson } from '@spte/story';
import { traceFiles } from '@spte/testing/runs';
import { describe, expect, it } from 'vitest';
import { pageOf, parts, version6, version7 } from '../../../packages/trace/test/dat-files.ts';
import { file, json, ndjson, spte, unpacked, zstd } from './run.ts';

const WHOLE = unpacked('packages/trace/test/fixtures/vmx61-ept-noad.trace.txt.gz').toString();
const LOSSY = unpacked('packages/story/test/fixtures/svm612-smp2-lost-pipe.trace.txt.gz').toString();

const SHORT = traceFiles['vmx61-ept-ad']?.['trace.txt'] ?? '';

/** Longest line of the text that is for people. */
const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

describe('spte story', () => {
  it('tells on a screen what happened, in sections that have something to say', async () => {
    const { out, code } = await spte('story - --kernel 6.1 --vendor vmx', { stdin: WHOLE });
    expect(code).toBe(0);
    for (const said of [
      '17,043 lines',
      '762 faults',
      'mapped: the page was mapped',
      'MMIO: 99 exits, 226 accesses',
      'Huge pages split for execution (NX): 3',
      'Dirty logging: 6 sweeps',
      'Everything zapped: 417 times',
      'kvm_unmap_hva_range, most by vmtest-230',
      'spte annotate -',
    ])
      expect(out).toContain(said);
    expect(out).not.toContain('What is missing');
    expect(out).not.toContain('again and again');
    expect(out).not.toContain('\u001b');
    expect(widest(out)).toBeLessThanOrEqual(80);
  });

  it('tells of loops and of losses', async () => {
    const { out } = await spte('story', { stdin: LOSSY });
    expect(out).toContain('The same fault again and again: 3 loops, at most 56 times');
    expect(out).toContain('37 gaps, 23,202 events lost');
    expect(widest(out)).toBeLessThanOrEqual(80);
  });

  it('says what was lost before the first line, and what is out of order', async () => {
    const head = '# entries-in-buffer/entries-written: 2/9   #P:1\n';
    const late = ' q-1 [000] ..... 2.0: kvm_entry: vcpu 0\n q-1 [000] ..... 1.0: kvm_entry: vcpu 0\n';
    const { out } = await spte('story', { stdin: `${head}${late}` });
    expect(out).toContain('7 events written before the first line are gone');
    expect(out).toContain('1 line out of order');
    expect(out).toContain('0 exits');
  });

  it('tells of the recovery of huge pages, of rings, and of a single time', async () => {
    const zap =
      ' kvm-nx-lpage-re-9 [000] ..... 1.0: kvm_mmu_prepare_zap_page: sp gen 0 gfn 0 l1 8-byte q0 direct wux nxe ad root 0 sync\n';
    const push =
      ' q-1 [000] ..... 1.0: kvm_dirty_ring_push: ring 0: dirty 0x1 reset 0x0 slot 1 offset 0x10 (used 1)\n';
    const { out } = await spte('story', { stdin: `${zap}${push}` });
    expect(out).toContain('the splits were before this trace');
    expect(out).toContain('1 page pushed into dirty rings');
  });

  it.each([
    ['plain', (text: string) => text],
    ['gzip', (text: string) => gzipSync(text)],
    ['zstd', (text: string) => zstd(Buffer.from(text))],
  ])('is the same of %s', async (name, pack) => {
    const story = (await json(`story ${file(`${name}.story`, pack(SHORT))}`)) as StoryJson & {
      schema: string;
    };
    expect(story.schema).toBe('spte/story/1');
    expect(story.exits).toBe(29);
  });

  it('is the same of a trace.dat and of its text', async () => {
    const dat = (await json(`story ${file('story.dat', version6())}`)) as StoryJson;
    expect(dat.lines).toBeGreaterThan(0);
    expect(dat.lost.marks).toBe(0);
    const text = (await json('story -', { stdin: parts.raw })) as StoryJson;
    expect(Object.keys(text.events)).toEqual(expect.arrayContaining(Object.keys(dat.events)));
  });

  it('says where a trace.dat lacks events', async () => {
    const page = Buffer.from(pageOf([2, 7, 5]));
    page.writeUInt32LE((page.readUInt32LE(8) | 0x8000_0000) >>> 0, 8);
    const { lost } = (await json(`story ${file('lost.dat', version7({ data: [page] }))}`)) as StoryJson;
    expect(lost).toMatchObject({ marks: 1, events: 0, list: [{ cpu: 0, events: null }] });
  });

  it('takes several files, and goes on where one cannot be read', async () => {
    const path = file('one.story', SHORT);
    const said = await ndjson(`story ${path} ${path} --ndjson`).catch(() => []);
    const both = await spte(`story ${path} nowhere ${path}`);
    expect(both.code).toBe(2);
    expect(both.out.match(/==> /g)).toHaveLength(2);
    expect(both.err).toContain('nowhere');
    expect(said).toHaveLength(2);
    expect((await spte(`story ${path} ${path} --json`)).code).toBe(2);
    expect((await spte('story - -')).code).toBe(2);
  });

  it('exits with 4 where no tracer wrote a line', async () => {
    const { code, err } = await spte('story', { stdin: 'nothing of KVM\n' });
    expect(code).toBe(4);
    expect(err).toContain('no line of a tracer');
    expect((await spte('story', { stdin: '' })).code).toBe(4);
  });

  it('tells of faults without a time, a vCPU or a name', async () => {
    const fault = (code: string): string =>
      `kvm_exit: vcpu 0 reason npf rip 0x2000 info1 ${code} info2 0x10000 intr_info 0 error_code 0\nkvm_page_fault: address 10000 error_code ${code}\n`;
    const { out, code } = await spte('story - --kernel 5.10 --vendor svm', {
      stdin: fault('0x100000006').repeat(4),
    });
    expect([code, out]).toEqual([4, '']);
    const lines = fault('0x100000006').replaceAll('kvm_', ' q-1 [000] ..... 1.0: kvm_');
    const told = await spte('story - --kernel 5.10 --vendor svm', { stdin: lines.repeat(4) });
    expect(told.out).toContain('The same fault again and again: 1 loop, at most 4 times');
    expect(told.out).toContain('4 faults');
  });

  it('tells of an MMIO storm of gfns that no line tells', async () => {
    const exit =
      ' q-1 [000] ..... 1.0: kvm_exit: vcpu 0 reason EPT_MISCONFIG rip 0x2000 info1 0x0 info2 0x0 intr_info 0 error_code 0\n';
    const { out } = await spte('story - --kernel 6.1 --vendor vmx', { stdin: exit.repeat(3) });
    expect(out).toContain('MMIO: 3 exits');
    expect(out).toContain('at a gfn that no line tells');
  });
});
