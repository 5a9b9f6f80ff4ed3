import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

export interface ApiTokenProps {
  /** An existing secret, used as it is. */
  secretArn: string | undefined;
  /** The customer managed key of the existing secret. */
  keyArn: string | undefined;
}

/** The secret with the API token. */
export class ApiToken extends Construct {
  readonly secretArn: string;
  readonly keyArn: string | undefined;

  constructor(scope: Construct, id: string, { secretArn, keyArn }: ApiTokenProps) {
    super(scope, id);
    this.secretArn = secretArn ?? this.emptySecret().ref;
    this.keyArn = keyArn;
  }

  /**
   * The CDK's `Secret` always has a value, and by default a random one, which the API would refuse call by call. Made on the lower level
   * it has none: the worker holds its work until an operator puts the token in, and no deployment touches the token after that.
   */
  private emptySecret(): CfnSecret {
    const secret = new CfnSecret(this, 'Secret', {
      description: 'API token of F5 Distributed Cloud: the token itself, or {"token": "...", "expiresAt": "..."}.',
    });
    secret.applyRemovalPolicy(RemovalPolicy.RETAIN);
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'The token is issued in the console of F5 Distributed Cloud; there is nothing that AWS could rotate it with.',
    });
    return secret;
  }
}
