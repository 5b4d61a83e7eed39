// SPDX-License-Identifier: GPL-2.0-only
// The build of a library, from its folder: each module of src/ becomes one module of dist/, with its declarations
// and its source map.
//
// Nothing is bundled, so that a bundler which meets one function reads the modules below it and no others. What a
// module computes when it is loaded is marked pure, so that a bundler drops the rows of a table that nobody asks.
// Nothing is checked and nothing outside src/ is read, for `typecheck` does that: each file is translated by itself,
// which `isolatedModules` and `isolatedDeclarations` make possible.
import { rmSync } from 'node:fs';
import ts from 'typescript';

const overrides = {
  rootDir: 'src',
  outDir: 'dist',
  noEmit: false,
  noCheck: true,
  noResolve: true,
  noLib: true,
  types: [],
  rewriteRelativeImportExtensions: true,
  inlineSources: true,
};
/** @type {ts.ParseConfigFileHost} */
const host = {
  ...ts.sys,
  onUnRecoverableConfigFileDiagnostic({ messageText }) {
    throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'));
  },
};
const project = ts.getParsedCommandLineOfConfigFile('tsconfig.build.json', overrides, host);
if (!project) throw new Error('tsconfig.build.json cannot be read');

/**
 * Marks the calls that loading a module makes: a library has no side effect on import.
 *
 * @type {ts.TransformerFactory<ts.SourceFile>}
 */
const markPure = (context) => (file) => {
  /** @type {ts.Visitor} */
  const visit = (node) => {
    if (ts.isFunctionLike(node)) return node;
    const visited = ts.visitEachChild(node, visit, context);
    if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return visited;
    return ts.addSyntheticLeadingComment(visited, ts.SyntaxKind.MultiLineCommentTrivia, ' @__PURE__ ', false);
  };
  const effect = file.statements.find((statement) => ts.isExpressionStatement(statement));
  if (effect) throw new Error(`${file.fileName}: has an effect on import: ${effect.getText(file)}`);
  return ts.visitEachChild(file, visit, context);
};

// A module that is gone must not ship.
rmSync('dist', { recursive: true, force: true });
const { diagnostics, emitSkipped } = ts
  .createProgram(project.fileNames, project.options)
  .emit(undefined, undefined, undefined, false, { before: [markPure] });
for (const { messageText } of diagnostics) {
  console.error(ts.flattenDiagnosticMessageText(messageText, '\n'));
}
if (emitSkipped || diagnostics.length > 0) process.exitCode = 1;
