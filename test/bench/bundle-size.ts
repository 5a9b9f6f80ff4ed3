import { gzipSync } from 'node:zlib';
import { bundledWorker } from '../../infra/password-resets/bundle.ts';

const LIMIT_KB = 400;

export async function measureBundle(): Promise<string> {
  const bytes = bundledWorker();
  const kilobytes = (length: number) => (length / 1000).toFixed(0);
  return `bundle        ${kilobytes(bytes.length)} kB minified (limit ${LIMIT_KB}), ${kilobytes(gzipSync(bytes).length)} kB gzipped`;
}
