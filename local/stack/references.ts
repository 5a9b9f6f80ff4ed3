import { arn, queueUrl } from '../aws/account.ts';
import { secretArn } from '../aws/secrets-manager.ts';
import { type References, resolve, TemplateError } from './intrinsics.ts';

/** The parts of a CloudFormation template that the local run reads. */
export interface CloudFormationTemplate {
  Parameters?: Record<string, { Default?: unknown }>;
  Resources: Record<string, { Type: string; Properties?: Record<string, unknown> }>;
  Outputs?: Record<string, { Value: unknown }>;
}

/** The names, ARNs and URLs by which resources refer to each other. @param origin of the stand-ins, for queue URLs. */
export function referencesOf(template: CloudFormationTemplate, stackName: string, origin: string): References {
  const nameOf = (id: string, property: string): string => {
    const own = template.Resources[id]?.Properties?.[property];
    if (own === undefined) return `${stackName}-${id}`.slice(0, 80);
    return String(resolve(own, references, `Resource ${id}.${property}`));
  };
  /** `Ref` and attributes of each type that something refers to. */
  const kinds: Record<string, (id: string) => { ref: string } & Record<string, string>> = {
    'AWS::SQS::Queue': (id) => {
      const name = nameOf(id, 'QueueName');
      const url = queueUrl(origin, name);
      return { ref: url, Arn: arn('sqs', name), QueueName: name, QueueUrl: url };
    },
    'AWS::DynamoDB::Table': (id) => tableNames(nameOf(id, 'TableName')),
    'AWS::DynamoDB::GlobalTable': (id) => tableNames(nameOf(id, 'TableName')),
    'AWS::SecretsManager::Secret': (id) => {
      const own = secretArn(nameOf(id, 'Name'));
      return { ref: own, Id: own };
    },
    'AWS::Lambda::Function': (id) => {
      const name = nameOf(id, 'FunctionName').slice(0, 64);
      return { ref: name, Arn: arn('lambda', `function:${name}`) };
    },
    'AWS::Lambda::Alias': (id) => {
      const properties = template.Resources[id]?.Properties ?? {};
      const name = String(resolve(properties.FunctionName, references, `Resource ${id}.FunctionName`));
      const own = `${arn('lambda', `function:${name.replace(/^.*:/, '')}`)}:${String(properties.Name)}`;
      return { ref: own, AliasArn: own };
    },
    'AWS::Logs::LogGroup': (id) => {
      const name = nameOf(id, 'LogGroupName');
      return { ref: name, Arn: arn('logs', `log-group:${name}:*`) };
    },
    'AWS::IAM::Role': (id) => ({ ref: nameOf(id, 'RoleName'), Arn: arn('iam', `role/${nameOf(id, 'RoleName')}`) }),
    'AWS::IAM::ManagedPolicy': (id) => {
      const own = arn('iam', `policy/${nameOf(id, 'ManagedPolicyName')}`);
      return { ref: own, PolicyArn: own };
    },
  };
  const namesOf = (id: string): Record<string, string> => {
    const type = template.Resources[id]?.Type;
    if (type === undefined) throw new TemplateError(`The template refers to ${id}, which it does not have.`);
    const kind = kinds[type];
    if (kind === undefined) throw new TemplateError(`The local run has no stand-in for ${id}, a ${type}.`);
    return kind(id);
  };
  const references: References = {
    ref: (id) => {
      if (id === 'AWS::StackName') return stackName;
      if (id === 'AWS::StackId') return arn('cloudformation', `stack/${stackName}/local`);
      const parameter = template.Parameters?.[id];
      return parameter === undefined ? namesOf(id).ref : parameter.Default;
    },
    attribute: (id, attribute) => {
      const value = namesOf(id)[attribute];
      if (value === undefined) throw new TemplateError(`The local run does not know ${attribute} of ${id}.`);
      return value;
    },
  };
  return references;
}

const tableNames = (name: string) => ({ ref: name, Arn: arn('dynamodb', `table/${name}`) });
