// SPDX-License-Identifier: GPL-2.0-only
import type { FactGroup } from './facts.ts';

/** Facts about an entry, under their headings. */
export function Facts({ groups }: { readonly groups: readonly FactGroup[] }) {
  return (
    <div class="fact-groups">
      {groups.map(({ title, facts }) => (
        <section class="fact-group" key={title}>
          <h3>{title}</h3>
          <dl>
            {facts.map(({ name, value, tone }) => (
              <div class={`fact fact-${tone}`} key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}
