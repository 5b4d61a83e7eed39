// SPDX-License-Identifier: GPL-2.0-only
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { traceFiles } from '@spte/testing/runs';
import { describe, expect, it } from 'vitest';
import { visible } from '../src/io/visible.ts';
import { captured } from './machines.ts';
import { file, folder, json, ndjson, run, spte, zstd } from './run.ts';
import { shellLine } from './shell.ts';

const LEAF =
  ' vmtest-1 [000] ...1. 1.5: kvm_mmu_set_spte: gfn 10 spte 600000455299b77 (rwxu) level 1 at 1a1080\n';
const BAD = LEAF.replace('600000455299b77', '600008455299b77');
const CONTEXT = '--kernel 6.8 --vendor vmx --maxphyaddr 39';

interface Document {
  readonly context: object;
  readonly files: readonly { readonly lines: readonly unknown[]; readonly summary: unknown }[];
  readonly summary: Readonly<Record<string, number>>;
}

describe('spte annotate', () => {
  it.each(Object.keys(traceFiles))('finds nothing wrong in the trace of %s', async (name) => {
    const host = captured(name);
    for (const [part, text] of Object.entries(traceFiles[name] ?? {})) {
      if (!part.endsWith('.txt')) continue;
      const { summary } = (await json(`annotate - --summary --host ${host}`, { stdin: text })) as Document;
      expect(summary).toMatchObject({ disagreements: 0, findings: 0 });
      expect(summary['recognised']).toBeGreaterThan(0);
    }
  });

  it.each(Object.keys(traceFiles))(
    'counts in %s what it says of its lines, also for another machine',
    async (name) => {
      for (const context of [`--host ${captured(name)}`, CONTEXT]) {
        const text = traceFiles[name]?.['trace.txt'] ?? '';
        const stdin = `${text}kvm_mmu_set_spte: gfn\n`;
        const alone = await spte(`annotate - --summary --json ${context}`, { stdin });
        const { summary } = (await json(`annotate - --json ${context}`, { stdin })) as Document;
        // In the same order, too.
        const { files, ...whole } = JSON.parse(alone.out) as Document;
        expect(JSON.stringify(files)).toBe(
          JSON.stringify([{ file: '-', context: whole.context, lines: [], summary }]),
        );
        expect(whole).toMatchObject({ schema: 'spte/annotate/1', summary });
        expect(alone.err).toContain('1 line names an event but cannot be read');
      }
    },
  );

  it('gives every line back, with an explanation below those with entries', async () => {
    const text = `# tracer: nop\n${LEAF}\nlast line`;
    const { out } = await spte(`annotate ${CONTEXT}`, { stdin: text });
    const lines = out.split('\n');
    expect(lines).toContain('    ^ 0x600000455299b77 leaf, level 1, pfn 0x455299, rwx, WB');
    expect(lines.filter((line) => !line.startsWith('    ^')).join('\n')).toBe(text);
  });

  it('explains exits and faults, whoever the machine is said to be of', async () => {
    const exit = (words: string) => ` vm-1 [000] d..1. 1.5: kvm_exit: vcpu 0 reason ${words}`;
    const fault = (words: string) =>
      ` vm-1 [000] ..... 1.5: kvm_page_fault: vcpu 0 rip 0x200e address ${words}`;
    const lines = [
      exit('EPT_VIOLATION rip 0x200e info1 0x1aa info2 0x80000b0e intr_info 0x0 error_code 0x0'),
      fault('0x2401000 error_code 0x1aa'),
      exit('npf rip 0x200e info1 0x200000006 info2 0x10000 intr_info 0x800000ef error_code 0x0'),
      fault('0x10000 error_code 0x200000006'),
      exit('PF excp rip 0x200e info1 0x9 info2 0x110000 intr_info 0x80000700 error_code 0x0'),
      fault('0x110000 error_code 0x9'),
      exit('HLT rip 0x200e info1 0x0 info2 0x0 intr_info 0x0 error_code 0x0'),
      fault('0x110000 error_code 0x9').replace('1.5', '1.6'),
      fault('0x110000').replace('kvm_page_fault', 'kvm_nested'),
    ];
    const { out } = await spte('annotate --kernel 6.8 --vendor svm --maxphyaddr 40', {
      stdin: lines.join('\n'),
    });
    expect(out.replaceAll(/^ vm-1.*\n/gm, '')).toMatchInlineSnapshot(`
      "    ^ a write; the path allows r-x
          ^ while an event was being delivered: #PF
          ^ gpa 0x2401000
          ^ a write on the guest's own page tables; nothing is mapped: an entry on the path is not present
          ^ while an event was being delivered: external interrupt, vector 239
          ^ gpa 0x10000
          ^ a read; a reserved bit is set on the path, as KVM has it for MMIO
          ^ while an event was being delivered: reserved type, vector 0
          ^ gva 0x110000
       vm-1 [000] ..... 1.5: kvm_nested: vcpu 0 rip 0x200e address 0x110000"
    `);
    const [, json] = await ndjson(`annotate ${CONTEXT}`, { stdin: lines.slice(2).join('\n') });
    expect(json).toMatchObject({
      event: 'kvm_page_fault',
      explains: { vendor: 'svm', address: { kind: 'gpa' }, error_code: { stage: 'guest page walk' } },
    });
  });

  it('says of a fast fix that another CPU undid what it was', async () => {
    const line = (values: string) =>
      ` vm-1 [000] ..... 1.5: fast_page_fault: vcpu 0 gva 10000 error_code P|W|U sptep 0 ${values}`;
    const fixed = async (values: string) => {
      const { out } = await spte('annotate --kernel 6.18 --vendor svm --maxphyaddr 40', {
        stdin: line(values),
      });
      return out.trimEnd().split('\n').at(-1);
    };
    const RACED = expect.stringContaining('another CPU has changed the entry since') as string;
    expect(await fixed('old 0x25748e65 new 25748e65 spurious 0 fixed 1')).toEqual(RACED);
    expect(await fixed('old 0x25748e65 new 0 spurious 0 fixed 1')).toEqual(RACED);
    expect(await fixed('old 0x25748e65 new 25748e67 spurious 0 fixed 1')).toContain('write');
    expect(await fixed('old 0x25748e65 new 25748e65 spurious 0 fixed 0')).toContain('nothing changed');
  });

  it('says that events were lost, and is not damaged by it', async () => {
    const stdin = `${LEAF}CPU:1 [LOST 540 EVENTS]\n${LEAF}CPU:0 [EVENTS DROPPED]\n`;
    const { out, err, code } = await spte(`annotate --summary --check ${CONTEXT}`, { stdin });
    const LOST = 'the tracer lost 540 events or more (2 marks): the trace is not complete';
    expect(out).toContain(LOST);
    expect(err).toContain(`spte: ${LOST}`);
    expect(code).toBe(0);
    const { summary } = (await json(`annotate --summary --json ${CONTEXT}`, { stdin })) as Document;
    expect(summary).toMatchObject({ lost: 540, lostMarks: 2, damaged: 0 });
    const dropped = await spte(`annotate --summary ${CONTEXT}`, { stdin: 'CPU:0 [EVENTS DROPPED]\n' });
    expect(dropped.err).toContain('the tracer lost events (1 mark)');
    const named = await spte(`annotate ${file('a.txt', stdin)} ${file('b.txt', LEAF)} ${CONTEXT}`);
    expect(named.err).toMatch(/^spte: \S*a\.txt: the tracer lost 540 events/m);
  });

  it('says once that letters were lost, and that a trace is of another machine', async () => {
    const lost = LEAF.replace('(rwxu)', '(wxu)');
    const { out } = await spte(`annotate --summary ${CONTEXT}`, { stdin: `${lost}${lost}` });
    expect(out).toContain('2 checks, 0 disagree');
    expect(out).toContain('access  2  first in line 1, without its first letter');
    const mmio = 'vm-1 [000] 6.0: check_mmio_spte: spte 600000455299b77 kvm_gen 3 spte-gen 3 valid 1\n';
    const wrong = await spte(`annotate ${CONTEXT}`, { stdin: mmio });
    expect(wrong.out).toContain(
      'DISAGREES: the kernel takes this entry for MMIO, as read here it is leaf: the trace is of another kernel or machine',
    );
  });

  it('gives lines of JSON of the shape that other programs rely on, and a summary', async () => {
    const [line, last] = await ndjson(`annotate ${CONTEXT}`, { stdin: `nothing\n${BAD}` });
    expect(line).toMatchObject({
      line: 2,
      event: 'kvm_mmu_set_spte',
      timestamp: '1.5',
      fields: { gfn: '0x10', spte: '0x600008455299b77', level: 1 },
      sptes: [{ role: 'spte', level: 1, kind: 'leaf', findings: [{ code: 'reserved-bits', bits: [39] }] }],
      checks: [{ field: 'access', agree: true }],
    });
    expect(last).toMatchObject({
      summary: { lines: 2, recognised: 1, passed: 1, disagreements: 0, findings: 1 },
    });
  });

  it.each(Object.keys(traceFiles))('says the same line by line and in one document: %s', async (name) => {
    const texts = Object.entries(traceFiles[name] ?? {}).flatMap(([part, text]) =>
      part.endsWith('.txt') ? [text] : [],
    );
    const stdin = `${texts.join('')}${LEAF}${BAD}é ${BAD}`;
    for (const context of [CONTEXT, `--host ${captured(name)}`]) {
      const document = (await json(`annotate - ${context} --json`, { stdin })) as Document;
      const [{ lines, summary } = { lines: [], summary: null }] = document.files;
      expect(await ndjson(`annotate - ${context}`, { stdin })).toEqual([
        ...lines,
        { summary: { ...(summary as object), context: document.context } },
      ]);
    }
  });

  it('shows only what is wrong when asked, and exits 1 under --check', async () => {
    const { out, code } = await spte(`annotate --only findings ${CONTEXT} --check`, { stdin: LEAF + BAD });
    expect(out).toMatch(/^2: /);
    expect(out).toContain('[reserved-bits, bit 39]');
    expect(out).not.toContain('600000455299b77');
    expect(code).toBe(1);
    expect((await spte(`annotate ${CONTEXT} --check`, { stdin: LEAF })).code).toBe(0);
  });

  it('says where the kernel printed something else', async () => {
    const stdin = LEAF.replace('rwxu', 'r-xu');
    expect((await spte(`annotate ${CONTEXT}`, { stdin })).out).toContain('DISAGREES');
    expect((await spte(`annotate --summary ${CONTEXT}`, { stdin })).out).toContain('1 check, 1 disagrees');
  });

  it('reads gzip and zstd', async () => {
    file('trace.gz', gzipSync(LEAF));
    file('trace.zst', zstd(Buffer.from(LEAF)));
    for (const name of ['trace.gz', 'trace.zst']) {
      expect((await spte(`annotate ${name} ${CONTEXT}`)).out).toContain('0x600000455299b77 leaf');
    }
  });

  it('says what it assumes', async () => {
    const { err } = await spte('annotate', { stdin: LEAF });
    expect(err).toBe(
      'spte: read as kernel 6.8 (ranked: the entries fit 5.13-6.9 only), vmx (ranked), EPT (ranked), MAXPHYADDR 46 (assumed)\n',
    );
  });

  it('finds out what a pipe is of, which can be read only once, and reads all of it', async () => {
    const text = traceFiles['svm61-npt-tdp']?.['trace.txt'] ?? '';
    const path = file('piped.txt', text);
    const whole = (await json(`annotate ${path}`)) as Document;
    const pipe = join(folder, 'pipe');
    execFileSync('bash', shellLine(`mkfifo '${pipe}'`));
    const writer = spawn('sh', ['-c', 'cat "$0" > "$1"', join(folder, 'piped.txt'), pipe]);
    const piped = (await json(`annotate ${pipe} --jobs 2`)) as Document;
    writer.kill();
    expect(piped.summary).toEqual(whole.summary);
    expect(piped.summary).toMatchObject({ findings: 0, possible: 0 });
    expect(piped.context).toEqual(whole.context);
    expect(piped.context).toMatchObject({ vendor: 'svm', mode: 'npt' });
  });

  it('survives whatever comes', async () => {
    const texts = ['', '\0\u{fffd}\r\n\r\n', 'kvm_mmu_set_spte: gfn', `${'x'.repeat(3 << 20)}\n${LEAF}`];
    for (const stdin of texts) {
      const { code, out } = await spte(`annotate ${CONTEXT}`, { stdin });
      expect(code).toBe(stdin.includes(LEAF) ? 0 : stdin.startsWith('kvm') ? 5 : 4);
      expect(out.startsWith(visible(stdin.slice(0, 1000)))).toBe(true);
    }
    const { code } = await run(['annotate', 'no\0such']);
    expect(code).toBe(2);
  });
});
