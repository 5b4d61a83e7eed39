// SPDX-License-Identifier: GPL-2.0-only
// Examples in documents and docstrings, as code that can be run: what stands in a comment behind an expression, or
// below a `console.log()`, is what it must give.
import { inspect } from 'node:util';
import { compileFunction } from 'node:vm';
import ts from 'typescript';

/** A piece of code that a reader may copy. */
export interface Example {
  /** `file:line` of its first line. */
  readonly where: string;
  readonly code: string;
}

const BLOCK = /^```ts\n(.*?)^```$/gms;
const DOCSTRING = /\/\*\*.*?\*\//gs;
const MARGIN = /^[ \t]*\* ?/gm;

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

/** All `ts` blocks of a document. */
export function examplesOfDocument(file: string, text: string): Example[] {
  return [...text.matchAll(BLOCK)].map(({ index, 1: code = '' }) => ({
    where: `${file}:${lineAt(text, index) + 1}`,
    code,
  }));
}

/** The blocks below each `@example` in the docstrings of a source. */
export function examplesOfSource(file: string, text: string): Example[] {
  return [...text.matchAll(DOCSTRING)].flatMap(({ index, 0: docstring }) => {
    const plain = docstring.replaceAll(MARGIN, '');
    const from = plain.indexOf('@example');
    if (from === -1) return [];
    return examplesOfDocument(file, plain.slice(from)).map(({ code }) => ({
      where: `${file}:${lineAt(text, index) + lineAt(plain, from + plain.slice(from).indexOf(code)) - 1}`,
      code,
    }));
  });
}

/** The text of a value as comments show it: a string as it is, anything else as Node prints it. */
const shown = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : inspect(value, { breakLength: Number.POSITIVE_INFINITY, compact: true });

/** `import { a, type B } from 'x'` as what it takes from the modules that are handed over. */
function importText(node: ts.ImportDeclaration): string {
  const bindings = node.importClause?.namedBindings;
  if (bindings === undefined || !ts.isNamedImports(bindings)) return '';
  const names = bindings.elements
    .filter(({ isTypeOnly }) => !isTypeOnly)
    .map(({ propertyName, name }) =>
      propertyName === undefined ? name.text : `${propertyName.text}: ${name.text}`,
    );
  return `const { ${names.join(', ')} } = modules[${node.moduleSpecifier.getText()}];`;
}

/** What an expression is expected to give: the comment behind it, on the same line. */
function expectedAfter(source: ts.SourceFile, node: ts.Node): string | null {
  const rest = source.text.slice(node.getEnd());
  return /^;?[ \t]*\/\/ (.*)/.exec(rest)?.[1] ?? null;
}

const isLog = (node: ts.Expression): boolean =>
  ts.isCallExpression(node) && node.expression.getText() === 'console.log';

/** Turns an example into a function body that hands what it shows to `show(value, expected)`. */
function bodyOf(code: string): string {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2022, true);
  const statements = source.statements.map((node) => {
    if (ts.isImportDeclaration(node)) return importText(node);
    if (!ts.isExpressionStatement(node) || isLog(node.expression)) return node.getText(source);
    const expected = expectedAfter(source, node);
    if (expected === null) return node.getText(source);
    return `show(${node.expression.getText(source)}, ${JSON.stringify(expected)});`;
  });
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  return ts.transpileModule(statements.join('\n'), { compilerOptions: options }).outputText;
}

/** What the logs print: comments right below code, or behind a log. Those after an empty line explain what follows. */
function loggedLines(code: string): string[] {
  const result: string[] = [];
  let below = false;
  for (const line of code.split('\n')) {
    const comment = /^\/\/ (.*)$/.exec(line)?.[1];
    if (comment === undefined) {
      below = line !== '' && !line.startsWith('//');
      const behind = /console\.log\(.*\); \/\/ (.*)$/.exec(line)?.[1];
      if (behind !== undefined) result.push(behind);
    } else if (below) result.push(comment);
  }
  return result;
}

/** What an example gave, beside what it says that it gives. */
export interface Outcome {
  readonly given: readonly string[];
  readonly expected: readonly string[];
  /** What it printed. */
  readonly printed: string;
}

/** Runs an example with these modules. */
export async function runExample(
  { code }: Example,
  modules: Readonly<Record<string, object>>,
): Promise<Outcome> {
  const given: string[] = [];
  const expected: string[] = [];
  const printed: string[] = [];
  const show = (value: unknown, text: string): void => {
    given.push(shown(value));
    expected.push(text);
  };
  const log = (...values: unknown[]): void => void printed.push(values.map(shown).join(' '));
  const run = compileFunction(`return (async () => {${bodyOf(code)}})()`, ['modules', 'show', 'console']) as (
    modules: object,
    show: (value: unknown, text: string) => void,
    console: object,
  ) => Promise<void>;
  await run(modules, show, { log });
  return { given, expected, printed: printed.join('\n') };
}

/** Whether a line says what was printed, with `…` for what it leaves out. */
function isShown(line: string, printed: string): boolean {
  let at = 0;
  const parts = line.split('…');
  for (const part of parts) {
    const found = printed.indexOf(part.trim(), at);
    if (found === -1) return false;
    at = found + part.trim().length;
  }
  return parts.length > 1 || line === printed;
}

/** The lines that a document shows below its logs and that were not printed. */
export function notPrinted({ code }: Example, { printed }: Outcome): string[] {
  const lines = printed.split('\n');
  if (!code.includes('console.log')) return [];
  return loggedLines(code).filter((line) => !lines.some((text) => isShown(line, text)));
}
