// SPDX-License-Identifier: GPL-2.0-only
// What was once reported wrong of long-term, stable and distribution kernels, as it was typed. The answers are those of
// the kernels' own compiled C.
import { describe, expect, it } from 'vitest';
import { spte } from './run.ts';

const OVER_A_WRITABLE =
  'make --gfn 0x100b4a00 --pfn 0x100b4a00 --level 2 --old 0x100b1b16827 --vendor svm --maxphyaddr 48 --kernel';

describe('make, of a kernel that does it in its own way', () => {
  it.each<[why: string, words: string, made: string]>([
    [
      'the generation of MMIO lies lower in 5.4.y since 5.4.85',
      'make --mmio --gfn 0xfee00 --generation 0x12345 --kernel 5.4.301 --vendor svm --maxphyaddr 48',
      '0x24780000fee00a2f',
    ],
    [
      'write-protected although the old one is writable',
      'make --gfn 0x100 --pfn 0x200 --kernel 5.15 --vendor vmx --old 0x600000000200b77 --write-protect',
      '0x0200000000200975',
    ],
    [
      'nested: write-protected A/D type without PML, on AMD too',
      'make --gfn 0x100 --pfn 0x200 --kernel 5.10 --vendor svm --maxphyaddr 48 --guest-mode --mmu shadow',
      '0x0020000000200c67',
    ],
    ['an old table spares nothing', `${OVER_A_WRITABLE} 6.6.64`, '0x00000100b4a00ee7'],
    ['an old table spares nothing', `${OVER_A_WRITABLE} 6.6.150`, '0x00000100b4a00ee7'],
    ['an old table spares nothing', `${OVER_A_WRITABLE} 6.1.120`, '0x00000100b4a00ee7'],
    ['an old table spares nothing', `${OVER_A_WRITABLE} 6.1.192`, '0x00000100b4a00ee7'],
    ['an old table spares nothing', `${OVER_A_WRITABLE} 6.12.10`, '0x00000100b4a00ee7'],
    ['an old table spares nothing', `${OVER_A_WRITABLE} 6.1.0-56-amd64`, '0x00000100b4a00ee7'],
    ['any writable old one spares', `${OVER_A_WRITABLE} 6.6.63`, '0x00000100b4a00ea7'],
    ['any writable old one spares', `${OVER_A_WRITABLE} 6.1.119`, '0x00000100b4a00ea7'],
    ['any writable old one spares', `${OVER_A_WRITABLE} 6.12.0`, '0x00000100b4a00ea7'],
  ])('%s: %s', async (_, words, made) => {
    const { code, out } = await spte(words);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^${made}$`, 'm'));
  });
});

describe('decode, of a kernel whose name is not its number', () => {
  it('5.4.0-N is the newest of 5.4.y: its MMIO bits, and no guard without the L1TF bug', async () => {
    const { code, out, err } = await spte(
      'decode 0x24700000fee00a2e --kernel 5.4.0-216-generic --vendor vmx --maxphyaddr 46 --cache-bits 46 --check',
    );
    expect(code).toBe(0);
    expect(out).toContain('gfn 0xfee00  gpa 0xfee00000  access 0x0  generation 0x12345');
    expect(err).toContain('taken as the newest of 5.4.y');
  });

  it('RHEL 9.6 says 5.14 and has the MMU of 6.11, with suppress-#VE', async () => {
    const { code, out, err } = await spte(
      'decode 0x86000001848dbb77@1 --kernel 5.14.0-570.12.1.el9_6.x86_64 --vendor vmx --check',
    );
    expect(code).toBe(0);
    expect(out).toContain('0x86000001848dbb77  clean leaf: maps the 4K page at 0x1848db000, rwx, WB');
    expect(err).toContain('is RHEL 9.6 (source read): taken as 6.11.11; as 6.10 in:');
  });
});

describe('compare, of two kernels that differ', () => {
  it.each<[a: string, b: string, differs: string]>([
    ['6.6.63', '6.6.64', 'which writable old SPTE spares a new one the unsync attempt'],
    ['6.11', '6.11.11', 'which writable old SPTE spares a new one the unsync attempt'],
    ['6.12.84', '6.12.85', 'memory type in EPT leaves'],
    ['6.14', '6.16', 'which SPTEs must be updated atomically'],
    ['5.13', '5.14', 'NX in the zero check of shadow paging'],
    ['5.16', '5.17', 'page sizes that EPT does not have'],
    ['5.18', '5.19', 'NX in'],
  ])('%s and %s never says that there is none', async (a, b, differs) => {
    const { code, out } = await spte(
      `compare kernel=${a},vendor=vmx,maxphyaddr=46 kernel=${b},vendor=vmx,maxphyaddr=46 --check`,
    );
    expect(code).toBe(1);
    expect(out).toContain(differs);
  });
});
