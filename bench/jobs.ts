// SPDX-License-Identifier: GPL-2.0-only
// The four jobs on columns, by each contender.
import { type BatchEngine, compile, type DecodedColumns } from '../packages/batch/src/index.ts';
import { createMmu } from '../packages/core/src/index.ts';
import { l1tf } from '../packages/l1tf/src/index.ts';
import { mmio } from '../packages/mmio/src/index.ts';
import { svm } from '../packages/vendor-svm/src/index.ts';
import { vmx } from '../packages/vendor-vmx/src/index.ts';
import { type Data, machineWords, makeData } from './machine.ts';
import { decodeOne, encodeOne, judgeOne, kindOf } from './port.ts';

export const JOBS = ['classify', 'decode', 'encode', 'judge'] as const;
export type Job = (typeof JOBS)[number];
export const SHAPES = ['runs', 'shuffled'] as const;
export type Shape = (typeof SHAPES)[number];

const policies = [l1tf, mmio()];

/** The machine that is measured. */
export const mmu = createMmu({
  kernel: '6.8',
  host: { physBits: 46, cacheBits: 44, l1tf: true },
  vendor: vmx(),
  policies,
});
export const machine = machineWords(mmu);

/** Two more that have been used in the same process, so that no loop is compiled for one set of masks. */
const others = [
  createMmu({ kernel: '6.8', host: { physBits: 48 }, vendor: svm(), policies }),
  createMmu({ kernel: '7.3', host: { physBits: 46 }, vendor: vmx({ eptAd: false }), policies }),
].flatMap((other) => [compile(other), compile(other, { wasm: false })]);

/** Columns for what the jobs write, which each use a part of them. */
export function outputs(count: number): DecodedColumns {
  return {
    kind: new Uint8Array(count),
    frame: new BigUint64Array(count),
    access: new Uint8Array(count),
    flags: new Uint8Array(count),
    generation: new Uint32Array(count),
  };
}

/** One hash over all that a job wrote, in the order of batch.c. */
export function checksum({ kind, frame, access, flags, generation }: DecodedColumns): number {
  let sum = 2166136261;
  for (const { buffer, byteOffset, byteLength } of [kind, frame, access, flags, generation]) {
    const column = new Uint8Array(buffer, byteOffset, byteLength);
    for (let i = 0; i < column.length; i++) sum = Math.imul(sum ^ (column[i] as number), 16777619);
  }
  return sum >>> 0;
}

/** A job by an engine. */
export function engineJob(engine: BatchEngine, job: Job, data: Data, out: DecodedColumns): () => unknown {
  switch (job) {
    case 'classify':
      return () => engine.classify(data.entries, 1, out.kind);
    case 'decode':
      return () => engine.decode(data.entries, 1, out);
    case 'encode':
      return () => engine.encode(data, out.frame);
    case 'judge':
      return () => engine.judge(data.entries, 1, out.generation);
  }
}

/** Does a job on the machines that are not measured. */
export function useOthers(job: Job, shape: Shape): void {
  const data = makeData(mmu, 2000, shape);
  for (const other of others) engineJob(other, job, data, outputs(2000))();
}

/** A job by the straight port. */
export function portJob(
  job: Job,
  { entries, pfn, access, level, flags }: Data,
  out: DecodedColumns,
  count: number,
): () => void {
  switch (job) {
    case 'classify':
      return () => {
        for (let i = 0; i < count; i++) out.kind[i] = kindOf(machine, entries[i] as bigint, 1);
      };
    case 'decode':
      return () => {
        for (let i = 0; i < count; i++) {
          const decoded = decodeOne(machine, entries[i] as bigint, 1);
          out.kind[i] = decoded.kind;
          out.frame[i] = decoded.frame;
          out.access[i] = decoded.access;
          out.flags[i] = decoded.flags;
          out.generation[i] = decoded.generation;
        }
      };
    case 'encode':
      return () => {
        for (let i = 0; i < count; i++) {
          out.frame[i] = encodeOne(
            machine,
            pfn[i] as bigint,
            access[i] as number,
            level[i] as number,
            flags[i] as number,
          );
        }
      };
    case 'judge':
      return () => {
        for (let i = 0; i < count; i++) out.generation[i] = judgeOne(machine, entries[i] as bigint, 1);
      };
  }
}

type Column = BigUint64Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/** Columns in an engine's own memory, which it works on without copies. */
export function inPlace<Columns extends object>(engine: BatchEngine, columns: Columns): Columns {
  const moved = Object.entries(columns as Record<string, Column>).map(([name, column]) => [
    name,
    moveTo(engine, column),
  ]);
  return Object.fromEntries(moved) as Columns;
}

function moveTo(engine: BatchEngine, column: Column): Column {
  const { length } = column;
  if (column instanceof BigUint64Array) {
    const moved = engine.allocate(BigUint64Array, length);
    moved.set(column);
    return moved;
  }
  const moved =
    column instanceof Uint32Array
      ? engine.allocate(Uint32Array, length)
      : engine.allocate(Uint8Array, length);
  moved.set(column);
  return moved;
}
