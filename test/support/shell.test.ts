import { expect, it } from 'vitest';
import { commandsOf } from './shell.ts';

it.each<[script: string, commands: string[][]]>([
  ['a b  c # not this', [['a', 'b', 'c']]],
  ['a \\\n  b\nc', [['a', 'b'], ['c']]],
  [`a 'x y' "it's $z"`, [['a', 'x y', "it's $z"]]],
  ['a | b && c; d', [['a'], ['b'], ['c'], ['d']]],
  ['x="$(a "b c")"', [['a', 'b c']]],
  [
    'a "$(b \'c d\')" e',
    [
      ['b', 'c d'],
      ['a', '$(…)', 'e'],
    ],
  ],
  ['E=1 a b > c', [['a', 'b']]],
  ['while a; do b; done < c', [['a'], ['b']]],
  ['for x in 1 2; do a; done', [['a']]],
])('the commands of a script are taken apart as the shell does: %j', (script, commands) => {
  expect(commandsOf(script)).toEqual(commands);
});

it.each(["a 'b", 'a "b', 'a "$(b"', 'a $(b'])('what is left open is refused: %s', (script) => {
  expect(() => commandsOf(script)).toThrow(/never closed/);
});
