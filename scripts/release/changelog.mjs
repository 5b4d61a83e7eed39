// SPDX-License-Identifier: GPL-2.0-only
// What changesets writes into a changelog: the words of a changeset and nothing else, no hashes of commits and no list
// of dependencies, which all have the same version.

/** @param {{ summary: string }} changeset */
export const getReleaseLine = ({ summary }) => {
  const [first = '', ...rest] = summary.split('\n');
  return Promise.resolve([`- ${first}`, ...rest.map((line) => `  ${line}`.trimEnd())].join('\n'));
};

export const getDependencyReleaseLine = () => Promise.resolve('');
