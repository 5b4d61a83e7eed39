// SPDX-License-Identifier: GPL-2.0-only
import { buildKdump } from '@spte/testing/kdump';
import { blobFile, fetchedFile, openDump } from '@spte/vmcore';
import { describe, expect, it } from 'vitest';

const image = {
  present: [[0, 300]] as const,
  page: (pfn: number) => new Uint8Array(4096).fill(pfn),
  vmcoreinfo: 'OSRELEASE=6.1\n',
};

describe('a file that answers later', () => {
  it('is read block by block, as it is needed', async () => {
    const bytes = buildKdump(image);
    const { file, run } = fetchedFile(blobFile(new Blob([bytes])));
    const dump = await run(() => openDump([file]));
    expect(dump.vmcoreinfo).toBe(image.vmcoreinfo);
    expect(await run(() => dump.readPage(299).bytes?.[0])).toBe(299 & 255);
    expect(await run(() => file.read(BigInt(bytes.length) - 2n, 3))).toBeNull();
    const across = (1 << 18) - 100;
    expect(await run(() => file.read(BigInt(across), 200))).toEqual(bytes.subarray(across, across + 200));
  });

  it('fails as what it runs does, and as the file does', async () => {
    const { file, run } = fetchedFile({
      size: 10,
      read: () => Promise.reject(new Error('the network is gone')),
    });
    await expect(run(() => file.read(0n, 1))).rejects.toThrow('the network is gone');
    await expect(
      run(() => {
        throw new TypeError('a mistake');
      }),
    ).rejects.toThrow('a mistake');
  });
});
