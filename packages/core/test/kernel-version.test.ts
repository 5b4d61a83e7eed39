// SPDX-License-Identifier: GPL-2.0-only
import {
  byKernel,
  compareKernelVersions,
  formatKernelVersion,
  isBefore,
  type KernelVersion,
  NEWEST_STABLE,
  parseKernelVersion,
} from '@spte/core';
import { sampled } from '@spte/testing/sampled';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** What reading a text comes to: a version, or the error that it threw. */
function outcome(text: string): KernelVersion | Error {
  try {
    return parseKernelVersion(text);
  } catch (error) {
    return error as Error;
  }
}

/** Whether reading came to a sound version, or to the one error that is documented. */
const isSound = (result: KernelVersion | Error): boolean =>
  result instanceof Error
    ? result instanceof TypeError
    : [result.major, result.minor, result.patch].every((n) => Number.isSafeInteger(n) && n >= 0);

describe('a kernel version', () => {
  it.each([
    ['6.8', 6, 8, 0],
    ['v6.8', 6, 8, 0],
    ['6.1.0-56-amd64', 6, 1, NEWEST_STABLE],
    ['5.4.0-216-generic', 5, 4, NEWEST_STABLE],
    ['6.6.y', 6, 6, NEWEST_STABLE],
    ['5.4', 5, 4, NEWEST_STABLE],
    ['5.4.0', 5, 4, 0],
    ['5.4.0-rc3', 5, 4, 0],
    ['6.1.0-123-g1a2b3c4', 6, 1, 0],
    ['6.12.117-1~deb12u1', 6, 12, 117],
    ['7.3.4-1~bpo13+1', 7, 3, 4],
    ['5.10.0-rc6', 5, 10, 0],
    ['5.12.9', 5, 12, 9],
    [' 6.6.17\n', 6, 6, 17],
    ['6.8.x', 6, 8, 0],
  ])('is read from %o', (text, major, minor, patch) => {
    expect(parseKernelVersion(text)).toEqual({ major, minor, patch });
  });

  it.each(['', '6', 'six.eight', '6.', '.8', '-6.8', 'linux-6.8', 'vv6.8', '6 .8', 'NaN.1'])(
    'is not read from %o, which is told',
    (text) => {
      expect(() => parseKernelVersion(text)).toThrow(TypeError);
      expect(() => parseKernelVersion(text)).toThrow(`kernel must look like 6.8`);
      expect(() => parseKernelVersion(text)).toThrow(`got ${JSON.stringify(text)}`);
    },
  );

  it('is read or refused with a TypeError, whatever the text', () => {
    const digits = fc.stringMatching(/^[v0-9. -]{0,40}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), digits), (text) => {
        expect(isSound(outcome(text))).toBe(true);
      }),
      { numRuns: sampled(500, 2000) },
    );
  });

  it.each([
    ['digits', '9'.repeat(1_000_000)],
    ['dots', '.'.repeat(1_000_000)],
    ['releases', '6.8.'.repeat(250_000)],
    ['builds of RHEL', `5.14.0-${'1.'.repeat(500_000)}`],
    ['spaces', `${' '.repeat(1_000_000)}x`],
  ])('is read or refused in proportion to its length, however long the run of %s', (_, text) => {
    // A quadratic step would take longer than a test may.
    expect(isSound(outcome(text))).toBe(true);
  });

  it('comes back from its text', () => {
    const part = fc.integer({ min: 0, max: 9999 });
    fc.assert(
      fc.property(part, part, part, (major, minor, patch) => {
        const version = { major, minor, patch };
        expect(parseKernelVersion(formatKernelVersion(version))).toEqual(version);
      }),
    );
    expect(formatKernelVersion({ major: 6, minor: 8, patch: 0 })).toBe('6.8');
    expect(formatKernelVersion({ major: 6, minor: 1, patch: 192 })).toBe('6.1.192');
    expect(formatKernelVersion({ major: 6, minor: 1, patch: NEWEST_STABLE })).toBe('6.1.y');
    expect(formatKernelVersion({ major: 5, minor: 4, patch: 0 })).toBe('5.4.0');
    expect(parseKernelVersion('6.1.y').patch).toBe(NEWEST_STABLE);
  });

  it('is ordered by number, not by letter', () => {
    const sorted = [
      '5.4.0',
      '5.4.1',
      '5.4.301',
      '5.4',
      '5.9',
      '5.10',
      '5.12.9',
      '5.13',
      '6.1',
      '6.10',
      '7.0',
    ];
    const versions = sorted.map(parseKernelVersion);
    expect(versions.toReversed().toSorted(compareKernelVersions)).toEqual(versions);
    expect(compareKernelVersions(parseKernelVersion('6.8'), parseKernelVersion('v6.8.0'))).toBe(0);
  });
});

describe('byKernel', () => {
  const row = (since: string) => ({ since });
  const choose = byKernel(row('5.4'), row('5.10'), row('6.6.17'), row('7.2'));
  const chosen = (kernel: string): string => choose(parseKernelVersion(kernel)).since;

  it.each([
    ['5.9', '5.4'],
    ['5.10', '5.10'],
    ['6.6.16', '5.10'],
    ['6.6.17', '6.6.17'],
    ['7.1.99', '6.6.17'],
    ['7.2', '7.2'],
    ['99.0', '7.2'],
  ])('gives %s the row since %s', (kernel, since) => {
    expect(chosen(kernel)).toBe(since);
  });

  it.each([
    ['6.6.16', '6.6.17', true],
    ['6.6.17', '6.6.17', false],
    ['6.6.y', '6.6.17', false],
    ['6.1.999', '6.2', true],
    ['6.2', '6.2', false],
    ['5.4.0', '5.4', false],
    ['5.3', '5.4', true],
    ['5.19', '6.0', true],
    ['6.0', '5.19', false],
  ])('has %s before %s, as tables name it: %s', (kernel, release, before) => {
    expect(isBefore(parseKernelVersion(kernel), release)).toBe(before);
  });

  it('gives the oldest row to every older kernel', () => {
    expect(chosen('2.6')).toBe('5.4');
  });
});

describe('a release that is not text', () => {
  it('is refused by name', () => {
    expect(() => parseKernelVersion(68 as unknown as string)).toThrow('kernel must look like 6.8');
  });
});
