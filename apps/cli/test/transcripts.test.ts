// SPDX-License-Identifier: GPL-2.0-only
// What the command prints, word for word: every command, its help, its mistakes, its colours. A case more is a line
// `$ spte …` more in a document below transcripts/; `vitest -u` writes the rest, to be read before it is committed.
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { traceFiles } from '@spte/testing/runs';
import { beforeAll, expect, it } from 'vitest';
import { version6 } from '../../../packages/trace/test/dat-files.ts';
import { runConsole } from './console.ts';
import { vmcore } from './dumps.ts';
import { image } from './images.ts';
import { captured } from './machines.ts';
import { file, folder, repository } from './run.ts';

const TRANSCRIPTS = join(repository, 'apps/cli/test/transcripts');

/** Lines of a trace: a leaf that is fine, one that is not, one whose access is printed wrong, and one cut off. */
const LINES = `# tracer: nop
 vmtest-1 [000] ...1. 1.5: kvm_mmu_set_spte: gfn 10 spte 600000455299b77 (rwxu) level 1 at 1a1080
 vmtest-1 [000] ...1. 1.6: kvm_mmu_set_spte: gfn 11 spte 600008455299b77 (rwxu) level 1 at 1a1088
 vmtest-2 [001] ...1. 1.7: kvm_mmu_set_spte: gfn 12 spte 600000455299b75 (rwxu) level 1 at 1a1090
 vmtest-2 [001] ...1. 1.8: fast_page_fault: vcpu 0 gva 113000 error_code P|W sptep 00000000dbce34f4 old 0x600000455299b75 new 600000455299b77 spurious 0 fixed 1
 vmtest-2 [001] ...1. 1.9: kvm_mmu_set_spte: gfn
`;

/** The best-known splat of KVM on AMD, with the line that names its kernel. */
const NX_SPLAT = `[   22.822751] spte = 0x800000018a600ee7, level = 2, rsvd bits = 0x800f0000001fe000
[   22.822771] WARNING: CPU: 152 PID: 15966 at arch/x86/kvm/mmu/spte.c:215 make_spte+0x327/0x340 [kvm]
[   22.822772] CPU: 152 PID: 15966 Comm: qemu-kvm Not tainted 5.14.0-162.6.1.el9_1.x86_64 #1
`;

/** Splats of KVM's MMU that show no entry, and one that is not of it. */
const SPLATS = `WARNING: CPU: 1 PID: 3509 at arch/x86/kvm/mmu/tdp_mmu.c:46 [kvm]
RIP: 0010:kvm_mmu_uninit_tdp_mmu+0x3e/0x50 [kvm]
---[ end trace 0000000000000000 ]---
kernel BUG at fs/ext4/inode.c:1!
RIP: 0010:ext4_writepages+0x16/0x48

pte_list_remove: 00000000cd54fc10 many->many
------------[ cut here ]------------
kernel BUG at arch/x86/kvm/mmu/mmu.c:963!
RIP: 0010:pte_list_remove.cold+0x16/0x48 [kvm]
`;

/** A dump whose first entry was never read. */
const PAE_DUMP = `get_mmio_spte: detect reserved bits on spte, addr 0xfe00d000, dump hierarchy:
------ spte 0x8000030e level 3.
------ spte 0xaf82027 level 2.
------ spte 0x2038001ffe00d407 level 1.
`;

/** A change that the TDP MMU BUGs on. */
const CHANGED = `as_id: 0 gfn: 100200 old_spte: 600000112400bf3 new_spte: 6000001126009f3 level: 2
`;

/** A table whose entries are of every kind, and wrong in several ways; the entry of gpa 0x4000 points nowhere. */
function damage(address: number, page: Buffer): void {
  if (address === 0x83da000) {
    page.writeBigUInt64LE(page.readBigUInt64LE(2 * 8) | 2n, 2 * 8);
    page.writeBigUInt64LE(0xdeadbeefdeadbeefn, 3 * 8);
    page.writeBigUInt64LE(0x10000fffd3e65n, 4 * 8);
    page.writeBigUInt64LE(0x10000fffd4e65n, 5 * 8);
    page.writeBigUInt64LE(0n, 8 * 8);
    page.writeBigUInt64LE(0x5a0n, 9 * 8);
  }
  // The second entry of level 2 is a table above itself.
  if (address === 0x83db000) page.writeBigUInt64LE(0x83dd827n, 8);
}

beforeAll(() => {
  vmcore('vmcore');
  vmcore('part1', () => undefined, { part: [0, 32_768] });
  vmcore('part2', () => undefined, { part: [32_768, 65_536] });
  vmcore('holes', (dump) => dump.drop(0x366d));
  vmcore('bad', (dump) => dump.poke64(0x366c010n, 0x8000_098c_9e67n));
  captured('vmx61-ept-noad', 'vmx');
  captured('svm61-npt-tdp-dump', 'svm');
  captured('svm73-npt-tdp', 'svm73');
  captured('svm61-shadow', 'shadow');
  file('vmx/trace.txt', traceFiles['vmx61-ept-noad']?.['trace.txt'] ?? '');
  file('shadow/trace.txt', traceFiles['svm61-shadow']?.['trace.txt'] ?? '');
  file('report.txt', traceFiles['svm61-tracecmd']?.['report-host-plugins.txt'] ?? '');
  file('lines.txt', LINES);
  file('nx.txt', NX_SPLAT);
  file('splats.txt', SPLATS);
  file('pae.txt', PAE_DUMP);
  file('changed.txt', CHANGED);
  file('lines.txt.gz', gzipSync(LINES));
  file('one.dat', version6());
  file('cut.dat', version6().subarray(0, 100));
  file('text.json', 'hello');
  file('wrong.jsonl', '{"fn":"make_spte"}\nnot JSON\n');
  file('elf.img', Buffer.concat([Buffer.from('\u007FELF'), Buffer.alloc(60, 0xff)]));
  file('kdump.img', Buffer.concat([Buffer.from('KDUMP   '), Buffer.alloc(4096)]));
  file('none.img', '');
  image('mem.img');
  image('later.img', damage);
  mkdirSync(join(folder, 'parts/there.parquet'), { recursive: true });
  symlinkSync(join(repository, 'packages'), join(folder, 'packages'));
});

it.each(readdirSync(TRANSCRIPTS))('%s', async (name) => {
  const path = join(TRANSCRIPTS, name);
  const { document, ran } = await runConsole(readFileSync(path, 'utf8'), folder, true);
  expect(ran).toBeGreaterThan(0);
  await expect(document).toMatchFileSnapshot(path);
});
