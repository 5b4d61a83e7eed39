// SPDX-License-Identifier: GPL-2.0-only
import { hex, type Mmu } from '@spte/core';
import { useMemo } from 'preact/hooks';
import { type Attempt, attempt, errorsIn, Reader } from '../fields/attempt.ts';
import { parseHex } from '../fields/parse.ts';
import { erasOf } from '../machine/eras.ts';
import type { Machine } from '../machine/machine.ts';
import { titleBeside } from '../machine/machine-words.ts';
import { levelOf } from '../read/read.ts';
import { hashOf } from '../state/hash.ts';
import { otherMachineOf } from '../state/other-machine.ts';
import type { ReadForm } from '../state/read-form.ts';
import type { State } from '../state/state.ts';
import { type Across, type AcrossRow, acrossOf, type Column, columnsOf, type Reading } from './across.ts';

interface ComparedReadingsProps {
  readonly a: Mmu;
  /** The MMU of the second machine, where there is one. */
  readonly b: Mmu | null;
  readonly state: State;
}

/** The entry in hand, under each of several kernels and machines. */
export function ComparedReadings({ a, b, state }: ComparedReadingsProps) {
  const { machine, other, read } = state;
  const columns = useMemo(
    () => columnsFor(a, b, machine, otherMachineOf(machine, other)),
    [a, b, machine, other],
  );
  const result = useMemo(() => readAcross(columns, read), [columns, read]);
  const errors = errorsIn(result);
  const level = levelOf(read);
  return (
    <>
      <h3 class="headline">
        The entry in hand, <code>{read.spte}</code>
        {level === null ? '' : `, level ${level}`}
      </h3>
      <p class="quiet">
        <a href={hashOf({ ...state, view: 'read' })}>Read it, or another one</a>
      </p>
      {Object.values(errors).map((error) => (
        <p key={error} class="field-error">
          {error}
        </p>
      ))}
      {result.ok && <AcrossTable across={result.value} />}
    </>
  );
}

function columnsFor(a: Mmu, b: Mmu | null, machine: Machine, other: Machine): Column[] {
  const second = b === null ? null : { title: titleBeside(other, machine), mmu: b };
  return columnsOf({ title: titleBeside(machine, other), mmu: a }, second, erasOf(machine));
}

function readAcross(columns: readonly Column[], form: ReadForm): Attempt<Across, keyof ReadForm> {
  const reader = new Reader<keyof ReadForm>();
  const spte = reader.read('spte', parseHex(form.spte), 0n);
  return attempt(reader, { spte: 'spte', level: 'level' }, () => acrossOf(columns, spte, levelOf(form)));
}

function AcrossTable({ across }: { readonly across: Across }) {
  const { columns, judged, differing, same } = across;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: WCAG 2.1.1, a region that scrolls
    <section class="table-scroll" aria-label="The entry in each context" tabIndex={0}>
      <table class="across">
        <thead>
          <tr>
            <th scope="col">Bits</th>
            {columns.map(({ id, title }) => (
              <th scope="col" key={id}>
                {(id === 'A' || id === 'B') && (
                  <>
                    <span class="side-name">{id}</span>{' '}
                  </>
                )}
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">all</th>
            {judged.map(({ verdict, isBad }, index) => (
              <td key={columns[index]?.id} class={isBad ? 'across-bad' : undefined}>
                {verdict}
              </td>
            ))}
          </tr>
          {differing.map((row) => (
            <Row key={row.mask} row={row} columns={columns} />
          ))}
        </tbody>
        <tbody>
          <tr>
            <td colSpan={columns.length + 1}>
              <SameBits rows={same} all={differing.length === 0} />
            </td>
          </tr>
        </tbody>
      </table>
    </section>
  );
}

function Row({ row, columns }: { readonly row: AcrossRow; readonly columns: Across['columns'] }) {
  const { bits, readings } = row;
  return (
    <tr data-bits={bits}>
      <th scope="row" class="mono">
        {bits}
      </th>
      {readings.map((reading, index) => (
        <td key={columns[index]?.id} class={reading.isWrong ? 'across-bad' : undefined}>
          <ReadingText reading={reading} />
        </td>
      ))}
    </tr>
  );
}

function ReadingText({ reading: { owner, name, value, isWrong } }: { readonly reading: Reading }) {
  return (
    <span class={`owner-${owner}`}>
      <span class="owner-key" /> {name} {value !== '' && <span class="mono">{value}</span>}
      {isWrong && ' (wrong)'}
    </span>
  );
}

/** The bits in which no context differs, folded away. */
function SameBits({ rows, all }: { readonly rows: readonly AcrossRow[]; readonly all: boolean }) {
  const count = rows.reduce((sum, { mask }) => sum + bitsIn(mask), 0);
  return (
    <details>
      <summary>
        {all ? 'No difference: all 64 bits say' : `${count} bits say`} the same in every context
      </summary>
      <ul class="same-bits">
        {rows.map(({ mask, bits, readings }) => (
          <li key={hex(mask)}>
            <span class="mono">{bits}</span>{' '}
            {readings[0] !== undefined && <ReadingText reading={readings[0]} />}
          </li>
        ))}
      </ul>
    </details>
  );
}

const bitsIn = (mask: bigint): number => mask.toString(2).replaceAll('0', '').length;
