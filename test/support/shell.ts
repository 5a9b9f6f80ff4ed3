/** One command of a script, as the shell takes it apart. */
export type Command = readonly string[];

/**
 * The simple commands of a script, without comments, assignments, redirections and the shell's own words. What a `$(…)` runs is a command of
 * its own. Enough of the shell for what a page prints; it throws where a quote or a parenthesis is left open.
 */
export function commandsOf(script: string): Command[] {
  const text = script.replaceAll(/\\\n\s*/g, ' ');
  const commands: Command[] = [];
  readList({ text, at: 0 }, undefined, commands);
  return commands.map(plainWords).filter((words) => words.length > 0);
}

interface Reader {
  readonly text: string;
  at: number;
}

const SEPARATORS = new Set(['\n', ';', '|', '&']);
const SHELL_WORDS = new Set(['while', 'do', 'done', 'for', 'if', 'then', 'fi', '!']);

/** Reads until the end, or until the parenthesis that is to close the list. */
function readList(reader: Reader, end: ')' | undefined, commands: Command[]): void {
  let words: string[] = [];
  const finish = () => {
    commands.push(words);
    words = [];
  };
  for (;;) {
    const char = reader.text[reader.at];
    if (char === undefined) {
      if (end !== undefined) throw new Error('A parenthesis is never closed.');
      break;
    }
    if (char === end) {
      reader.at += 1;
      break;
    }
    if (SEPARATORS.has(char)) {
      reader.at += 1;
      finish();
    } else if (/\s/.test(char)) reader.at += 1;
    else if (char === '#') skipComment(reader);
    else words.push(readWord(reader, end, commands));
  }
  finish();
}

function skipComment(reader: Reader): void {
  while (reader.at < reader.text.length && reader.text[reader.at] !== '\n') reader.at += 1;
}

function readWord(reader: Reader, end: string | undefined, commands: Command[]): string {
  let word = '';
  for (;;) {
    const char = reader.text[reader.at];
    if (char === undefined || char === end || SEPARATORS.has(char) || /\s/.test(char)) return word;
    word += readPiece(reader, commands);
  }
}

/** A character, what stands in quotes, or a command substitution, which comes to a word that nobody knows. */
function readPiece(reader: Reader, commands: Command[]): string {
  const { text } = reader;
  const char = text[reader.at];
  if (text.startsWith('$(', reader.at)) {
    reader.at += 2;
    readList(reader, ')', commands);
    return '$(…)';
  }
  reader.at += 1;
  if (char === "'") {
    const close = text.indexOf("'", reader.at);
    if (close < 0) throw new Error('A single quote is never closed.');
    const quoted = text.slice(reader.at, close);
    reader.at = close + 1;
    return quoted;
  }
  if (char !== '"') return char ?? '';
  let quoted = '';
  while (text[reader.at] !== '"') {
    if (reader.at >= text.length) throw new Error('A double quote is never closed.');
    quoted += text.startsWith('$(', reader.at) ? readPiece(reader, commands) : text[reader.at++];
  }
  reader.at += 1;
  return quoted;
}

/** Without what the shell takes for itself in front of a command and behind it. */
function plainWords(words: readonly string[]): Command {
  const start = words.findIndex((word) => !SHELL_WORDS.has(word) && !/^\w+=/.test(word));
  if (start < 0 || words[0] === 'for') return [];
  const redirected = words.findIndex((word) => /^\d?[<>]/.test(word));
  return words.slice(start, redirected < 0 ? undefined : redirected);
}
