// SPDX-License-Identifier: GPL-2.0-only
// What programs read: each document and each stream of lines, from real inputs, against its schema.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { traces } from '@spte/testing/runs';
import { oneIn } from '@spte/testing/sampled';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { DOCUMENTS } from '../src/io/output.ts';
import { vmcore } from './dumps.ts';
import { image } from './images.ts';
import { captured } from './machines.ts';
import { file, json, ndjson, repository, spte } from './run.ts';

type Json = Record<string, unknown>;

const SCHEMAS = join(repository, 'apps/cli/schemas');

/** Schemas of what several documents have in common, and of lines. */
const SHARED = ['annotate-line', 'context', 'entry', 'finding', 'walk-entry'];

const schemaOf = (name: string): Json =>
  JSON.parse(readFileSync(join(SCHEMAS, `${name}.json`), 'utf8')) as Json;

const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true });
for (const name of [...DOCUMENTS, ...SHARED]) ajv.addSchema(schemaOf(name));

function validator(name: string): ValidateFunction {
  const validate = ajv.getSchema(name);
  if (validate === undefined) throw new RangeError(`no schema ${name}`);
  return validate;
}

/** What a schema has to say against a value. */
function wrongWith(name: string, value: unknown): string[] {
  const validate = validator(name);
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
}

const WALK = 'walk mem.img --root 0x83dd000';
const OPEN = '0xfcd210107@4 0x600008455299b77@1';

/** Every document, from commands whose exit status is 0 or 1. */
const CASES: Readonly<Record<(typeof DOCUMENTS)[number], readonly string[]>> = {
  annotate: [
    'annotate vmx/trace.txt',
    'annotate vmx/trace.txt --host vmx --summary',
    'annotate vmx/trace.txt svm/trace.txt',
    'annotate vmx/trace.txt vmx/trace.txt --preset haswell --only findings',
    'annotate nx.txt',
    'annotate vmx/trace.txt --host vmx --gfn 10-20 --kind leaf --summary',
    'annotate changed.txt --kernel 6.8 --vendor vmx',
  ],
  change: [
    'decode --diff 0x600000455299b77 0x600000455299975 --level 1 --preset haswell',
    'decode --diff 600000112400bf3 6000001126009f3 --level 2',
  ],
  codes: [
    'decode --qualification 0x1aa --eptp 0x105a27005e --error-code 0x100000004',
    'decode --error-code 4 --host vmx',
    'decode --error-code 4 --shadow',
    'decode --eptp 5',
  ],
  check: ['check vmcore', 'check damaged'],
  compare: ['compare 6.1 7.2 --vendor vmx', 'compare vmx svm', 'compare 6.1 6.1 --vendor svm'],
  decode: [
    `decode ${OPEN}`,
    `decode ${OPEN} --host vmx`,
    `decode ${OPEN} --kernel 6.8 --vendor svm --rsvd-bits 0xff00000000000000`,
    'decode 0x800000018a600ee7@2 --kernel 5.14.0-162.6.1.el9_1.x86_64 --vendor svm',
    'decode 0x8007fffffff137 --host svm',
    'decode 0x600008455299b77 --mmu ept12 --no-ad',
  ],
  errata: ['errata', 'errata --kernel 5.15.200 --vendor svm', 'errata npt-nx-reserved --vendor amd'],
  host: ['host vmx', 'host svm', 'host shadow', 'host svm --verify svm/masks.txt'],
  make: [
    'make --gfn 0x10 --pfn 0x20 --preset haswell',
    'make --mmio --gfn 0xfec00 --generation 12',
    'make --nonleaf --pfn 0x1a0 --level 3 --kernel 6.1 --vendor svm',
  ],
  presets: ['presets'],
  story: ['story vmx/trace.txt', 'story svm/trace.txt'],
  translation: [`${WALK} --translate 0x10000 --host svm`, `${WALK} --translate 0xfee00000`],
  vectors: ['vectors vectors.jsonl.gz', 'vectors wrong.jsonl'],
  vms: ['vms vmcore'],
  walk: [`${WALK} --host svm`, `${WALK} --only findings`, 'walk later.img --root 0x83dd000 --host svm'],
  'walk-diff': [`${WALK} --diff later.img --host svm`, `${WALK} --diff mem.img`],
  'walk-summary': [
    `${WALK} --summary --host svm`,
    'walk later.img --root 0x83dd000 --summary',
    `${WALK} --parquet entries.parquet`,
  ],
  which: [
    `decode --which ${OPEN}`,
    `decode --which ${OPEN} --vendor vmx`,
    `decode --which ${OPEN} --preset haswell`,
  ],
};

const LINES = Object.entries(CASES).flatMap(([name, lines]) => lines.map((line) => ({ name, line })));

/** Vectors of a kernel, of which there are few. */
const VECTORS = 'packages/vectors/data/5.10.jsonl.gz';

beforeAll(() => {
  vmcore('vmcore');
  vmcore('damaged', (dump) => dump.drop(0x366d));
  captured('vmx61-ept-noad', 'vmx');
  captured('svm61-npt-tdp-dump', 'svm');
  captured('svm61-shadow', 'shadow');
  for (const [called, run] of [
    ['vmx', 'vmx61-ept-noad'],
    ['svm', 'svm61-npt-tdp'],
  ] as const) {
    file(`${called}/trace.txt`, traces.find(([of]) => of === run)?.[2] ?? '');
  }
  file('nx.txt', 'spte = 0x800000018a600ee7, level = 2, rsvd bits = 0x800f0000001fe000\n');
  file('changed.txt', 'as_id: 0 gfn: 100200 old_spte: 600000112400bf3 new_spte: 6000001126009f3 level: 2\n');
  file('cut.gz', gzipSync(traces[0]?.[2] ?? '').subarray(0, 900));
  file('none.txt', 'nothing of KVM\n');
  const vectors = gunzipSync(readFileSync(join(repository, VECTORS)))
    .toString()
    .split('\n')
    .slice(0, 40);
  file('vectors.jsonl.gz', gzipSync(vectors.join('\n')));
  file('wrong.jsonl', vectors.join('\n').replaceAll('"hostWritable":"0x400"', '"hostWritable":"0x1"'));
  image('mem.img');
  image('later.img', (address, page) => {
    if (address === 0x83da000) page.writeBigUInt64LE(0xdeadbeefdeadbeefn, 3 * 8);
    if (address === 0x83da000) page.writeBigUInt64LE(0x8007fffd4e65n, 9 * 8);
  });
});

describe('schemas', () => {
  it('are there for every document, and are published', () => {
    const there = readdirSync(SCHEMAS).map((name) => name.replace(/\.json$/, ''));
    expect(there.toSorted()).toEqual([...DOCUMENTS, ...SHARED].toSorted());
    expect(manifest.files).toContain('schemas');
    expect(manifest.exports).toHaveProperty(['./schemas/*'], './schemas/*');
  });

  it.each([...DOCUMENTS, ...SHARED])('%s is one that strict validators take', (name) => {
    expect(schemaOf(name)['$id']).toBe(`${name}.json`);
    expect(() => validator(`${name}.json`)).not.toThrow();
  });
});

/** The document of a command line, made once: some take a second. */
const documents = new Map<string, Promise<Json>>();

function documentOf(line: string): Promise<Json> {
  const document = documents.get(line) ?? (json(line) as Promise<Json>);
  documents.set(line, document);
  return document;
}

describe('documents', () => {
  it.each(LINES)('$line --json', async ({ name, line }) => {
    const document = await documentOf(line);
    expect(document['schema']).toBe(`spte/${name}/1`);
    expect(Object.keys(document).slice(0, 2)).toEqual(['schema', 'context']);
    expect(wrongWith(`${name}.json`, document)).toEqual([]);
  });

  it.each(LINES)('$line --ndjson ends in a summary', async ({ name, line }) => {
    const lines = (await ndjson(line)) as Json[];
    const ends = lines.filter((one) => 'summary' in one);
    const last = lines.at(-1) as { readonly summary: Json };
    expect(ends.at(-1)).toBe(last);
    expect(Object.keys(last)).toEqual(['summary']);
    expect(last.summary).toHaveProperty('context', (await documentOf(line))['context']);
    const streams = name === 'annotate' ? lines : [];
    expect(streams.flatMap((one) => wrongWith('annotate-line.json', one))).toEqual([]);
    expect(ends.filter((one) => !('file' in one))).toHaveLength(1);
  });

  it.each(DOCUMENTS)('%s without a key, or with a value of another type, is none', async (name) => {
    const document = await documentOf(CASES[name][0] as string);
    const broken = (schemaOf(name)['required'] as string[]).flatMap((key) => {
      const { [key]: _, ...without } = document;
      return [without, { ...document, [key]: 0.5 }];
    });
    expect(broken.filter((one) => wrongWith(`${name}.json`, one).length === 0)).toEqual([]);
    expect(wrongWith(`${name}.json`, { ...document, added: 1 })).toEqual([]);
  });

  it('are read through to the last finding', async () => {
    const document = await json(`decode ${OPEN} --host vmx`);
    const text = JSON.stringify(document);
    const broken: readonly (readonly [from: RegExp, to: string])[] = [
      [/"role":"spte","value":"0x/, '"role":"spte","value":"'],
      [/"code":"[a-z-]+"/, '"code":1'],
      [/"severity":"error"/, '"severity":"bad"'],
      [/"bits":\[\d+/, '"bits":[64'],
      [/"origin":"read"/, '"origin":"guessed"'],
      [/"from":"[^"]*"/, '"of":1'],
      [/"vendor":"vmx"/, '"vendor":"intel"'],
      [/"mode":"ept"/, '"mode":"EPT"'],
      [/"kind":"\w+"/, '"kind":"page"'],
      [/"level":\d/, '"level":6'],
      [/"access":"rwx"/, '"access":"xwr"'],
      [/"verdict":/, '"sentence":'],
      [/"next":/, '"then":'],
    ];
    for (const [from, to] of broken) {
      expect(text).toMatch(from);
      expect([from, wrongWith('decode.json', JSON.parse(text.replace(from, to)))]).not.toEqual([from, []]);
    }
  });
});

describe('contexts of what is not read as anything', () => {
  const contextOf = async (line: string): Promise<unknown> => ((await json(line)) as Json)['context'];
  const given = (value: unknown, from: string): Json => ({ value, origin: 'given', from });

  it('are what flags say, as they are typed', async () => {
    expect(await contextOf('decode --error-code 4')).toBe(null);
    expect(await contextOf('decode --error-code 4 --no-npt')).toEqual({
      vendor: 'svm',
      mode: 'shadow',
      facts: { vendor: given('svm', '--no-npt'), mode: given('shadow', '--no-npt') },
    });
    expect(await contextOf('decode --which 5 --no-exec-only --maxphyaddr 39')).toEqual({
      vendor: 'vmx',
      facts: {
        vendor: given('vmx', '--no-exec-only'),
        eptExecOnly: given(false, '--no-exec-only'),
        maxPhyAddr: given(39, '--maxphyaddr'),
      },
    });
  });

  it('are what a machine says, unless a flag says otherwise', async () => {
    const line = 'decode --error-code 4 --host vmx';
    expect(await json(line)).toMatchObject({
      context: { kernel: '6.1.192', vendor: 'vmx', mode: 'ept', facts: { mode: { origin: 'read' } } },
      errorCodes: [{ kind: 'EPT violation qualification', origin: 'given' }],
    });
    expect(await json(`${line} --mmu shadow --no-ept`)).toMatchObject({
      context: { mode: 'shadow', facts: { mode: given('shadow', '--no-ept') } },
      errorCodes: [{ kind: '#PF error code', origin: 'given' }],
    });
  });
});

describe('annotate', () => {
  it('has lines of one shape for every real trace', async () => {
    const names = oneIn(3, traces).map(([run, name, text]) => {
      file(`${run}-${name}`, text);
      return `${run}-${name}`;
    });
    const lines = (await ndjson(`annotate ${names.join(' ')}`)) as Json[];
    expect(lines.length).toBeGreaterThan(1000);
    expect(lines.flatMap((one) => wrongWith('annotate-line.json', one))).toEqual([]);
    const ends = lines.filter((one) => 'summary' in one);
    expect(ends.map((one) => one['file'])).toEqual([...names, undefined]);
    expect(ends.at(-1)?.['summary']).toHaveProperty('context', null);
  });

  it.each(['cut.gz', 'missing.txt'])('ends its documents where %s cannot be read', async (name) => {
    for (const files of [name, `${name} none.txt`]) {
      const { code, out } = await spte(`annotate ${files} --json`);
      expect(code).toBe(2);
      const document = JSON.parse(out) as Json;
      expect(wrongWith('annotate.json', document)).toEqual([]);
      const [first] = document['files'] as Json[];
      expect(first).toMatchObject({ file: name, error: expect.stringContaining('cannot read') as unknown });
      const lines = (await ndjson(`annotate ${files}`)) as Json[];
      expect(lines.flatMap((one) => wrongWith('annotate-line.json', one))).toEqual([]);
      expect(Object.keys(lines.at(-1) as Json)).toEqual(['summary']);
      expect(lines.some((one) => 'error' in ((one['summary'] ?? {}) as Json))).toBe(true);
    }
  });
});
