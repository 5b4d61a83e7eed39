// SPDX-License-Identifier: GPL-2.0-only
import type { Proof, Proofs } from './evidence.ts';

/** Why an entry was taken for what it is: the tests that say so, and those that do not. */
export function EvidenceList({ title, proofs }: { readonly title: string; readonly proofs: Proofs }) {
  const { speaksFor, speaksAgainst } = proofs;
  return (
    <details class="evidence">
      <summary>{title}</summary>
      <div class="evidence-sides">
        <EvidenceSide title="Speaks for it" sign="+" proofs={speaksFor} />
        <EvidenceSide title="Speaks against it" sign="−" proofs={speaksAgainst} />
      </div>
    </details>
  );
}

interface EvidenceSideProps {
  readonly title: string;
  readonly sign: string;
  readonly proofs: readonly Proof[];
}

function EvidenceSide({ title, sign, proofs }: EvidenceSideProps) {
  return (
    <section>
      <h4>{title}</h4>
      {proofs.length === 0 ? (
        <p class="quiet">Nothing.</p>
      ) : (
        <ul>
          {proofs.map(({ verdict, text, rule }) => (
            <li key={rule}>
              <span class="sign" aria-hidden="true">
                {sign}
              </span>
              <span>
                <strong>{verdict}</strong>: {text} <code class="rule">{rule}</code>
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
