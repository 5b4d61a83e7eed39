// SPDX-License-Identifier: GPL-2.0-only
import {
  caveatsOf,
  createMmu,
  defineVariant,
  describeKernel,
  formatKernel,
  formatKernelVersion,
  type Kernel,
  namedKernels,
  parseKernelVersion,
  readKernelRelease,
  rhelReleases,
  seriesCaveat,
  upstreamKernel,
} from '@spte/core';
import { sampled } from '@spte/testing/sampled';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const read = (name: string, version?: string): Kernel => readKernelRelease(name, { version });

/** A kernel in short: whose it is, what it is taken for, on what grounds. */
const short = (name: string, version?: string): unknown[] => {
  const kernel = read(name, version);
  return [kernel.distribution, formatKernelVersion(kernel), kernel.sure];
};

describe('the name of a kernel of RHEL', () => {
  it.each([
    ['3.10.0-1062.el7.x86_64', 'RHEL 7.7', '5.4.0', 'read'],
    ['3.10.0-1160.119.1.el7.x86_64', 'RHEL, after 7.7', '5.4.0', 'number only'],
    ['3.10.0-327.el7.x86_64', 'RHEL, before 7.7', '5.4.0', 'number only'],
    ['4.18.0-80.el8.x86_64', 'RHEL 8.0', '5.4.0', 'changelog'],
    ['4.18.0-96.el8.x86_64', 'RHEL 8.0', '5.4.0', 'changelog'],
    ['4.18.0-97.el8.x86_64', 'RHEL 8.1', '5.4.0', 'changelog'],
    ['4.18.0-147.5.1.el8_1.x86_64', 'RHEL 8.1', '5.4.0', 'changelog'],
    ['4.18.0-147.7.1.el8_1.x86_64', 'RHEL 8.1', '5.4.0', 'changelog'],
    ['4.18.0-147.8.1.el8_1.x86_64', 'RHEL 8.2', '5.4.0', 'changelog'],
    ['4.18.0-193.el8.x86_64', 'RHEL 8.2', '5.4.0', 'changelog'],
    ['4.18.0-240.22.1.el8_3.x86_64', 'RHEL 8.3', '5.8', 'read'],
    ['4.18.0-305.el8.x86_64', 'RHEL 8.4', '5.12', 'read'],
    ['4.18.0-348.7.1.el8_5.x86_64', 'RHEL 8.5', '5.15', 'read'],
    ['4.18.0-372.9.1.el8.x86_64', 'RHEL 8.6', '5.15', 'read'],
    ['4.18.0-425.3.1.el8.x86_64', 'RHEL 8.7 to 8.10', '5.18', 'read'],
    ['4.18.0-553.66.1.el8_10.x86_64', 'RHEL 8.7 to 8.10', '5.18', 'read'],
    ['4.18.0-554.el8.x86_64', 'RHEL, after 8.7 to 8.10', '5.18', 'number only'],
    ['5.14.0-1.el9.x86_64', 'RHEL, before 9.0', '5.15', 'number only'],
    ['5.14.0-70.13.1.el9_0.x86_64', 'RHEL 9.0', '5.15', 'read'],
    ['5.14.0-162.6.1.el9_1.x86_64', 'RHEL 9.1', '5.18', 'read'],
    ['5.14.0-284.11.1.rt14.296.el9_2.x86_64', 'RHEL 9.2', '6.0', 'read'],
    ['5.14.0-300.el9.x86_64', 'RHEL, between 9.2 and 9.3', '6.0', 'number only'],
    ['5.14.0-362.el9.x86_64', 'RHEL 9.3', '6.3', 'read'],
    ['5.14.0-427.el9.x86_64', 'RHEL 9.4', '6.6', 'read'],
    ['5.14.0-503.14.1.el9_5.x86_64', 'RHEL 9.5', '6.10', 'read'],
    ['5.14.0-570.12.1.el9_6.x86_64', 'RHEL 9.6', '6.11.11', 'read'],
    ['5.14.0-570.el9.x86_64+debug', 'RHEL 9.6', '6.11.11', 'read'],
    ['5.14.0-611.el9_7.x86_64', 'RHEL after 9.6', '6.12', 'number only'],
    ['6.12.0-55.9.1.el10_0.x86_64', 'RHEL 10.0', '6.12', 'read'],
    ['6.12.0-124.el10_1.x86_64', 'RHEL after 10.0', '6.12', 'number only'],
  ])('%s is %s: %s, %s', (name, distribution, base, sure) => {
    expect(short(name)).toEqual([distribution, base, sure]);
  });

  it('says what lies on the other side of a build that was not read', () => {
    expect(read('5.14.0-300.el9').candidates).toEqual(['6.3']);
    expect(read('4.18.0-350.el8').candidates).toEqual([]);
    expect(read('4.18.0-600.el8').candidates).toEqual([]);
  });

  it('is not taken by its number, which is refused', () => {
    for (const name of ['5.14.0-570.el9.x86_64', 'v4.18.0-553.el8_10', '3.10.0-1062.el7', '6.12.0-55.el10']) {
      expect(() => parseKernelVersion(name)).toThrow(TypeError);
      expect(() => parseKernelVersion(name)).toThrow(
        'has another KVM than its number: use readKernelRelease()',
      );
    }
    // The numbers of RHEL, in names that are not RHEL's.
    expect(short('6.12.0-1.el10.elrepo.x86_64')).toEqual(['elrepo', '6.12', 'upstream']);
    expect(short('6.12.0-100.28.2.el10uek.x86_64')).toEqual(['UEK', '6.12.y', 'number only']);
    expect(short('5.14.0-1.el8.x86_64')).toEqual([null, '5.14.y', 'number only']);
    expect(short('5.14.0-1.el90')).toEqual([null, '5.14.y', 'number only']);
    expect(short('5.14.0-x.el9')).toEqual([null, '5.14', 'number only']);
    expect(short('5.14.0-1.el8.el9')).toEqual([null, '5.14.y', 'number only']);
  });

  it.each(Object.entries(rhelReleases))('has releases in order: %s', (major, releases) => {
    const builds = releases.map(({ build: [first, second = 0] }) => 1000 * first + second);
    expect(builds.toSorted((a, b) => a - b)).toEqual(builds);
    for (const { example, release } of releases) {
      expect(read(example).distribution).toBe(`RHEL ${release}`);
      expect(example).toContain(`.el${major}`);
    }
  });
});

describe('the name of a kernel by a rule', () => {
  it.each([
    ['6.6.3-1.el9.elrepo.x86_64', 'elrepo', '6.6.3', 'upstream'],
    ['6.12.26-11.0s20c78r5.el9.x86_64', 'Nutanix', '6.12.26', 'upstream'],
    ['5.10.117-2.el7.nutanix.20220304.342.x86_64', 'Nutanix', '5.10.117', 'upstream'],
    ['5.15.0-200.131.27.el9uek.x86_64', 'UEK7', '5.15', 'read in part'],
    ['5.15.0-3.60.5.1.el8uek.x86_64', 'UEK7', '5.15', 'read in part'],
    ['4.14.35-2047.518.4.2.el7uek.x86_64', 'UEK5', '5.4.0', 'read in part'],
    ['5.4.17-2136.330.7.1.el8uek.x86_64', 'UEK', '5.4.17', 'number only'],
    ['6.12.43+deb13-amd64', 'Debian', '6.12.43', 'upstream'],
    ['6.12.117-1~deb12u1', 'Debian', '6.12.117', 'upstream'],
    ['7.3.4-1~bpo13+1', 'Debian', '7.3.4', 'upstream'],
    ['6.12.9+bpo-amd64', 'Debian', '6.12.9', 'upstream'],
    ['6.12.43+deb13-cloud-amd64', 'Debian', '6.12.43', 'upstream'],
    ['6.1.0-56-amd64', 'Debian', '6.1.y', 'number only'],
    ['6.1.0-18-cloud-amd64', 'Debian', '6.1.y', 'number only'],
    ['6.1.0-18-rt-amd64', 'Debian', '6.1.y', 'number only'],
    // Backports have names of the same kind: their .0 is no stable release either.
    ['6.1.0-0.deb11.21-amd64', 'Debian', '6.1.y', 'number only'],
    ['5.10.0-0.bpo.3-amd64', 'Debian', '5.10.y', 'number only'],
    ['6.8.0-1021-azure', 'Ubuntu for Azure', '6.8.y', 'number only'],
    ['5.15.0-91-generic', 'Ubuntu', '5.15.y', 'number only'],
    ['5.4.0-216-generic', 'Ubuntu', '5.4.y', 'number only'],
    ['6.8.12-4-pve', 'Proxmox', '6.8.12', 'number only'],
    ['6.1.132-147.221.amzn2023.x86_64', 'Amazon Linux', '6.1.132', 'number only'],
    ['5.15.167.4-microsoft-standard-WSL2', 'WSL2', '5.15.167', 'number only'],
    ['6.1.75-android14-11-g0123456789ab', 'Android', '6.1.75', 'number only'],
    ['6.6.51.1-5.azl3', 'Azure Linux', '6.6.51', 'number only'],
    ['6.4.0-150600.23.25-default', 'SLES 15 SP6', '6.4.y', 'number only'],
    ['5.14.21-150500.55.49-default', 'SUSE', '5.14.21', 'number only'],
    ['6.4.0-150600.8.11-azure', 'SLES 15 SP6', '6.4.y', 'number only'],
    ['6.4.0-150700.7.3-rt', 'SUSE', '6.4.y', 'number only'],
    ['6.11.8-1-default', 'SUSE', '6.11.8', 'number only'],
  ])('%s is %s: %s, %s', (name, distribution, base, sure) => {
    expect(short(name)).toEqual([distribution, base, sure]);
  });

  it('is the example of its own row', () => {
    for (const row of namedKernels) {
      expect(read(row.example)).toMatchObject({ distribution: row.distribution, sure: row.sure });
    }
  });

  it.each([
    ['6.8', '6.8', 'upstream', ''],
    ['v6.8', '6.8', 'upstream', ''],
    ['6.6.y', '6.6.y', 'upstream', ''],
    ['5.4', '5.4.y', 'upstream', ''],
    [' 6.1.192\n', '6.1.192', 'upstream', ''],
    ['6.1.0-rc3', '6.1', 'upstream', 'a release candidate counts as the release that it precedes'],
    ['5.10-rc6+', '5.10', 'upstream', 'a release candidate counts as the release that it precedes'],
    [
      'v6.9-1234-g0123456789ab',
      '6.9',
      'upstream',
      'commits after that release are in it: it may have some of what the next one brings',
    ],
    ['7.3~rc7-1~exp1', '7.3', 'upstream', 'a release candidate counts as the release that it precedes'],
    ['6.13.0-0.rc3.20241220git8faabc041a00.31.fc42.x86_64', '6.13', 'number only', ''],
    ['6.8.9-300.fc40.x86_64', '6.8.9', 'number only', ''],
    ['6.8.0+', '6.8', 'number only', ''],
  ])('%o that no row is for is %s, %s', (name, base, sure, note) => {
    expect(short(name)).toEqual([null, base, sure]);
    expect(read(name).note).toBe(note);
  });

  it.each([
    [
      '6.1.0-56-amd64',
      '#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)',
      'Debian',
      '6.1.192',
      'upstream',
    ],
    ['5.15.0-91-generic', 'Ubuntu 5.15.0-91.101-generic 5.15.131', 'Ubuntu', '5.15.131', 'number only'],
    // Of another series, too far in, or no release.
    ['6.1.0-56-amd64', 'Debian 6.12.4-1', 'Debian', '6.1.y', 'number only'],
    ['6.1.0-56-amd64', `${' '.repeat(2000)}Debian 6.1.192-2`, 'Debian', '6.1.y', 'number only'],
    ['6.1.0-56-amd64', 'Debian x', 'Debian', '6.1.y', 'number only'],
    // Nothing that a machine says makes RHEL's number count.
    ['5.14.0-427.el9', 'Debian 6.6.100-1', 'RHEL 9.4', '6.6', 'read'],
  ])('%s, of which %o is said, is %s: %s, %s', (name, version, distribution, base, sure) => {
    expect(short(name, version)).toEqual([distribution, base, sure]);
  });

  it('is no longer told where its stable release stands, when it was', () => {
    expect(read('5.15.0-91-generic').note).toBe('/proc/version_signature names the stable release');
    expect(read('5.15.0-91-generic', 'Ubuntu 5.15.0-91.101-generic 5.15.131').note).toBe('');
  });
});

describe('a kernel that was named', () => {
  it('comes back from its effective name', () => {
    const names = [...Object.values(rhelReleases).flat(), ...namedKernels].map(({ example }) => example);
    for (const name of names) {
      const kernel = read(name);
      const again = read(formatKernel(kernel));
      expect(formatKernel(again)).toBe(formatKernel(kernel));
      expect([again.layout, again.overrides]).toEqual([kernel.layout, kernel.overrides]);
    }
    expect(formatKernel(read('5.14.0-503.el9'))).toBe('6.10');
    expect(formatKernel(read('5.14.0-570.el9'))).toBe('5.14.0-570.el9');
    expect(formatKernel(read('4.18.0-80.el8'))).toBe('4.18.0-80.el8');
  });

  it.each([
    [
      '5.14.0-570.el9.x86_64',
      "kernel 5.14.0-570.el9.x86_64 is RHEL 9.6 (source read): taken as 6.11.11; as 6.10 in: which writable old SPTE spares a new one the unsync attempt, memory type in EPT leaves, when the host's MAXPHYADDR is determined; no upstream release behaves like it",
    ],
    [
      '3.10.0-1062.el7',
      'kernel 3.10.0-1062.el7 is RHEL 7.7 (source read): taken as 5.4.0; with bits in the places of 3.10.0-1062.el7; as 3.10 in: which CPUs L1TF is guarded against on; bit 62 marks MMIO SPTEs, and present ones without A/D bits; serves to decode: what it builds was not read',
    ],
    [
      '5.14.0-427.el9',
      'kernel 5.14.0-427.el9 is RHEL 9.4 (source read): taken as 6.6; may be as 6.7 in some points',
    ],
    [
      '4.18.0-193.el8',
      'kernel 4.18.0-193.el8 is RHEL 8.2 (changelog read, source not read): taken as 5.4.0; may be as 5.4.19 or 5.4.85 in some points; how it keeps the generation is a guess; 4.18.0-147.8 is a late kernel of 8.1',
    ],
    [
      '5.15.0-91-generic',
      'kernel 5.15.0-91-generic is Ubuntu (number only, source not read): taken as the newest of 5.15.y; /proc/version_signature names the stable release',
    ],
    ['5.15.0-200.el9uek', 'kernel 5.15.0-200.el9uek is UEK7 (source read in part): taken as 5.15'],
    ['6.6.3-1.el9.elrepo', 'kernel 6.6.3-1.el9.elrepo is elrepo: taken as 6.6.3'],
    ['6.8.9-300.fc40', 'kernel 6.8.9-300.fc40 (number only, source not read): taken as 6.8.9'],
  ])('%s is described', (name, text) => {
    expect(describeKernel(read(name))).toBe(text);
  });

  const caveats = (kernel: Kernel | string): readonly string[] =>
    caveatsOf(
      createMmu({
        kernel,
        host: { physBits: 46 },
        vendor: {
          name: 'none',
          apiVersion: 1,
          format: { name: 'x', table: [], leaf: [] } as never,
          setup: (_, registry) => registry,
        },
      }),
    );

  it('has its description among the caveats of an MMU, and the releases of its series that differ', () => {
    expect(caveats(read('6.8'))).toEqual([]);
    expect(caveats('6.8')).toEqual([]);
    expect(caveats(read('5.14.0-427.el9'))).toEqual([describeKernel(read('5.14.0-427.el9'))]);
    const debian = 'kernel 6.1 changed rules in stable releases, which this one may have or lack: 6.1.120';
    expect(caveats(read('6.1.0-56-amd64'))).toEqual([describeKernel(read('6.1.0-56-amd64')), debian]);
    expect(caveats('6.1.0-56-amd64')).toEqual([
      'kernel 6.1.0-56-amd64 (number only, source not read): taken as the newest of 6.1.y',
      debian,
    ]);
    expect(seriesCaveat(read('5.4.0-216-generic'))).toBe(
      'kernel 5.4 changed rules in stable releases, which this one may have or lack: 5.4.19, 5.4.59, 5.4.85, 5.4.144',
    );
    expect(seriesCaveat(read('6.8.12-4-pve'))).toBeNull();
    // What 5.4.y changed says nothing of a kernel that keeps its bits elsewhere.
    const rhel = read('3.10.0-1160.el7.x86_64');
    expect(caveats(rhel)).toEqual([describeKernel(rhel)]);
  });

  it('gives rules their variants: those of its base, but for the points that it names', () => {
    const point = defineVariant(
      'memory type in EPT leaves',
      { since: '5.4', value: 'old', change: '' },
      { since: '6.11', value: 'new', change: '' },
    );
    const other = defineVariant(
      'another point',
      { since: '5.4', value: 'old', change: '' },
      { since: '6.11', value: 'new', change: '' },
    );
    const rhel = read('5.14.0-570.el9.x86_64');
    expect([point(rhel), point.rowOf(rhel).since, other(rhel)]).toEqual(['old', '5.4', 'new']);
    expect(point(read('6.11.11'))).toBe('new');
  });

  it('is an upstream release where an MMU is given its number', () => {
    expect(upstreamKernel('6.1.192')).toEqual({
      major: 6,
      minor: 1,
      patch: 192,
      name: '6.1.192',
      distribution: null,
      layout: null,
      sure: 'upstream',
      sources: [],
      candidates: [],
      note: '',
    });
    expect(upstreamKernel()).toMatchObject({ name: '6.8', major: 6, minor: 8 });
    expect(() => caveats('5.14.0-570.el9.x86_64')).toThrow('use readKernelRelease()');
  });
});

describe('a name that is none', () => {
  it.each(['', '6', 'bogus', 'linux-6.8', '-6.8', 'v', 'vv6.8', '6..8'])('%o is told the forms', (name) => {
    expect(() => read(name)).toThrow(TypeError);
    expect(() => read(name)).toThrow(
      `kernel must look like 6.8, 6.6.y, 6.12.117, 6.1.0-56-amd64 or 5.14.0-570.el9.x86_64, got ${JSON.stringify(name)}`,
    );
  });

  it.each(['6.8\u001B[31m', '6.8 x', '6.8/x', '6.8\u0000', 'ö6.8', '6.8;rm'])(
    '%o has characters that no release has',
    (name) => {
      const complaint =
        'kernel must be a release as uname -r says it, at most 64 letters, digits and any of . _ + ~ : -, got';
      expect(() => read(name)).toThrow(`${complaint} ${JSON.stringify(name)}`);
      expect(() => upstreamKernel(name)).toThrow(complaint);
    },
  );

  it('is refused beyond 64 characters, and repeated up to there', () => {
    const long = `6.8.${'9'.repeat(61)}`;
    expect(() => read(long)).toThrow(`got ${JSON.stringify(long.slice(0, 64))}`);
    expect(read(`6.8-${'9'.repeat(60)}`).name).toHaveLength(64);
    for (const hostile of ['6.8.'.repeat(250_000), '5.14.0-'.repeat(150_000), '9'.repeat(1_000_000)]) {
      let message = '';
      try {
        read(hostile);
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message.length).toBeGreaterThan(0);
      expect(message.length).toBeLessThan(250);
    }
  });

  it('is read or refused with a TypeError, whatever the text', () => {
    const pieces = fc.constantFrom(
      '5.14.0-',
      '6.12.0-',
      '570',
      '.',
      '1',
      '.el9',
      '.el10',
      'uek',
      '-amd64',
      '-rc',
      '-g0123456',
      'v',
      '_',
      '+',
    );
    const names = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));
    const outcome = (name: string, version: string): Kernel | Error => {
      try {
        return readKernelRelease(name, { version });
      } catch (error) {
        return error as Error;
      }
    };
    const isSound = (result: Kernel | Error): boolean =>
      result instanceof Error
        ? result instanceof TypeError && result.message.length < 600
        : result.name.length <= 64 && /^[\u0020-\u007E]+$/.test(describeKernel(result).replaceAll('…', ''));
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary', maxLength: 100 }), names),
        fc.string(),
        (name, version) => {
          expect(isSound(outcome(name, version))).toBe(true);
        },
      ),
      { numRuns: sampled(300, 1000), seed: 13 },
    );
  });

  it('is refused where it is no text', () => {
    for (const nothing of [68, null, [], {}]) {
      expect(() => read(nothing as unknown as string)).toThrow('kernel must look like');
      expect(() => upstreamKernel(nothing as unknown as string)).toThrow('kernel must look like');
    }
    const host = { physBits: 46 };
    expect(() => createMmu({ kernel: null as never, host, vendor: {} as never })).toThrow(
      'kernel must look like',
    );
    expect(() => createMmu({ kernel: 68 as never, host, vendor: {} as never })).toThrow(
      'kernel must look like',
    );
  });
});
