/** One line of a plot: y over x, in the units of the axes. */
export interface Line {
  name: string;
  colour: string;
  points: readonly (readonly [x: number, y: number])[];
  /** Drawn as a step with the area below it filled. */
  isArea?: boolean;
  isDashed?: boolean;
}

export interface Plot {
  title: string;
  xTitle: string;
  yTitle: string;
  lines: readonly Line[];
  /** Times in which something held, as bands behind the lines. */
  bands?: readonly { from: number; to: number; name: string }[];
  xText?: (x: number) => string;
  /** Where the axis is marked, of those that fit. */
  xMarks?: readonly number[];
  isLogX?: boolean;
  yMost?: number;
}

const WIDTH = 960;
const HEIGHT = 300;
const LEFT = 64;
const RIGHT = 16;
const TOP = 34;
const BOTTOM = 44;
const TICKS = 6;

/** An SVG that needs nothing beside it. */
export function plotSvg({
  title,
  xTitle,
  yTitle,
  lines,
  bands = [],
  xText = String,
  xMarks,
  isLogX = false,
  yMost: yTop,
}: Plot): string {
  const xs = lines.flatMap(({ points }) => points.map(([x]) => x)).filter((x) => !isLogX || x > 0);
  const ys = lines.flatMap(({ points }) => points.map(([, y]) => y));
  const scale = (x: number): number => (isLogX ? Math.log10(Math.max(x, 1e-3)) : x);
  const [xLeast, xMost] = [scale(least(xs, 0)), scale(most(xs, 1))];
  const yTick = niceStep(most(ys, 1) / (TICKS - 1));
  const yMost = yTop ?? Math.ceil((most(ys, 1) * 1.02) / yTick) * yTick;
  const px = (x: number): number => LEFT + ((scale(x) - xLeast) / (xMost - xLeast || 1)) * (WIDTH - LEFT - RIGHT);
  const py = (y: number): number => HEIGHT - BOTTOM - (y / yMost) * (HEIGHT - TOP - BOTTOM);

  const parts: string[] = [];
  for (const { from, to, name } of bands) {
    const x = px(Math.max(from, least(xs, 0)));
    const width = Math.max(1, px(Math.min(to, most(xs, 1))) - x);
    parts.push(
      `<rect x="${f(x)}" y="${TOP}" width="${f(width)}" height="${HEIGHT - TOP - BOTTOM}" class="band"><title>${escaped(name)}</title></rect>`,
    );
  }
  for (let y = 0; y <= yMost + 1e-9; y += yTick) {
    parts.push(`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${f(py(y))}" y2="${f(py(y))}" class="grid"/>`);
    parts.push(`<text x="${LEFT - 8}" y="${f(py(y) + 4)}" text-anchor="end">${tickText(y)}</text>`);
  }
  for (const x of xMarks ?? evenly(xLeast, xMost)) {
    if (scale(x) < xLeast || scale(x) > xMost) continue;
    parts.push(`<text x="${f(px(x))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${escaped(xText(x))}</text>`);
  }
  for (const line of lines) parts.push(pathOf(line, px, py));
  parts.push(`<text x="${LEFT}" y="18" class="title">${escaped(title)}</text>`);
  parts.push(`<text x="${WIDTH - RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${escaped(xTitle)}</text>`);
  parts.push(`<text x="8" y="${HEIGHT - 8}">${escaped(yTitle)}</text>`);
  let x = WIDTH - RIGHT;
  for (const { name, colour, isDashed } of [...lines].reverse()) {
    x -= name.length * 7 + 34;
    const dash = isDashed ? ' stroke-dasharray="5 4"' : '';
    parts.push(`<line x1="${x}" x2="${x + 18}" y1="14" y2="14" stroke="${colour}" stroke-width="3"${dash}/>`);
    parts.push(`<text x="${x + 23}" y="18">${escaped(name)}</text>`);
  }
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">${parts.join('')}</svg>`;
}

function pathOf(
  { points, colour, isArea, isDashed }: Line,
  px: (x: number) => number,
  py: (y: number) => number,
): string {
  const last = points.at(-1);
  const first = points[0];
  if (first === undefined || last === undefined) return '';
  const path = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${f(px(x))} ${f(py(y))}`).join('');
  const dash = isDashed ? ' stroke-dasharray="5 4"' : '';
  const area = isArea
    ? `<path d="${path}L${f(px(last[0]))} ${f(py(0))}L${f(px(first[0]))} ${f(py(0))}Z" fill="${colour}" opacity="0.18"/>`
    : '';
  return `${area}<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.6"${dash}/>`;
}

const evenly = (from: number, to: number): number[] =>
  Array.from({ length: TICKS + 1 }, (_, index) => from + ((to - from) * index) / TICKS);

/** 1, 2 or 5 times a power of ten. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step || 1));
  return ([1, 2, 5].find((factor) => factor * power >= step) ?? 10) * power;
}

const least = (values: readonly number[], otherwise: number): number =>
  values.length === 0 ? otherwise : values.reduce((one, other) => Math.min(one, other));
const most = (values: readonly number[], otherwise: number): number =>
  values.length === 0 ? otherwise : values.reduce((one, other) => Math.max(one, other)) || otherwise;
const f = (value: number): string => value.toFixed(1);
const tickText = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 3 });

export const escaped = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
