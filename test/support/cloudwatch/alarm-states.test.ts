import { describe, expect, test } from 'vitest';
import { type AlarmProperties, type AlarmState, nextState, statesOf } from './alarm-states.ts';
import { evaluateMath, type Series } from './metric-math.ts';

const anAlarm = (TreatMissingData: string, DatapointsToAlarm: number, EvaluationPeriods: number): AlarmProperties => ({
  MetricName: 'Held',
  Statistic: 'Maximum',
  Period: 60,
  Threshold: 1,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  TreatMissingData,
  DatapointsToAlarm,
  EvaluationPeriods,
});
const pointsOf = (drawn: string): Series =>
  drawn.split(' ').map((sign) => (sign === '-' ? undefined : sign === 'X' ? 1 : 0));
const RETAINED: AlarmState = 'INSUFFICIENT_DATA';

describe('the examples of the CloudWatch User Guide on missing data', () => {
  test.each<[least: number, drawn: string, ignore: AlarmState, notBreaching: AlarmState]>([
    [3, '0 - X - X', 'OK', 'OK'],
    [3, '0 - - - -', 'OK', 'OK'],
    [3, '- - - - -', RETAINED, 'OK'],
    [3, '0 X X - X', 'ALARM', 'ALARM'],
    [3, '- - - - X', RETAINED, 'OK'],
    [3, 'X - - - -', RETAINED, 'OK'],
    [2, '0 - X - X', 'ALARM', 'ALARM'],
    [2, '0 0 X 0 X', 'ALARM', 'ALARM'],
    [2, '0 - X - -', 'OK', 'OK'],
    [2, '- - - - 0', 'OK', 'OK'],
    [2, '- - - - X', RETAINED, 'OK'],
  ])('%d of 3, %s', (least, drawn, ignore, notBreaching) => {
    expect(nextState(RETAINED, pointsOf(drawn), anAlarm('ignore', least, 3))).toBe(ignore);
    expect(nextState(RETAINED, pointsOf(drawn), anAlarm('notBreaching', least, 3))).toBe(notBreaching);
  });
});

describe('the examples of the CloudWatch User Guide on metric math', () => {
  test.each<[expression: string, metrics: Record<string, Series>, result: Series]>([
    ['m1 < m2', { m1: [30, 20, 0, 0], m2: [20, undefined, 20, undefined] }, [0, 0, 1, 0]],
    ['m1 >= 30', { m1: [30, 20, 0, 0] }, [1, 0, 0, 0]],
    [
      'IF(m1, m2, m3)',
      { m1: [1, 1, 0, 0, undefined], m2: [30, undefined, 0, 0, 30], m3: [0, 0, 20, undefined, 20] },
      [30, 0, 20, undefined, undefined],
    ],
    ['IF(m1, 5, m3)', { m1: [1, 1, 0, 0, undefined], m3: [0, 0, 20, undefined, 20] }, [5, 5, 20, undefined, undefined]],
    ['IF(m1, m2, 5)', { m1: [1, 1, 0, 0, undefined], m2: [30, undefined, 0, 0, 30] }, [30, 0, 5, 5, undefined]],
    // In words there: missing values count as 0, and a division by zero is dropped.
    ['m1 + m2', { m1: [1, undefined, undefined], m2: [undefined, 2, undefined] }, [1, 2, undefined]],
    ['m1 / m2', { m1: [6, 6, undefined], m2: [3, 0, 2] }, [2, undefined, 0]],
    ['FILL(m1, REPEAT)', { m1: [undefined, 1, undefined, 0, undefined] }, [undefined, 1, 1, 0, 0]],
    ['1 + 2 * m1 - m1', { m1: [5] }, [6]],
  ])('%s', (expression, metrics, result) => {
    expect(evaluateMath(expression, metrics)).toEqual(result);
  });

  test.each(['MAX([m1, m2])', 'm1 m2', '(m1'])('%s, which is not understood, is refused', (expression) => {
    expect(() => evaluateMath(expression, { m1: [1], m2: [1] })).toThrow();
  });
});

test('a history is cut into periods, and each state is told with the minute at which its period ended', () => {
  const alarm = { ...anAlarm('notBreaching', 1, 1), Period: 120 };
  const history = [{ metric: 'Held', minute: 3, values: [0, 1] }];
  expect(statesOf(alarm, history, 6)).toEqual([
    { minute: 2, state: 'OK' },
    { minute: 4, state: 'ALARM' },
    { minute: 6, state: 'ALARM' },
  ]);
});
