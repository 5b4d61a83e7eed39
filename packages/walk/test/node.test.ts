// SPDX-License-Identifier: GPL-2.0-only
import type * as NodeFs from 'node:fs';
import { mkdtempSync, readSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machine } from '@spte/testing/machines';
import { ImageError, translate, walk } from '@spte/walk';
import { openFile, openImage } from '@spte/walk/node';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildElf } from './elf.ts';
import { leaf, startTables } from './tables.ts';

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof NodeFs>();
  return { ...fs, readSync: vi.fn<typeof fs.readSync>(fs.readSync) };
});

const mmu = machine('NPT');
const { memory, root, put } = startTables(mmu);
put([0, 0, 0, 1], leaf(mmu, 1, 0x1234n));
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
    const raw = openImage(save('raw', memory.bytes));
    const elf = openImage(save('elf', buildElf([{ paddr: 0n, bytes: memory.bytes }])));
    expect([raw.format, elf.format]).toEqual(['raw', 'elf']);
    const expected = [...walk(mmu, memory, { root })];
    for (const image of [raw, elf]) {
      expect([...walk(mmu, image, { root })]).toEqual(expected);
      expect(translate(mmu, image, { root }, 0x1678n).hpa).toBe(0x1234678n);
      image.close();
      expect(() => image.read(0n, 1)).toThrow('EBADF');
    }
  });

  it('is what the caller says', () => {
    const path = save('misnamed', buildElf([{ paddr: 0n, bytes: memory.bytes }]));
    const raw = openImage(path, { format: 'raw' });
    expect([...(raw.read(1n, 3) as Uint8Array)]).toEqual([0x45, 0x4c, 0x46]);
    raw.close();
    expect(() => openImage(save('short', memory.bytes), { format: 'elf' })).toThrow('not an ELF file');
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

  it('is refused with a hint when it is compressed', () => {
    const refused = (bytes: number[], message: string): void => {
      const path = save('compressed', Uint8Array.from(bytes));
      expect(() => openImage(path)).toThrow(ImageError);
      expect(() => openImage(path)).toThrow(message);
    };
    const text = (start: string) => [...new TextEncoder().encode(start)];
    refused([0x28, 0xb5, 0x2f, 0xfd], 'is zstd: decompress it first, with `zstd -d`');
    refused([0x1f, 0x8b], 'is gzip: decompress it first, with `gzip -d`');
    for (const start of ['KDUMP   ', 'DISKDUMP']) {
      refused(
        text(start),
        'is a kdump in the compressed format, which cannot be turned into ELF: dump again as ELF, with `makedumpfile -E`',
      );
    }
    refused(
      text('makedumpfile\0\0\0\0'),
      'is a kdump in the flattened format: put it in order with `makedumpfile -R OUT < IN`, and open that. If it is',
    );
  });

  it('must be there', () => {
    expect(() => openImage(join(folder, 'none'))).toThrow('ENOENT');
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
