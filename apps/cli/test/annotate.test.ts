// SPDX-License-Identifier: GPL-2.0-only
import { gzipSync } from 'node:zlib';
import { traceFiles } from '@spte/testing/runs';
import { describe, expect, it } from 'vitest';
import { captured } from './machines.ts';
import { file, json, ndjson, run, spte, zstd } from './run.ts';

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
      'spte: read as kernel 6.8 (ranked), vmx (ranked), EPT (ranked), MAXPHYADDR 46 (assumed)\n',
    );
  });

  it('survives whatever comes', async () => {
    const texts = ['', '\0\u{fffd}\r\n\r\n', 'kvm_mmu_set_spte: gfn', `${'x'.repeat(3 << 20)}\n${LEAF}`];
    for (const stdin of texts) {
      const { code, out } = await spte(`annotate ${CONTEXT}`, { stdin });
      expect(code).toBe(stdin.includes(LEAF) ? 0 : stdin.startsWith('kvm') ? 5 : 4);
      expect(out.startsWith(stdin.slice(0, 1000))).toBe(true);
    }
    const { code } = await run(['annotate', 'no\0such']);
    expect(code).toBe(2);
  });
});
