export type Item = Record<string, unknown>;
type Names = Record<string, string>;
type Values = Record<string, unknown>;
type Change = (item: Item, names: Names, values: Values) => void;
type Condition = (item: Item, names: Names, values: Values) => boolean;

/**
 * The part of DynamoDB's expression language that the project's code uses: comparisons, IN and existence joined by AND and OR (no brackets), SET with
 * values, `if_not_exists`, sums and differences, and REMOVE. All else throws, so that nothing is simulated wrongly in silence.
 */
const OPERAND = String.raw`[#:]?\w+`;
const COMPARISON = new RegExp(`^(${OPERAND})\\s*(=|<>|<=|>=|<|>)\\s*(${OPERAND})$`);
const EXISTENCE = new RegExp(`^(attribute_exists|attribute_not_exists)\\s*\\(\\s*(${OPERAND})\\s*\\)$`);
const MEMBERSHIP = new RegExp(`^(${OPERAND})\\s+IN\\s*\\(([^)]*)\\)$`);
const ASSIGNMENT = /^(#?\w+)\s*=\s*(.+)$/;
const DEFAULT = new RegExp(`^if_not_exists\\s*\\(\\s*(${OPERAND})\\s*,\\s*(${OPERAND})\\s*\\)$`);
const SUM = new RegExp(`^(.+?)\\s*([+-])\\s*(${OPERAND})$`);

const changes = new Map<string, Change>();
const conditions = new Map<string, Condition>();

export const changeOf = (expression: string): Change => remembered(changes, expression, parseChange);
export const conditionOf = (expression: string): Condition => remembered(conditions, expression, parseCondition);

function remembered<T>(known: Map<string, T>, expression: string, parse: (expression: string) => T): T {
  let parsed = known.get(expression);
  if (parsed === undefined) {
    parsed = parse(expression);
    known.set(expression, parsed);
  }
  return parsed;
}

const nameOf = (operand: string, names: Names): string => names[operand] ?? operand;

const read = (operand: string, item: Item, names: Names, values: Values): unknown =>
  operand.startsWith(':') ? values[operand] : item[nameOf(operand, names)];

function parseCondition(expression: string): Condition {
  const either = expression
    .split(/\s+OR\s+/)
    .map((part) => part.split(/\s+AND\s+/).map((clause) => parseClause(clause.trim())));
  return (item, names, values) => either.some((all) => all.every((clause) => clause(item, names, values)));
}

function parseClause(clause: string): Condition {
  const existence = EXISTENCE.exec(clause);
  if (existence) {
    const [, kind = '', operand = ''] = existence;
    const wanted = kind === 'attribute_exists';
    return (item, names) => (item[nameOf(operand, names)] !== undefined) === wanted;
  }
  const membership = MEMBERSHIP.exec(clause);
  if (membership) {
    const [, operand = '', list = ''] = membership;
    const members = list.split(',').map((member) => member.trim());
    return (item, names, values) =>
      members.some((member) => compare(read(operand, item, names, values), '=', read(member, item, names, values)));
  }
  const comparison = COMPARISON.exec(clause);
  if (!comparison) throw new Error(`The simulated table cannot read the condition ${clause}.`);
  const [, left = '', operator = '', right = ''] = comparison;
  return (item, names, values) => compare(read(left, item, names, values), operator, read(right, item, names, values));
}

function compare(left: unknown, operator: string, right: unknown): boolean {
  // An attribute that is not there, or of another type, makes a comparison false.
  if (left === undefined || right === undefined) return operator === '<>' && left !== right;
  if (operator === '=') return left === right;
  if (operator === '<>') return left !== right;
  if (typeof left !== typeof right) return false;
  const [one, other] = [left as number, right as number];
  if (operator === '<') return one < other;
  if (operator === '<=') return one <= other;
  return operator === '>' ? one > other : one >= other;
}

function parseChange(expression: string): Change {
  const sections = expression.split(/\b(SET|REMOVE)\s+/).map((part) => part.trim());
  const steps: Change[] = [];
  for (let index = 1; index < sections.length; index += 2) {
    const parts = splitAtCommas(sections[index + 1] ?? '');
    steps.push(...parts.map(sections[index] === 'SET' ? parseAssignment : parseRemoval));
  }
  if (sections[0] !== '' || steps.length === 0)
    throw new Error(`The simulated table cannot read the update ${expression}.`);
  return (item, names, values) => {
    // DynamoDB lets every right-hand side see the item as it was; no update here reads an attribute that it also sets elsewhere.
    for (const step of steps) step(item, names, values);
  };
}

/** Commas within brackets belong to a function. */
const splitAtCommas = (text: string): string[] => text.split(/,(?![^(]*\))/).map((part) => part.trim());

function parseRemoval(operand: string): Change {
  // Left in place without a value: deleting would make the item slow and large in memory.
  return (item, names) => {
    item[nameOf(operand, names)] = undefined;
  };
}

function parseAssignment(assignment: string): Change {
  const [, target = '', source = ''] = ASSIGNMENT.exec(assignment) ?? [];
  const value = parseValue(source.trim());
  return (item, names, values) => {
    item[nameOf(target, names)] = value(item, names, values);
  };
}

type Value = (item: Item, names: Names, values: Values) => unknown;

function parseValue(source: string): Value {
  if (new RegExp(`^${OPERAND}$`).test(source)) return (item, names, values) => read(source, item, names, values);
  const fallback = DEFAULT.exec(source);
  if (fallback) {
    const [, attribute = '', otherwise = ''] = fallback;
    return (item, names, values) => read(attribute, item, names, values) ?? read(otherwise, item, names, values);
  }
  const sum = SUM.exec(source);
  if (!sum) throw new Error(`The simulated table cannot read the value ${source}.`);
  const [, left = '', sign = '', right = ''] = sum;
  const base = parseValue(left);
  return (item, names, values) => {
    const one = Number(base(item, names, values));
    const other = Number(read(right, item, names, values));
    return sign === '+' ? one + other : one - other;
  };
}
