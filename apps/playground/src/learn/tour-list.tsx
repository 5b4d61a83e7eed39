// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import { useState } from 'preact/hooks';
import { TextField } from '../fields/text-field.tsx';
import { hashOf } from '../state/hash.ts';
import { answerOf } from './answer.ts';
import { type Question, stateAt, TOURS, type Tour } from './tours.ts';

const VIEWS = { read: 'Read', build: 'Build', compare: 'Compare' } as const;

/** The tours: each step is a state of the page, the end a question that the packages check. */
export function TourList() {
  return (
    <div class="tours">
      {TOURS.map((tour) => (
        <TourCard key={tour.title} tour={tour} />
      ))}
    </div>
  );
}

function TourCard({ tour: { title, steps, question } }: { readonly tour: Tour }) {
  return (
    <section class="tour" aria-label={title}>
      <h4>{title}</h4>
      <ol>
        {steps.map((step) => (
          <li key={step.text}>
            {step.text} <a href={hashOf(stateAt(step))}>{VIEWS[step.view]} it</a>
          </li>
        ))}
      </ol>
      <Ask question={question} />
    </section>
  );
}

/** A bit by its number, as it is typed; null for what is none. */
const bitOf = (typed: string): number | null =>
  /^([0-9]|[1-5][0-9]|6[0-3])$/.test(typed) ? Number(typed) : null;

function Ask({ question }: { readonly question: Question }) {
  const [typed, type] = useState('');
  const bit = bitOf(typed);
  const answer = bit === null ? null : answerOf(question, bit);
  return (
    <div class="tour-question">
      <p>
        {question.ask} <code>{hex(question.spte)}</code>, level {question.level}
      </p>
      <TextField
        label="Bit"
        value={typed}
        inputMode="numeric"
        error={typed !== '' && bit === null ? 'a bit is 0 to 63' : undefined}
        onChange={type}
      />
      <p role="log" class={answer?.isRight === true ? 'answer-right' : 'quiet'}>
        {answer !== null && `${answer.isRight ? '✓ Right' : '✗ Not yet'}. ${answer.verdict}.`}
      </p>
    </div>
  );
}
