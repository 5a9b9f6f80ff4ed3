/**
 * The part of CloudWatch's metric math that the stack uses, as its user guide describes it ("Using metric math"): in arithmetic and in
 * comparisons of two series a missing value counts as 0 if the other has one, a division by zero is dropped, and IF and FILL are as there.
 */

/** A value per period of the range that is looked at, the oldest first. */
export type Series = readonly (number | undefined)[];
type Value = number | Series;

const OPERATORS: Record<string, (a: number, b: number) => number | undefined> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => (b === 0 ? undefined : a / b),
  '<': (a, b) => Number(a < b),
  '>': (a, b) => Number(a > b),
  '<=': (a, b) => Number(a <= b),
  '>=': (a, b) => Number(a >= b),
};
/** From the weakest to the strongest. */
const PRECEDENCE = [
  ['<', '>', '<=', '>='],
  ['+', '-'],
  ['*', '/'],
];

/** @param metrics by their ids, all of one range. */
export function evaluateMath(expression: string, metrics: Readonly<Record<string, Series>>): Series {
  const tokens = expression.match(/[A-Za-z_]\w*|\d+(?:\.\d+)?|[<>]=?|[-+*/(),]/g) ?? [];
  if (tokens.join('') !== expression.replaceAll(/\s/g, '')) throw new Error(`Not understood: ${expression}`);
  let at = 0;
  const expect = (token: string) => {
    if (tokens[at] !== token) throw new Error(`${token} expected instead of ${tokens[at]} in ${expression}`);
    at += 1;
  };

  const binary = (level: number): Value => {
    const operators = PRECEDENCE[level];
    if (operators === undefined) return primary();
    let left = binary(level + 1);
    while (operators.includes(tokens[at] ?? '')) {
      const operator = OPERATORS[tokens[at] ?? ''];
      at += 1;
      const right = binary(level + 1);
      if (operator !== undefined) left = combined(left, right, operator);
    }
    return left;
  };
  const primary = (): Value => {
    const token = tokens[at] ?? '';
    at += 1;
    if (token === '(') {
      const inner = binary(0);
      expect(')');
      return inner;
    }
    if (token === 'IF') {
      expect('(');
      const condition = binary(0);
      expect(',');
      const yes = binary(0);
      expect(',');
      const no = binary(0);
      expect(')');
      return chosen(series(condition), yes, no);
    }
    if (token === 'FILL') {
      expect('(');
      const gappy = binary(0);
      expect(',');
      expect('REPEAT');
      expect(')');
      return repeated(series(gappy));
    }
    if (/^\d/.test(token)) return Number(token);
    const metric = metrics[token];
    if (metric === undefined) throw new Error(`No metric ${token} in ${expression}`);
    return metric;
  };

  const result = binary(0);
  if (at < tokens.length) throw new Error(`Not read to its end: ${expression}`);
  return series(result);
}

function series(value: Value): Series {
  if (typeof value === 'number') throw new Error('A series is needed where a number stands.');
  return value;
}

function combined(left: Value, right: Value, operator: (a: number, b: number) => number | undefined): Value {
  if (typeof left === 'number' && typeof right === 'number') return operator(left, right) ?? Number.NaN;
  if (typeof left === 'number') return series(right).map((b) => (b === undefined ? undefined : operator(left, b)));
  if (typeof right === 'number') return left.map((a) => (a === undefined ? undefined : operator(a, right)));
  return left.map((a, index) => {
    const b = right[index];
    return a === undefined && b === undefined ? undefined : operator(a ?? 0, b ?? 0);
  });
}

const chosen = (condition: Series, yes: Value, no: Value): Series => {
  const of = (value: Value, index: number) => (typeof value === 'number' ? value : value[index]);
  return condition.map((is, index) => {
    if (is === undefined) return undefined;
    return is === 0 ? of(no, index) : (of(yes, index) ?? 0);
  });
};

function repeated(gappy: Series): Series {
  let last: number | undefined;
  return gappy.map((value) => {
    last = value ?? last;
    return last;
  });
}
