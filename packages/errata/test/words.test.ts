// SPDX-License-Identifier: GPL-2.0-only
// What is said of each sample and of each erratum, word for word: after a change `vitest -u` writes it, to be read.
import { formatKernelVersion, readKernelRelease } from '@spte/core';
import { expect, it } from 'vitest';
import { affectedKernel, errata, erratumLines, erratumText, matchErrata } from '../src/index.ts';
import { samples } from './samples.ts';

it('what is said of matches', async () => {
  const blocks = samples.flatMap(({ id, of, match }) => {
    if (match === null) return [];
    const { kernel } = match.evidence;
    const series = kernel === undefined ? null : `${kernel.release.major}.${kernel.release.minor}`;
    const lines = matchErrata(match.evidence).flatMap((found) => [
      `  ${erratumText(found, series)}`,
      ...found.matched.map((words) => `    + ${words}`),
      ...found.missing.map((words) => `    - ${words}`),
    ]);
    return [[`${id} (${of})`, ...lines].join('\n')];
  });
  await expect(`${blocks.join('\n\n')}\n`).toMatchFileSnapshot('words/matches.txt');
});

it('what the catalogue says', async () => {
  const kernel = readKernelRelease('5.15.200');
  const blocks = errata.map((erratum) => erratumLines(erratum, affectedKernel(erratum, kernel)).join('\n'));
  await expect(`kernel ${formatKernelVersion(kernel)}\n\n${blocks.join('\n\n')}\n`).toMatchFileSnapshot(
    'words/catalogue.txt',
  );
});

it('the best-known splat is answered in one line', () => {
  const [match] = matchErrata(samples[0]?.match?.evidence ?? {});
  expect(match && erratumText(match)).toMatchInlineSnapshot(
    `"known bug: KVM took NX for reserved in NPT (6c6ab524cfae, fixed in 6.0; 5.15 never got it). The entry is right. [npt-nx-reserved]"`,
  );
});

it('a series with a fix of its own, or without one, is named', () => {
  const [match] = matchErrata(samples[0]?.match?.evidence ?? {});
  const text = (series: string): string | undefined => match && erratumText(match, series);
  expect([text('5.19'), text('5.10')]).toMatchInlineSnapshot(`
    [
      "known bug: KVM took NX for reserved in NPT (6c6ab524cfae, fixed in 6.0 and 5.19.2; 5.15 never got it). The entry is right. [npt-nx-reserved]",
      "known bug: KVM took NX for reserved in NPT (6c6ab524cfae, fixed in 6.0; 5.10 never got it). The entry is right. [npt-nx-reserved]",
    ]
  `);
});

it('a kernel that has the fix, or is not known, is said', () => {
  const { kernel: _kernel, ...evidence } = samples[0]?.match?.evidence ?? {};
  const text = (release: string | null): (string | null)[] =>
    matchErrata({
      ...evidence,
      ...(release !== null && { kernel: { release: readKernelRelease(release), origin: 'given' } }),
    }).map((match) => erratumText(match));
  expect([text('6.1.5'), text(null)]).toMatchInlineSnapshot(`
    [
      [
        "looks like a known bug: KVM took NX for reserved in NPT (6c6ab524cfae, fixed in 6.0; 5.15 never got it); fixed in 6.0, yours says 6.1.5. If so, the entry is right. [npt-nx-reserved]",
      ],
      [
        "looks like a known bug: KVM took NX for reserved in NPT (6c6ab524cfae, fixed in 6.0; 5.15 never got it); the kernel is not known. If so, the entry is right. [npt-nx-reserved]",
      ],
    ]
  `);
});

it('a text alone says where the kernel does not fit', () => {
  const texts = ['BUG: KASAN: vmalloc-out-of-bounds in hugepage_has_attrs+0x10/0x20 [kvm]'];
  const kernel = { release: readKernelRelease('6.12'), origin: 'read' } as const;
  const [match] = matchErrata({ texts, kernel });
  expect(match && erratumText(match)).toMatchInlineSnapshot(
    `"could be a known bug: setting memory attributes read beyond the table of a small memslot (992b54bd083c, fixed in 6.9); the text alone, and fixed in 6.9, yours says 6.12. [attributes-oob]"`,
  );
});

it('a block without a kernel says nothing of one', () => {
  expect(erratumLines(errata[2] ?? (errata[0] as (typeof errata)[number])).join('\n')).toMatchInlineSnapshot(`
    "mmio-gen-hits-mmu-present: A high memslot generation set bit 11 of an MMIO SPTE, which a development tree had just made the MMU-present bit
      The entry is an MMIO entry that the new present test takes for a mapping; the guest dies and tearing it down hits BUG. The fix was folded into the commit before 5.13, so no release has it: seeing it today means a tree of Feb-Mar 2021 or a stray write.
      what        a bug of KVM
      introduced  edea7c4fc215 as first posted (kvm/next, Feb-Mar 2021)
      fixed in    not known
      where       vmx, svm; ept, npt, shadow
      shows by    finding + bits
      workaround  leave that development kernel
      confidence  high
      notes       fixedIn null: never in a release
      sources     report; diagnosis; merged series has no separate fix"
  `);
});
