// SPDX-License-Identifier: GPL-2.0-only
import type * as NodeFs from 'node:fs';
import { mkdtempSync, readSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
import { ImageError } from '@spte/vmcore';
import { decodersIn, nodeDecoders, openDumpFile, openFile } from '@spte/vmcore/node';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildElf } from './elf.ts';

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof NodeFs>();
  return { ...fs, readSync: vi.fn<typeof fs.readSync>(fs.readSync) };
});

const memory = Uint8Array.from({ length: 8192 }, (_, i) => i % 251);
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spte-walk-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  vi.mocked(readSync).mockClear();
});

const save = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

describe('an image in a file', () => {
  it('is raw, or an ELF core', () => {
    const raw = openDumpFile(save('raw', memory));
    const elf = openDumpFile([save('elf', buildElf([{ paddr: 0n, bytes: memory }]))]);
    expect([raw.container, elf.container]).toEqual(['raw', 'elf']);
    for (const image of [raw, elf]) {
      expect(image.read(4096n, 4096)).toEqual(memory.subarray(4096));
      image.close();
      expect(() => image.read(0n, 1)).toThrow('EBADF');
    }
  });

  it('is what the caller says', () => {
    const path = save('misnamed', buildElf([{ paddr: 0n, bytes: memory }]));
    const raw = openDumpFile(path, { format: 'raw' });
    expect([...(raw.read(1n, 3) as Uint8Array)]).toEqual([0x45, 0x4c, 0x46]);
    raw.close();
    expect(() => openDumpFile(save('short', memory), { format: 'elf' })).toThrow('not an ELF file');
  });

  it('has holes beyond its end, and zeros where it is sparse', () => {
    const path = save('sparse', Uint8Array.from([1]));
    truncateSync(path, 2 ** 40);
    const file = openFile(path);
    expect(file.read((1n << 40n) - 4096n, 4096)).toEqual(new Uint8Array(4096));
    expect(file.read((1n << 40n) - 4095n, 4096)).toBeNull();
    expect(file.read((1n << 63n) - 1n, 1)).toBeNull();
    expect(file.read((1n << 64n) - 4096n, 4096)).toBeNull();
    file.close();
  });

  it('must be there', () => {
    expect(() => openDumpFile(join(folder, 'none'))).toThrow('ENOENT');
    expect(() => openDumpFile([save('there', memory), join(folder, 'none')])).toThrow('ENOENT');
    expect(() => openDumpFile(save('zip', Uint8Array.of(0x1f, 0x8b)))).toThrow(ImageError);
  });
});

describe('the decoders of Node', () => {
  it('give a page and no more', () => {
    const { zlib } = nodeDecoders();
    expect(zlib?.(deflateSync(memory.subarray(0, 4096)), 4096)).toEqual(
      Buffer.from(memory.subarray(0, 4096)),
    );
    expect(() => zlib?.(deflateSync(memory), 4096)).toThrow('4096');
  });

  it('have zstd where this Node has it', () => {
    expect(decodersIn({ inflateSync }).zstd).toBeUndefined();
    const { zstd } = decodersIn({ inflateSync, zstdDecompressSync: inflateSync });
    expect(zstd?.(deflateSync(memory.subarray(0, 9)), 9)).toHaveLength(9);
  });
});

describe('a device', () => {
  const failing = (code: string) => (): never => {
    throw Object.assign(new Error(`${code}: from the device`), { code });
  };

  it('says by an error that it has nothing at an address', () => {
    const file = openFile(save('device', new Uint8Array(4096)));
    for (const code of ['EFAULT', 'EINVAL', 'EIO', 'ENXIO', 'EOVERFLOW', 'EPERM']) {
      vi.mocked(readSync).mockImplementationOnce(failing(code));
      expect(file.read(0n, 4096)).toBeNull();
    }
    vi.mocked(readSync).mockImplementationOnce(failing('EACCES'));
    expect(() => file.read(0n, 4096)).toThrow('EACCES: from the device');
    vi.mocked(readSync).mockImplementationOnce(() => {
      throw new TypeError('not from the system');
    });
    expect(() => file.read(0n, 4096)).toThrow('not from the system');
    file.close();
  });

  it('may give less than it was asked for, and the rest when asked again', () => {
    const file = openFile(
      save(
        'slow',
        Uint8Array.from({ length: 64 }, (_, i) => i),
      ),
    );
    vi.mocked(readSync).mockImplementationOnce((_, bytes) => {
      (bytes as Uint8Array).set([0, 1, 2]);
      return 3;
    });
    expect([...(file.read(0n, 8) as Uint8Array)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(vi.mocked(readSync)).toHaveBeenCalledTimes(2);
    file.close();
  });
});
