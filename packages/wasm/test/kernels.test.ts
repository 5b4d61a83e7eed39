// SPDX-License-Identifier: GPL-2.0-only
// The modules of @spte/batch and @spte/trace are committed: they must be what their sources compile to.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Compiler {
  readonly isCurrent: (source: string, module: string) => boolean;
  readonly kernelModule: (source: string) => Promise<string>;
  readonly kernelSources: (source: string) => ReadonlyMap<string, string>;
}
const { isCurrent, kernelModule, kernelSources } = (await import(
  new URL('../../../scripts/wasm.mjs', import.meta.url).href
)) as Compiler;

const folderOf = (name: string): string => fileURLToPath(new URL(`../../${name}/`, import.meta.url));
const sourceIn = (folder: string): string => join(folder, 'assembly/kernel.ts');
const moduleIn = (folder: string): string => readFileSync(join(folder, 'src/generated/kernel.ts'), 'utf8');

describe.each(['batch', 'trace'])('the kernel of %s', (name) => {
  const folder = folderOf(name);

  it('is current: `pnpm --filter` the package `kernel` makes it anew', () => {
    expect(isCurrent(sourceIn(folder), moduleIn(folder))).toBe(true);
  });

  it('is not when a byte of it, or of any source, is another', () => {
    const module = moduleIn(folder);
    expect(isCurrent(sourceIn(folder), module.replace('AGFzbQEAAAAB', 'AGFzbQEAAAAC'))).toBe(false);
    expect(isCurrent(sourceIn(folder), module.replace(/[\da-f]{64}/, '0'.repeat(64)))).toBe(false);
    const copy = mkdtempSync(join(tmpdir(), 'spte-kernel-'));
    for (const part of ['assembly', 'src']) cpSync(join(folder, part), join(copy, part), { recursive: true });
    const sources = [...kernelSources(sourceIn(copy))];
    expect(isCurrent(sourceIn(copy), module)).toBe(true);
    // Files of both languages are among them.
    expect(sources.map(([path]) => path)).toEqual(
      expect.arrayContaining([sourceIn(copy), expect.stringContaining(join(copy, 'src'))]),
    );
    for (const [path, text] of sources) {
      writeFileSync(path, `${text}\n`);
      expect(isCurrent(sourceIn(copy), module)).toBe(false);
      writeFileSync(path, text);
    }
    rmSync(copy, { recursive: true });
  });

  it.runIf(process.env['SPTE_LONG'] === '1')(
    'is what its source compiles to',

    async () => {
      expect(moduleIn(folder)).toBe(await kernelModule(sourceIn(folder)));
    },
  );
});
