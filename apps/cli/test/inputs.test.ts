// SPDX-License-Identifier: GPL-2.0-only
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readWord } from '../src/io/numbers.ts';
import { file, folder, json, ndjson, run, spte, zstd } from './run.ts';

// Inputs as people have them, and files that are something else.

const LINE = 't-1 [0] .. 1.5: kvm_mmu_set_spte: gfn 10 spte 600000455299b77 (rwxu) level 1 at 1a1080';
const CONTEXT = '--kernel 6.8 --vendor vmx --maxphyaddr 46';

describe('a file that is no text', () => {
  const tar = Buffer.alloc(600);
  tar.write('ustar', 257);
  it.each([
    [
      'xz',
      Buffer.from('\xfd7zXZ\0\0\0', 'latin1'),
      'it is compressed by xz: decompress it first, with `xz -d`',
    ],
    ['bz2', Buffer.from('BZh91AY&SY'), 'it is compressed by bzip2'],
    ['zip', Buffer.from('PK\x03\x04'), 'it is a zip archive'],
    ['tar.gz', gzipSync(tar), 'it is a tar archive'],
    ['perf.data', Buffer.from('PERFILE2xxxx'), 'it is a perf.data: print it with `perf script -i`'],
    ['lime', Buffer.from('EMiL\x01\0\0\0'), 'take it again with format=padded'],
    [
      'ELF',
      readFileSync(process.execPath).subarray(0, 4096),
      'it is an ELF file: `spte walk` reads ELF cores',
    ],
    ['binary', Buffer.from(Array.from({ length: 999 }, (_, i) => (i * 7919) % 256)), 'it is binary'],
  ])('%s is refused by name, with what to do', async (name, bytes, why) => {
    const path = file(`foreign-${name}`, bytes);
    for (const line of [`annotate ${path} ${CONTEXT}`, `vectors ${path}`, `host --verify ${path}`]) {
      const { code, err } = await spte(line);
      expect(code).toBe(2);
      expect(err).toContain(`cannot read "${path}": `);
      expect(err).toContain(why);
    }
  });

  it('is named in full, however long its path is', async () => {
    const path = `/no/such/folder/${'far/'.repeat(40)}trace.txt`;
    const { err } = await spte(`annotate ${path}`);
    expect(err).toBe(`spte: cannot read "${path}": there is no such file or folder\n`);
  });

  it.each([
    ['xz', '\xfd7zXZ\0\0\0', 'compressed by xz'],
    ['lime', 'EMiL\x01\0\0\0', 'format=padded'],
    ['qcow2', 'QFI\xfb\0\0\0\x03', 'qcow2'],
  ])('%s is refused as a memory image', async (name, first, why) => {
    const path = file(`image-${name}`, Buffer.from(first.padEnd(8192, '\0'), 'latin1'));
    const { code, err } = await spte(`walk ${path} --root 0x1000 ${CONTEXT}`);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) as string });
  });

  it('is not a log with runs of NULs, nor one that is garbled here and there', async () => {
    const path = file('garbled.txt', `\0\0\0\0${'\0'.repeat(5000)}\n\x01\x02 ${LINE}\n`);
    const { code, out } = await spte(`annotate ${path} ${CONTEXT} --summary`);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('1 entry: 1 leaf') as string });
  });
});

describe('an encoded text', () => {
  it.each([
    ['UTF-16, little-endian', Buffer.from(`\uFEFF${LINE}\r\n`, 'utf16le')],
    ['UTF-16, big-endian', Buffer.from(`\uFEFF${LINE}\n`, 'utf16le').swap16()],
    ['quoted-printable', `Subject: x=3Dy\n${LINE.slice(0, 40)}=\n${LINE.slice(40)}\n`],
  ])('in %s is read, and said to be one', async (_form, bytes) => {
    const path = file('encoded.txt', bytes);
    for (const flags of ['', ' --jobs 2', ' --ndjson']) {
      const { code, out, err } = await spte(`annotate ${path} ${CONTEXT}${flags}`);
      expect(code).toBe(0);
      expect(out).toContain('600000455299b77');
      expect(out).toContain('leaf');
      expect(err).toContain(': its lines are counted as they were before\n');
    }
  });

  it('goes on over pieces of the input, and ends where the input does', async () => {
    const mail = `a=3Db\n${`${'x'.repeat(70)}=\n`.repeat(20_000)}\n${LINE}=\n`;
    const { code, out } = await spte(`annotate - ${CONTEXT} --summary`, { stdin: mail });
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('1 entry: 1 leaf') as string });
  });
});

describe('zstd', () => {
  /** What the program of the system makes of it: with a checksum, unless told otherwise. */
  const packed = (text: string | Uint8Array, ...flags: readonly string[]): Buffer | null => {
    const { status, stdout } = spawnSync('zstd', ['-q', '-c', ...flags], { input: text, maxBuffer: 1 << 28 });
    return status === 0 ? stdout : null;
  };
  const text = `${LINE}\n`.repeat(600);
  const whole = packed(text);

  it.skipIf(whole === null)(
    'is read whatever its level, in one frame or several, with parts that hold nothing',
    async () => {
      const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
      const two = Buffer.concat([
        packed(text, '-19') as Buffer,
        skippable,
        packed(text, '--no-check', '-1') as Buffer,
      ]);
      const path = file('two.zst', two);
      expect(await ndjson(`annotate ${path} ${CONTEXT} --summary`)).toMatchObject([
        { summary: { sptes: 1200 } },
      ]);
    },
  );

  it.skipIf(whole === null)('is refused when a bit of it is wrong, wherever it is', async () => {
    const bytes = whole as Buffer;
    const intact = await spte(`annotate ${file('broken.zst', bytes)} ${CONTEXT} --summary`);
    expect(intact.code).toBe(0);
    for (let at = 6; at < bytes.length; at += Math.ceil(bytes.length / 12)) {
      const broken = Buffer.from(bytes);
      broken[at] = (broken[at] ?? 0) ^ 0x10;
      const { code, out } = await spte(`annotate ${file('broken.zst', broken)} ${CONTEXT} --summary`);
      // A bit that does not matter may be wrong.
      expect({ at, ok: code === 2 || out === intact.out }).toEqual({ at, ok: true });
    }
    const wrong = Buffer.from(bytes);
    wrong[bytes.length - 1] = (wrong[bytes.length - 1] ?? 0) ^ 1;
    const { err } = await spte(`annotate ${file('broken.zst', wrong)} ${CONTEXT} --summary`);
    expect(err).toContain('corrupt zstd: its checksum is not that of what it holds');
  });

  const frame = (descriptor: number, ...rest: readonly number[]): Buffer =>
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, descriptor, ...rest]);

  it.each([
    ['a window of 2 GiB', frame(0, 0xa8, 1, 0, 0), 'larger than 33554432'],
    ['a content of 2^60 bytes', frame(0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10, 1, 0, 0), 'larger than 33554432'],
    ['a dictionary', frame(1, 0, 7, 1, 0, 0), 'it needs a dictionary'],
    ['no end', frame(0, 0, 0, 0), 'cut off'],
    ['a reserved bit', frame(8, 0, 1, 0, 0), 'a reserved bit'],
    ['a block that none can be', frame(0, 0, 7, 0, 0), 'a block that none can be'],
    ['less than it says', frame(0x20, 5, 9, 0, 0, 1), 'it holds less than it says'],
    ['more than it says', frame(0x20, 0, 9, 0, 0, 1), 'it holds more than it says'],
    [
      'something behind it',
      Buffer.concat([zstd(Buffer.from(text)), Buffer.from('garbage')]),
      'no frame begins',
    ],
  ])('with %s is refused', async (_what, bytes, why) => {
    const { code, err } = await spte(`annotate ${file('odd.zst', bytes)} ${CONTEXT} --summary`);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) as string });
  });
});

describe('a number', () => {
  it.each([
    '0x600000455299b77',
    '600000455299b77',
    '0x600000455299b77ULL',
    '0x600000455299b77UL,',
    '"0x600000455299b77";',
    '06000004`55299b77',
    '06000004_55299b77',
    '06000004:55299b77',
    '0600000455299b77h',
    'spte=0x600000455299b77',
    'old_spte: 0x600000455299b77)',
    '(0x600000455299b77)',
    '0n432345582836226935',
    '10#432345582836226935',
  ])('is read as %s', (text) => {
    expect(readWord(text)).toBe(0x600000455299b77n);
  });

  it.each([
    '',
    'h',
    'spte=',
    '0x',
    'xyz',
    '12345678901234567',
    '0n18446744073709551616',
    '"'.repeat(1 << 17),
    '-1',
  ])('is not read as %s', (text) => {
    expect(readWord(text)).toBeNull();
  });

  it('may come through the standard input, with its level', async () => {
    const stdin = 'spte=0x600000455299b77@1,\n  06000004`55299b77@1\n';
    const entries = (await json(`decode - ${CONTEXT}`, { stdin })) as {
      entries: { value: string; level: number }[];
    };
    expect(entries.entries.map(({ value, level }) => [value, level])).toEqual([
      ['0x600000455299b77', 1],
      ['0x600000455299b77', 1],
    ]);
    const many = await spte(`decode - ${CONTEXT}`, { stdin: '1 '.repeat(10_001) });
    expect(many).toMatchObject({ code: 2, err: expect.stringContaining('more than 10000 values') as string });
  });
});

describe('values in lines of no known form', () => {
  it('are offered as candidates, where nothing else was recognised', async () => {
    const stdin = [
      'PTE[0] = 0x06000000031cab77 (physical)',
      'ffff888100000000:  0000000000000000 0600000455299b77   ........w..E....',
      'nothing here: 0x12 ffffffff81000000',
    ].join('\n');
    const { code, err } = await spte(`annotate - ${CONTEXT}`, { stdin });
    expect(code).toBe(4);
    expect(err).toContain(
      'values in lines of no known form look like entries: 0x06000000031cab77 (line 1), 0600000455299b77 (line 2); `spte decode` explains them',
    );
  });

  it('are not offered beside what was read, nor of the monitor of QEMU, which is named', async () => {
    const beside = await spte(`annotate - ${CONTEXT}`, { stdin: `PTE = 0x06000000031cab77\n${LINE}\n` });
    expect(beside.err).not.toContain('no known form');
    const qemu = await spte('annotate -', {
      stdin: '(qemu) info tlb\n0x00007fff12340000: 0x000000001a4f7003 ----A--UW\n',
    });
    expect(qemu.err).toContain(
      "line 1 is of QEMU's monitor: the guest's own page tables, and no entries of KVM",
    );
    expect(qemu.code).toBe(4);
  });

  it('are counted, named as far as there is room, and told of each input', async () => {
    const paths = ['a', 'b'].map((name) =>
      file(
        name,
        Array.from({ length: 400 }, (_, i) => `x 0x600000${(i + 4096).toString(16)}00b77`).join('\n'),
      ),
    );
    const { err } = await spte(`annotate ${paths.join(' ')} ${CONTEXT}`);
    expect(err.match(/look like entries/g)).toHaveLength(2);
    expect(err).toContain('and 250 more');
  });
});

describe('a host', () => {
  it('may be a folder with odd files, which are noted and not waited for', async () => {
    const path = join(folder, 'odd-host');
    mkdirSync(path);
    symlinkSync('/dev/zero', join(path, 'cpuinfo.txt'));
    writeFileSync(join(path, 'uname.txt'), 'Linux h 6.12.4 x86_64\n');
    const { code, out } = await spte(`host ${path}`);
    expect(code).toBe(0);
    expect(out).toContain('cpuinfo.txt: it is a device or a pipe, not a file');
    rmSync(path, { recursive: true });
  });

  it.each([
    ['brackets', '['.repeat(1 << 20), 'at most 4096 values'],
    ['zeros', Buffer.alloc(1 << 25), 'at most 16777216 characters'],
    ['something else', Buffer.from('PERFILE2'), 'perf.data'],
  ])('is not a file of %s', async (name, bytes, why) => {
    const { code, err } = await run(['host', file(`bundle-${name}`, bytes)]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) as string });
  });
});
