// SPDX-License-Identifier: GPL-2.0-only
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { IMAGE_OF, image } from './images.ts';
import { file, json, ndjson, records, spte, unpacked, zstd } from './run.ts';

const CONTEXT = '--kernel 6.1.192 --vendor svm --maxphyaddr 40';
const ROOT = '--root 0x83dd000';
interface Entry {
  readonly level: number;
  readonly gpa: string;
  readonly value: string;
  readonly kind: string;
}

beforeAll(() => {
  image('mem.img');
});

describe('spte walk', () => {
  it('finds what an independent walker found, in address order', async () => {
    const entries = (await records(`walk mem.img ${ROOT} --levels 4 ${CONTEXT}`)) as Entry[];
    const got = entries.map(
      ({ level, gpa, value, kind }) =>
        `L${level} gpa 0x${gpa.slice(2).padStart(12, '0')} spte ${value.slice(2).padStart(16, '0')} ${kind}`,
    );
    const expected = unpacked(`${IMAGE_OF}.walk.txt.gz`).toString().trimEnd().split('\n');
    expect(got).toEqual(expected.filter((line) => line.startsWith('L')).map((line) => line.trim()));
  });

  it('gives the same entries as one document', async () => {
    const lines = await ndjson(`walk mem.img ${ROOT} ${CONTEXT}`);
    const { summary } = lines.at(-1) as { summary: { context: object } };
    const { context, ...counts } = summary;
    expect(await json(`walk mem.img ${ROOT} ${CONTEXT}`)).toEqual({
      schema: 'spte/walk/1',
      context,
      entries: lines.slice(0, -1),
      summary: counts,
    });
    expect(counts).toEqual({
      entries: 2138,
      findings: 0,
      possible: 0,
      findingsByCode: {},
      possibleByCode: {},
    });
  });

  it('sums up', async () => {
    const { out } = await spte(`walk mem.img ${ROOT} --summary ${CONTEXT}`);
    expect(out).toContain('2138 entries, 8.2M mapped by 2110 leaves');
    expect(out).toContain('no findings');
    expect(await json(`walk mem.img ${ROOT} --summary ${CONTEXT}`)).toMatchObject({ entries: 2138 });
  });

  it('translates one address, step by step', async () => {
    const { out } = await spte(`walk mem.img ${ROOT} --translate 0x2010 ${CONTEXT}`);
    expect(out.trimEnd().split('\n')).toHaveLength(5);
    expect(out).toContain('0x2010 is at 0xffd3010');
    expect(await json(`walk mem.img ${ROOT} --translate 0 ${CONTEXT}`)).toMatchObject({ hpa: null });
  });

  it('reads compressed images', async () => {
    const small = Buffer.alloc(0x40000);
    small.writeBigUInt64LE(0x42b4e67n, 0x21008);
    file('small.img', small);
    file('small.img.gz', gzipSync(small));
    file('small.img.zst', zstd(small));
    const walk = async (name: string): Promise<unknown> =>
      spte(`walk ${name} --root 0x21000 --levels 1 ${CONTEXT}`);
    const plain = await walk('small.img');
    expect(plain).toMatchObject({ code: 0, out: expect.stringContaining('L1 0x000000001000') as string });
    expect(await walk('small.img.gz')).toEqual(plain);
    expect(await walk('small.img.zst')).toEqual(plain);
  });

  it('shows what is different in another image, and findings', async () => {
    image('later.img', (address, page) => {
      if (address !== 0x83da000) return;
      // gpa 0x2000: writable now; gpa 0x8000: gone; gpa 0x3000: garbage.
      page.writeBigUInt64LE(page.readBigUInt64LE(2 * 8) | 2n, 2 * 8);
      page.writeBigUInt64LE(0n, 8 * 8);
      page.writeBigUInt64LE(0xdeadbeefdeadbeefn, 3 * 8);
    });
    const { out, code } = await spte(`walk mem.img ${ROOT} --diff later.img ${CONTEXT} --check`);
    expect(out).toContain('1 added, 1 removed, 1 changed');
    expect(out).toContain('writable no -> yes');
    expect(code).toBe(1);
    const bad = await spte(`walk later.img ${ROOT} --only findings ${CONTEXT} --check`);
    expect(bad.out).toContain('0xdeadbeefdeadbeef');
    expect(bad.out).toContain('error: ');
    expect(bad.code).toBe(1);
    expect((await ndjson(`walk mem.img ${ROOT} --diff later.img ${CONTEXT}`)).at(-1)).toMatchObject({
      summary: { added: 1, removed: 1, changed: 1 },
    });
  });

  it.each([
    ['walk mem.img', '--root is needed, or --vm for a dump of a host'],
    ['walk mem.img --root 0x83dd001', 'must be a multiple of 4096'],
    ['walk mem.img --root 0xf00000000000', 'is not in this memory'],
    ['walk none.img --root 0', 'cannot read "none.img": there is no such file'],
    ['walk . --root 0', 'cannot read ".": it is a folder'],
    ['walk mem.img --root 0 --summary --translate 1', 'exclude each other'],
  ])('%s: exits 2', async (line, message) => {
    const { code, err } = await spte(line);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });

  it('survives images that are not memory at all', async () => {
    file('zst.img', Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), Buffer.alloc(100, 0xff)]));
    file('gz.img', Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]));
    file('elf.img', Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(60, 0xff)]));
    file('none.bin', '');
    for (const name of ['zst.img', 'gz.img', 'elf.img', 'none.bin']) {
      const { code, err } = await spte(`walk ${name} --root 0x1000`);
      expect(err).toMatch(/^spte: .*\n$/);
      expect(code).toBe(2);
    }
  });
});
