/** Where the quotes of a cell stand in a text. */
interface CellQuote {
  openedAt: number;
  /** Undefined where it is open up to the end of the text. */
  closedAt: number | undefined;
}

/** The first quoted cell of a CSV text that has other text behind its closing quote, else the last one; undefined if no cell is quoted. */
export function faultyQuoteIn(text: string, delimiters: string): CellQuote | undefined {
  // A cell is quoted if nothing but spaces stands before its quote; within, two quotes stand for one.
  const opening = new RegExp(`(?:^|[${delimiters}\r\n])[^\\S${delimiters}\r\n]*"`, 'g');
  const closing = new RegExp(`"(?:"|(?=([^\\S\r\n]*(?:[${delimiters}\r\n]|$))?))`, 'g');
  let quote: CellQuote | undefined;
  for (let opened = opening.exec(text); opened !== null; opened = opening.exec(text)) {
    closing.lastIndex = opening.lastIndex;
    let closed = closing.exec(text);
    while (closed?.[0] === '""') closed = closing.exec(text);
    quote = { openedAt: opening.lastIndex - 1, closedAt: closed?.index };
    if (closed === null || closed[1] === undefined) return quote;
    opening.lastIndex = closing.lastIndex;
  }
  return quote;
}
