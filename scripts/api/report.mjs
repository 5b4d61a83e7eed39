// SPDX-License-Identifier: GPL-2.0-only
// What a package lets others see, as text: each export with its declaration, without comments, by name.
//
// Types that are not exported, but of which an exported one is made, follow at the end: they are part of it.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** @typedef {{ file: string, name: string }} Place a declaration: its file, and its name there */

/** @type {ts.CompilerOptions} */
const options = {
  target: ts.ScriptTarget.ES2023,
  isolatedDeclarations: true,
  removeComments: true,
  stripInternal: true,
  declaration: true,
  newLine: ts.NewLineKind.LineFeed,
};

/**
 * The public API of an entry point.
 *
 * @param {string} entry a source file, such as `src/index.ts`
 */
export function apiReport(entry) {
  /** @type {Map<string, Module>} */
  const modules = new Map();
  /** @param {string} file */
  const moduleOf = (file) => {
    const known = modules.get(file) ?? readModule(file);
    modules.set(file, known);
    return known;
  };
  const exported = [...exportsOf(moduleOf, entry)].toSorted(byName);
  const places = new Set(exported.map(([, { file, name }]) => `${file}:${name}`));
  const lines = exported.map(([name, place]) => textOf(moduleOf, name, place));
  const hidden = exported.flatMap(([, place]) => behind(moduleOf, place, places));
  const others = hidden.map((place) => textOf(moduleOf, place.name, place)).toSorted();
  return [...lines, ...(others.length > 0 ? ['// Not exported, but part of what is:', ...others] : [])].join(
    '\n\n',
  );
}

/**
 * @param {[string, unknown]} a
 * @param {[string, unknown]} b
 */
const byName = ([a], [b]) => (a < b ? -1 : 1);

/**
 * The declarations of a module.
 *
 * @typedef {{
 *   declared: Map<string, ts.Statement[]>;
 *   imported: Map<string, Place>;
 *   exported: Map<string, Place>;
 *   stars: string[];
 *   source: ts.SourceFile;
 * }} Module
 *
 * @param {string} file
 * @returns {Module}
 */
function readModule(file) {
  const { outputText } = ts.transpileDeclaration(readFileSync(file, 'utf8'), {
    fileName: file,
    compilerOptions: options,
  });
  const source = ts.createSourceFile(file, outputText, ts.ScriptTarget.ES2023, true);
  /** @type {Module} */
  const module = { declared: new Map(), imported: new Map(), exported: new Map(), stars: [], source };
  /** @param {ts.Expression | undefined} specifier */
  const target = (specifier) =>
    specifier && ts.isStringLiteral(specifier) ? pathOf(file, specifier.text) : file;
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) {
      const from = target(statement.moduleSpecifier);
      const bindings = statement.importClause?.namedBindings;
      if (!bindings || !ts.isNamedImports(bindings)) continue;
      for (const { name, propertyName } of bindings.elements) {
        module.imported.set(name.text, { file: from, name: (propertyName ?? name).text });
      }
    } else if (ts.isExportDeclaration(statement)) {
      const from = target(statement.moduleSpecifier);
      const { exportClause } = statement;
      if (!exportClause) module.stars.push(from);
      else if (ts.isNamedExports(exportClause)) {
        for (const { name, propertyName } of exportClause.elements) {
          module.exported.set(name.text, { file: from, name: (propertyName ?? name).text });
        }
      }
    } else {
      for (const name of namesOf(statement)) {
        module.declared.set(name, [...(module.declared.get(name) ?? []), statement]);
        if (isExported(statement)) module.exported.set(name, { file, name });
      }
    }
  }
  return module;
}

/**
 * The file that a module means; another package stays a name.
 *
 * @param {string} file
 * @param {string} specifier
 */
const pathOf = (file, specifier) => (specifier.startsWith('.') ? join(dirname(file), specifier) : specifier);

/**
 * @param {ts.Statement} statement
 * @returns {string[]}
 */
function namesOf(statement) {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  const { name } = /** @type {ts.DeclarationStatement} */ (statement);
  return name ? [name.getText()] : [];
}

/** @param {ts.Statement} statement */
const isExported = (statement) =>
  ts.canHaveModifiers(statement) &&
  ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;

/**
 * What a module exports, each with the place where it is declared.
 *
 * @param {(file: string) => Module} moduleOf
 * @param {string} file
 * @returns {Map<string, Place>}
 */
function exportsOf(moduleOf, file) {
  const { exported, stars } = moduleOf(file);
  /** @type {Map<string, Place>} */
  const found = new Map();
  for (const star of stars) for (const [name, place] of exportsOf(moduleOf, star)) found.set(name, place);
  for (const [name, place] of exported) found.set(name, declaredAt(moduleOf, place));
  return found;
}

/**
 * Where something is declared that a module may only pass on.
 *
 * @param {(file: string) => Module} moduleOf
 * @param {Place} place
 * @returns {Place}
 */
function declaredAt(moduleOf, place) {
  if (!place.file.endsWith('.ts')) return place;
  const { declared, imported } = moduleOf(place.file);
  if (declared.has(place.name)) return place;
  const next = imported.get(place.name) ?? exportsOf(moduleOf, place.file).get(place.name);
  if (!next) throw new Error(`${place.file} does not declare ${place.name}`);
  return declaredAt(moduleOf, next);
}

/**
 * @param {(file: string) => Module} moduleOf
 * @param {string} name
 * @param {Place} place
 */
function textOf(moduleOf, name, { file, name: own }) {
  const renamed = name === own ? '' : `// as ${name}\n`;
  if (!file.endsWith('.ts')) return `${renamed}export { ${own} } from '${file}';`;
  const statements = moduleOf(file).declared.get(own) ?? [];
  return renamed + statements.map((statement) => statement.getText()).join('\n');
}

/**
 * What a declaration is made of that nobody exports, found through all that it names.
 *
 * @param {(file: string) => Module} moduleOf
 * @param {Place} place
 * @param {Set<string>} seen places that are known already
 * @returns {Place[]}
 */
function behind(moduleOf, { file, name }, seen) {
  if (!file.endsWith('.ts')) return [];
  const { declared, imported } = moduleOf(file);
  /** @type {Place[]} */
  const found = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isIdentifier(node)) {
      const named =
        imported.get(node.text) ?? (declared.has(node.text) ? { file, name: node.text } : undefined);
      if (named?.file.endsWith('.ts')) {
        const at = declaredAt(moduleOf, named);
        const key = `${at.file}:${at.name}`;
        if (!seen.has(key)) {
          seen.add(key);
          found.push(at, ...behind(moduleOf, at, seen));
        }
      }
    }
    ts.forEachChild(node, visit);
  };
  for (const statement of declared.get(name) ?? []) visit(statement);
  return found;
}
