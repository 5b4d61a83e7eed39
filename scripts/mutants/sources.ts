// SPDX-License-Identifier: GPL-2.0-only
// Which files are mutated, and in which parts they are drawn.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { findMutations } from './find-mutations.ts';
import type { Mutation } from './mutation.ts';

/** Parts of the repository that get the same share of mutations, whatever their size. */
const AREAS = {
  rules: [
    ...['bits', 'cpu', 'kernel', 'mmu', 'observe', 'rules'].map((name) => `packages/core/src/${name}`),
    ...['l1tf', 'mmio', 'vendor-svm', 'vendor-vmx'].map((name) => `packages/${name}/src`),
  ],
  reading: [
    ...['read', 'judge', 'explain'].map((name) => `packages/core/src/${name}`),
    'packages/errata/src',
    'packages/host/src',
  ],
  texts: ['packages/core/src/text'],
  trace: ['packages/trace/src'],
  walk: ['packages/walk/src', 'packages/vmcore/src', 'packages/kvm/src'],
  command: ['apps/cli/src'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type Area = keyof typeof AREAS;

const AREA_NAMES: readonly Area[] = Object.keys(AREAS) as Area[];

const SOURCE = /\.ts$/;
/** Is compiled from another language, says nothing itself, or is a catalogue without a rule in it. */
const LEFT_OUT = /\/generated\/|\/index\.ts$|\.d\.ts$|\/errata\/src\/errata\.ts$/;

/** The files of a part, from the root. */
function filesOf(root: string, area: Area): string[] {
  return AREAS[area]
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(
        (name) => `${folder}/${name.replaceAll('\\', '/')}`,
      ),
    )
    .filter((file) => SOURCE.test(file) && !LEFT_OUT.test(file))
    .toSorted();
}

function compilerOptions(root: string): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, types: ['node'] }, root);
  return options;
}

/** All mutations of each part. */
export function mutationsByArea(root: string): ReadonlyMap<Area, readonly Mutation[]> {
  const files = AREA_NAMES.map((area) => [area, filesOf(root, area)] as const);
  const all = files.flatMap(([, names]) => names).map((name) => join(root, name));
  const program = ts.createProgram(all, compilerOptions(root));
  const checker = program.getTypeChecker();
  return new Map(
    files.map(([area, names]) => [
      area,
      names.flatMap((name) => {
        const source = program.getSourceFile(join(root, name));
        return source === undefined ? [] : findMutations(name, source, checker);
      }),
    ]),
  );
}
