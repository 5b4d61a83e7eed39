// SPDX-License-Identifier: GPL-2.0-only
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { oneIn } from '@spte/testing/sampled';
import { runVectors, VECTOR_SETS, vectorCoverage } from '@spte/vectors';
import { vectorFile, vectorLines } from '@spte/vectors/node';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { allLines, eraLines, parseRaw, SERIES } from './corpus.ts';

/** Every function of the reference that the vectors exercise, by its name in the kernel. */
const FUNCTIONS = [
  'SPTE_INDEX',
  '__reset_rsvds_bits_mask',
  '__reset_rsvds_bits_mask_ept',
  'build_shadow_zero_check',
  'check_mmio_spte',
  'check_spte_writable_invariants',
  'classify',
  'generation_mmio_spte_mask',
  'get_mmio_spte_access',
  'get_mmio_spte_generation',
  'get_mmio_spte_gfn',
  'get_rsvd_bits',
  'gfn_round_for_level',
  'handle_mmio_page_fault',
  'init_sequence',
  'is_access_allowed',
  'is_access_track_spte',
  'is_accessed_spte',
  'is_dirty_spte',
  'is_executable_pte',
  'is_large_pte',
  'is_last_spte',
  'is_mmio_spte',
  'is_mmu_writable_spte',
  'is_nx_huge_page_enabled',
  'is_removed_spte',
  'is_rsvd_spte',
  'is_shadow_present_pte',
  'is_writable_pte',
  'kvm_ad_enabled',
  'kvm_configure_mmu',
  'kvm_get_shadow_phys_bits',
  'kvm_is_mmio_pfn',
  'kvm_mmu_changed_pte_notifier_make_spte',
  'kvm_mmu_max_gfn',
  'kvm_mmu_page_ad_need_write_protect',
  'kvm_mmu_page_role',
  'kvm_mmu_reset_all_pte_masks',
  'kvm_mmu_role_as_id',
  'kvm_mmu_set_ept_masks',
  'kvm_mmu_set_me_spte_mask',
  'kvm_mmu_set_mmio_spte_mask',
  'make_huge_page_split_spte',
  'make_mmio_spte',
  'make_nonleaf_spte',
  'make_spte',
  'make_spte_executable',
  'mark_spte_for_access_track',
  'mmu_spte_age',
  'mmu_spte_update',
  'restore_acc_track_spte',
  'rsvd_bits',
  'sp_ad_disabled',
  'spte_ad_enabled',
  'spte_ad_need_write_protect',
  'spte_has_volatile_bits',
  'spte_index',
  'spte_shadow_accessed_mask',
  'spte_shadow_dirty_mask',
  'spte_to_pfn',
  'svm_adjust_mmio_mask',
  'sync_mmio_spte',
  'trace:fast_page_fault',
  'trace:handle_mmio_page_fault',
  'trace:kvm_mmu_get_page',
  'trace:kvm_mmu_prepare_zap_page',
  'trace:kvm_mmu_set_spte',
  'trace:kvm_mmu_split_huge_page',
  'trace:kvm_mmu_spte_requested',
  'trace:kvm_tdp_mmu_spte_changed',
  'trace:mark_mmio_spte',
  'trace:walk',
  'vmx_get_mt_mask',
  'vmx_setup_me_spte_mask',
];

describe('the vectors of the reference kernel', () => {
  it('are 4000 generated lines and 57 written by hand', () => {
    expect(vectorLines('reference')).toHaveLength(4000);
    expect(vectorLines('nasty')).toHaveLength(57);
  });

  it('exercise exactly the 74 functions of the reference', () => {
    expect(FUNCTIONS).toHaveLength(74);
    expect([...new Set(allLines.map((line) => parseRaw(line).fn))].toSorted()).toEqual(FUNCTIONS);
  });

  it.each(['reference', 'nasty'] as const)('all pass: %s', async (file) => {
    const lines = oneIn(4, vectorLines(file));
    const report = await runVectors(lines);
    expect(report.mismatches).toEqual([]);
    expect(report).toMatchObject({ passed: lines.length, failed: 0 });
  });

  it('are each counted under their own function', async () => {
    const expected = new Map<string, { passed: number; failed: number }>();
    const lines = oneIn(4, allLines);
    for (const line of lines) {
      const tally = expected.get(parseRaw(line).fn) ?? { passed: 0, failed: 0 };
      expected.set(parseRaw(line).fn, { ...tally, passed: tally.passed + 1 });
    }
    const { byFunction } = await runVectors(lines);
    expect(new Map(byFunction)).toEqual(expected);
  });

  it('name a source for every line written by hand', () => {
    const notes = vectorLines('nasty').map((line) => parseRaw(line).note ?? '');
    expect(notes).not.toContain('');
    expect(notes.filter((note) => note.startsWith('real-trace'))).toHaveLength(7);
  });
});

describe('the vectors of other kernels', () => {
  it.each(VECTOR_SETS.filter(({ kernel }) => kernel !== null))(
    'all pass: $name',
    async ({ name, kernel, count }) => {
      const lines = vectorLines(name);
      expect(lines).toHaveLength(count);
      expect(new Set(lines.map((line) => parseRaw(line).kernel))).toEqual(new Set([kernel]));
      const tried = oneIn(4, lines);
      const report = await runVectors(tried);
      expect(report.mismatches).toEqual([]);
      expect(report).toMatchObject({ passed: tried.length, failed: 0 });
    },
  );

  it.each([
    ['5.4', '5.10'],
    ['5.4', '5.4.84'],
    ['5.10', '5.15'],
    ['5.15', '6.1'],
    ['6.1', '6.12'],
    ['6.6', '6.6.63'],
    ['6.18', '6.14'],
    ['6.12', '7.3'],
    ['7.3', '6.12'],
    ['6.12', '6.8'],
  ] as const)('do not all pass as those of another: %s as %s', async (file, kernel) => {
    const lines = oneIn(4, vectorLines(file)).map((line) => JSON.stringify({ ...parseRaw(line), kernel }));
    expect((await runVectors(lines)).failed).toBeGreaterThan(0);
  });
});

describe('what there is', () => {
  it('is counted by kernel, vendor and function', async () => {
    const rows = await vectorCoverage(['', ...eraLines]);
    expect(rows.reduce((sum, { vectors }) => sum + vectors, 0)).toBe(15_219);
    expect(new Set(rows.map(({ fn }) => fn)).size).toBe(88);
    expect(new Set(rows.map(({ kernel }) => kernel)).size).toBe(SERIES.length + 1);
    const line = eraLines[0] as string;
    const { fn, config } = parseRaw(line);
    expect(await vectorCoverage([line, line])).toEqual([
      { kernel: null, vendor: config['vendor'], fn, vectors: 2 },
    ]);
  });

  it('is a file of each set, and of no other', () => {
    expect(vectorFile('6.18')).toMatch(/data\/6\.18\.jsonl\.gz$/);
    expect(() => vectorFile('../x')).toThrow(/^there is no set \.\.\/x: reference, nasty, 5\.4, /);
  });

  it('is as the schema says', () => {
    const schema = JSON.parse(
      readFileSync(new URL('../schemas/vector.json', import.meta.url), 'utf8'),
    ) as object;
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(schema);
    expect(oneIn(8, eraLines).filter((line) => !validate(JSON.parse(line)))).toEqual([]);
    const first = parseRaw(eraLines[0] as string);
    expect(validate({ ...first, config: { ...first.config, physBits: '0x2e' } })).toBe(false);
    expect(validate({ ...first, more: 1 })).toBe(false);
  });

  it.skipIf(spawnSync('python3', ['--version']).error !== undefined)(
    'is read by the example in Python',
    () => {
      const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
      const [, program = ''] = /```python\n(.*?)```/s.exec(readme) ?? [];
      expect(program.split('\n').length).toBeLessThan(40);
      const data = fileURLToPath(new URL('../data', import.meta.url));
      const { stdout, stderr } = spawnSync('python3', ['-', data], { input: program, encoding: 'utf8' });
      expect(stderr).toBe('');
      const rows = stdout.trimEnd().split('\n');
      expect(rows.at(-1)).toBe('15219 vectors of 88 functions');
      expect(rows).toContain('6.18.35 1188');
    },
  );
});
