import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

export interface ApiTokenProps {
  /** An existing secret, used as it is. @default an empty secret is created */
  secretArn: string | undefined;
  /** The customer managed key of the existing secret. @default the secret is encrypted with AWS's own key */
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
   * The CDK's `Secret` always has a value, by default a random one, which the API would reject on every call. A `CfnSecret` has none: the
   * worker holds everything until an operator puts the token in, and no later deployment touches the token.
   */
  private emptySecret(): CfnSecret {
    const secret = new CfnSecret(this, 'Secret', {
      description: 'API token of F5 Distributed Cloud: the token itself, or {"token": "...", "expiresAt": "..."}.',
    });
    secret.applyRemovalPolicy(RemovalPolicy.RETAIN);
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'The token is issued in the console of F5 Distributed Cloud, where AWS cannot rotate it.',
    });
    return secret;
  }
}
