// SPDX-License-Identifier: GPL-2.0-only
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { folder, unpacked } from './run.ts';

/** The fixtures of the run whose memory {@link image} gives, without their endings. */
export const IMAGE_OF = 'packages/walk/test/fixtures/svm61-npt-tdp-dump';

const PAGE = 4096;
const IMAGE_BYTES = 0x9000000;

/** A sparse image with the tables of a real kernel; `change` may alter a page. */
export function image(
  name: string,
  change: (address: number, page: Buffer) => void = () => undefined,
): string {
  const pages = unpacked(`${IMAGE_OF}.pages.gz`);
  const path = join(folder, name);
  const fd = openSync(path, 'w');
  for (let at = 0; at < pages.length; at += 8 + PAGE) {
    const address = Number(pages.readBigUInt64LE(at));
    const page = Buffer.from(pages.subarray(at + 8, at + 8 + PAGE));
    change(address, page);
    writeSync(fd, page, 0, PAGE, address);
  }
  ftruncateSync(fd, IMAGE_BYTES);
  closeSync(fd);
  return path;
}
