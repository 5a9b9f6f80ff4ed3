/**
 * How the simulator treats an address: by the part before its `+`, so that each failure has addresses that trigger it. The form is
 * `WORD[STATUS][xTIMES][-OPTION…]+anything@…`, such as `flaky503x2-after3+jo@example.com`: twice a 503 that asks for 3 seconds, then a reset.
 * Without `xTIMES` it happens every time. An unknown word, and an address without `+`, is an ordinary user.
 */
export interface Personality {
  /** What happens instead of an ordinary reset. */
  act: Act;
  status: number;
  /** Whether the password is reset all the same. */
  resets: boolean;
  /** How often it happens before `thenStatus`. */
  times: number;
  thenStatus: number;
  retryAfter?: RetryAfter;
}

type Act =
  /** An answer with the status, a JSON body to it. */
  | 'answer'
  /** No answer at all. */
  | 'hang'
  /** The connection breaks after the request was read. */
  | 'cut'
  /** The connection breaks in the middle of the body. */
  | 'cut-body'
  /** A Location elsewhere. */
  | 'redirect'
  /** A page instead of JSON; with 200 a sign-in page, and no reset. */
  | 'html'
  /** A proxy in front says that it could not pass the request on, in plain text. */
  | 'unreached'
  /** A proxy in front says that it lost the API after it had passed the request on, in plain text. */
  | 'lost'
  /** No body. */
  | 'empty'
  /** Megabytes of body. */
  | 'huge'
  /** The body comes a byte at a time. */
  | 'slow'
  /** The message quotes address and token, plain and encoded. */
  | 'echo';

/** The forms in which a server may say when to come back; `nonsense` is neither a number nor a date. */
export type RetryAfter = { form: 'seconds' | 'date'; seconds: number } | { form: 'nonsense' };

/** When a proxy lost the API: only after passing the request on can the reset have been made. */
export type ProxyFailure = 'before passing on' | 'after passing on';

const WORDS: Record<string, { act: Act; status: number; resets?: true }> = {
  ok: { act: 'answer', status: 200, resets: true },
  badrequest: { act: 'answer', status: 400 },
  unauthorized: { act: 'answer', status: 401 },
  forbidden: { act: 'answer', status: 403 },
  notfound: { act: 'answer', status: 404 },
  conflict: { act: 'answer', status: 409 },
  status: { act: 'answer', status: 418 },
  error: { act: 'answer', status: 500 },
  bad: { act: 'answer', status: 502 },
  flaky: { act: 'answer', status: 503 },
  timeout: { act: 'answer', status: 504 },
  /** The gateway gave up on a call that then went through. */
  ghost: { act: 'answer', status: 504, resets: true },
  hang: { act: 'hang', status: 0 },
  cut: { act: 'cut', status: 0 },
  garbled: { act: 'cut-body', status: 200, resets: true },
  redirect: { act: 'redirect', status: 302 },
  html: { act: 'html', status: 400 },
  unreached: { act: 'unreached', status: 503 },
  lost: { act: 'lost', status: 503 },
  empty: { act: 'empty', status: 200, resets: true },
  huge: { act: 'huge', status: 404 },
  slow: { act: 'slow', status: 200, resets: true },
  echo: { act: 'echo', status: 404 },
};

const FORM = /^([a-z]+)(\d{3})?(?:x(\d+))?((?:-[a-z0-9]+)*)$/;

const ORDINARY: Personality = { act: 'answer', status: 200, resets: true, times: 0, thenStatus: 200 };

export function personalityOf(email: string): Personality {
  const plus = email.indexOf('+');
  const [, word = '', status, times, options = ''] = FORM.exec(email.slice(0, Math.max(plus, 0)).toLowerCase()) ?? [];
  const known = WORDS[word];
  if (known === undefined) return ORDINARY;
  const words = options.split('-').slice(1);
  const own = status === undefined ? known.status : Number(status);
  const after = words.map(retryAfterOf).find((each) => each !== undefined);
  return {
    act: known.act,
    status: own,
    // An ordinary word with a status of its own resets only where that status says so.
    resets: words.includes('reset') || (known.resets === true && (word === 'ghost' || own < 300)),
    times: times === undefined ? Number.POSITIVE_INFINITY : Number(times),
    thenStatus: Number(words.find((each) => /^then\d{3}$/.test(each))?.slice('then'.length) ?? 200),
    ...(after === undefined ? {} : { retryAfter: after }),
  };
}

function retryAfterOf(option: string): RetryAfter | undefined {
  const [, form, seconds] = /^after(date|nonsense)?(\d*)$/.exec(option) ?? [];
  if (form === 'nonsense') return { form };
  if (form === 'date') return { form, seconds: Number(seconds || 1) };
  return seconds ? { form: 'seconds', seconds: Number(seconds) } : undefined;
}

export type NthAct = Omit<Personality, 'times' | 'thenStatus'>;

/** What happens at an address's nth call, counted from 0. */
export function actAt(personality: Personality, callIndex: number): NthAct {
  if (callIndex < personality.times && personality !== ORDINARY) return personality;
  return { act: 'answer', status: personality.thenStatus, resets: personality.thenStatus < 300 };
}
