// The house's own ESLint rules: what no published plugin checks. Each has its planted violation in test/integration/lint.test.ts.
import { basename } from 'node:path';

const TEXT_TESTS = new Set(['includes', 'startsWith', 'endsWith', 'match', 'matchAll', 'search', 'indexOf']);
const ERROR_NAMES = /^(e|err|error|cause|reason|failure)$/;

/** `x.message`, or a variable called `message` that was taken out of something. */
function isMessage(node) {
  const inner = node.type === 'ChainExpression' ? node.expression : node;
  if (inner.type === 'MemberExpression') return !inner.computed && inner.property.name === 'message';
  return isErrorAsText(inner);
}

/** `String(error)`, `error.toString()`, `${error}`. */
function isErrorAsText(node) {
  if (node.type === 'TemplateLiteral') return node.expressions.some(isErrorName);
  if (node.type !== 'CallExpression') return false;
  if (node.callee.type === 'Identifier' && node.callee.name === 'String') return node.arguments.some(isErrorName);
  return (
    node.callee.type === 'MemberExpression' &&
    node.callee.property.name === 'toString' &&
    isErrorName(node.callee.object)
  );
}

function isErrorName(node) {
  return node.type === 'Identifier' && ERROR_NAMES.test(node.name);
}

function isFixedText(node) {
  return node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string');
}

const noMessageMatching = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { matched: 'a message is for people and changes: decide on the error’s class, code, kind or reason' },
  },
  create(context) {
    const report = (node) => context.report({ node, messageId: 'matched' });
    return {
      CallExpression(node) {
        if (node.callee.type !== 'MemberExpression') return;
        const { object, property } = node.callee;
        if (TEXT_TESTS.has(property.name) && isMessage(object)) report(node);
        const isPattern = property.name === 'test' || property.name === 'exec';
        if (isPattern && node.arguments[0] && isMessage(node.arguments[0])) report(node);
      },
      BinaryExpression(node) {
        if (!/^[!=]==?$/.test(node.operator)) return;
        const sides = [node.left, node.right];
        if (sides.some(isMessage) && sides.some((side) => isFixedText(side) && !isErrorAsText(side))) report(node);
      },
      SwitchStatement(node) {
        if (isMessage(node.discriminant)) report(node);
      },
    };
  },
};

/** Whether a type is Error or a class made from it. */
function isErrorType(type) {
  if (type.symbol?.name === 'Error') return true;
  if (type.isUnionOrIntersection?.()) return type.types.some(isErrorType);
  return (type.getBaseTypes?.() ?? []).some(isErrorType);
}

const noStringifyError = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      stringified: 'JSON.stringify(error) gives {} or leaks credentials: use describeError of @mooring/telemetry',
    },
  },
  create(context) {
    const services = context.sourceCode.parserServices;
    const isCaught = (node) => {
      if (node.type !== 'Identifier') return false;
      const reference = context.sourceCode.getScope(node).references.find(({ identifier }) => identifier === node);
      return reference?.resolved?.defs.some(({ type }) => type === 'CatchClause') ?? false;
    };
    const isError = (node) => isCaught(node) || (services?.program && isErrorType(services.getTypeAtLocation(node)));
    const holdsError = (node) =>
      node.type === 'ObjectExpression'
        ? node.properties.some((member) => member.type === 'Property' && isError(member.value))
        : isError(node);
    return {
      'CallExpression[callee.object.name="JSON"][callee.property.name="stringify"]'(node) {
        if (node.arguments[0] && holdsError(node.arguments[0])) context.report({ node, messageId: 'stringified' });
      },
    };
  },
};

const commentedExports = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: {
      bare: 'an export needs a doc comment: what it is, shape, unit, range, errors, source (CONTRIBUTING.md)',
    },
  },
  create(context) {
    const isCommented = (node) =>
      context.sourceCode.getCommentsBefore(node).some(({ type, value }) => type === 'Block' && value.startsWith('*'));
    const isOverload = (node) => node.declaration.type === 'TSDeclareFunction';
    return {
      ExportNamedDeclaration(node) {
        if (!node.declaration || isCommented(node)) return;
        const previous = node.parent.body[node.parent.body.indexOf(node) - 1];
        if (previous?.type === 'ExportNamedDeclaration' && previous.declaration && isOverload(previous)) return;
        context.report({ node, messageId: 'bare' });
      },
    };
  },
};

const VAGUE = /^(utils?|helpers?|common|misc|manager|shared|lib)$/;

const fileName = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: {
      style: "'{{name}}' is not kebab-case: work-queue.ts, work-queue.test.ts",
      vague: "'{{name}}' says nothing: name the file after the noun or verb in it",
    },
  },
  create(context) {
    return {
      Program(node) {
        const name = basename(context.filename);
        const stem = name.split('.')[0];
        if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)+$/.test(name))
          context.report({ node, messageId: 'style', data: { name } });
        else if (VAGUE.test(stem)) context.report({ node, messageId: 'vague', data: { name } });
      },
    };
  },
};

/** The plugin `house`. */
export const house = {
  rules: {
    'no-message-matching': noMessageMatching,
    'no-stringify-error': noStringifyError,
    'commented-exports': commentedExports,
    'file-name': fileName,
  },
};
