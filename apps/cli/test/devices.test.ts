// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { deviceReason, refuseDevice } from '../src/io/devices.ts';
import { file } from './run.ts';

/** What stat() says of a device; devices themselves are not opened by tests. */
const device = (driver: number, minor: number, isCharacter = true) => ({
  rdev: (driver << 8) | minor,
  isCharacterDevice: () => isCharacter,
});

describe('a device as an input', () => {
  it.each([
    ['zeros', device(1, 5)],
    ['random bytes', device(1, 9)],
    ['memory', device(1, 1)],
    ['an input event', device(13, 64)],
  ])('that gives %s is refused', (_name, stats) => {
    expect(deviceReason(stats)).toContain('it is a device, not a file');
  });

  it.each([
    ['a terminal', device(136, 3)],
    ['a serial line', device(4, 64)],
    ['a disk', device(8, 1, false)],
  ])('that is %s may be read', (_name, stats) => {
    expect(deviceReason(stats)).toBeNull();
  });

  it('is told from files, and from what is not there', () => {
    expect(() => refuseDevice(file('a.txt', 'x'))).not.toThrow();
    expect(() => refuseDevice('/no/such/file')).not.toThrow();
  });
});
