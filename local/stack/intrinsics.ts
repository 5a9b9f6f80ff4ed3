import { ACCOUNT_ID, REGION } from '../aws/account.ts';

/** The template needs something that the local run does not understand. */
export class TemplateError extends Error {
  override name = 'TemplateError';
}

export interface References {
  /** What `Ref` returns for a parameter or a resource. */
  ref(logicalId: string): unknown;
  attribute(logicalId: string, attribute: string): unknown;
}

const PSEUDO_PARAMETERS: Record<string, string> = {
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT_ID,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

/**
 * Evaluates an expression of a template.
 * @param place where it is, for the error message.
 * @throws {TemplateError}
 */
export function resolve(value: unknown, references: References, place: string): unknown {
  if (Array.isArray(value)) {
    return value
      .map((item, index) => resolve(item, references, `${place}[${index}]`))
      .filter((item) => item !== undefined);
  }
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value);
  const [name, argument] = members[0] ?? [];
  if (
    members.length === 1 &&
    name !== undefined &&
    (name === 'Ref' || name.startsWith('Fn::') || name === 'Condition')
  ) {
    return call(name, argument, references, place);
  }
  return Object.fromEntries(
    members
      .map(([key, item]) => [key, resolve(item, references, `${place}.${key}`)] as const)
      .filter(([, item]) => item !== undefined),
  );
}

function call(name: string, argument: unknown, references: References, place: string): unknown {
  const inner = (value: unknown) => resolve(value, references, place);
  const list = (value: unknown): unknown[] => {
    const resolved = inner(value);
    if (Array.isArray(resolved)) return resolved;
    throw new TemplateError(`${place}: ${name} wants a list`);
  };
  switch (name) {
    case 'Ref':
      return refOf(String(argument), references);
    case 'Fn::GetAtt': {
      const [id = '', ...path] = Array.isArray(argument) ? argument.map(String) : String(argument).split('.');
      return references.attribute(id, path.join('.'));
    }
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown];
      return list(parts).map(String).join(separator);
    }
    case 'Fn::Sub': {
      const [text, own] = (Array.isArray(argument) ? argument : [argument, {}]) as [string, Record<string, unknown>];
      return String(text).replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, key: string) => {
        if (literal !== '') return `\${${key}}`;
        if (key in own) return String(inner(own[key]));
        const [id = '', ...path] = key.split('.');
        return String(path.length === 0 ? refOf(id, references) : references.attribute(id, path.join('.')));
      });
    }
    case 'Fn::Select': {
      const [index, items] = argument as [unknown, unknown];
      return list(items)[Number(inner(index))];
    }
    case 'Fn::Split': {
      const [separator, text] = argument as [string, unknown];
      return String(inner(text)).split(separator);
    }
    default:
      throw new TemplateError(`${place}: the local run does not understand ${name}`);
  }
}

function refOf(logicalId: string, references: References): unknown {
  if (logicalId === 'AWS::NoValue') return undefined;
  return PSEUDO_PARAMETERS[logicalId] ?? references.ref(logicalId);
}
