import { relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** These wait for most of their time: begun first, they end while the others use the processor. */
const SLOWEST_FIRST = [
  'test/e2e/campaign-story.test.ts',
  'test/e2e/start-command.test.ts',
  'test/e2e/outages.test.ts',
  'test/e2e/aws-faults.test.ts',
  'test/e2e/control.test.ts',
  'test/e2e/requests.test.ts',
  'test/e2e/killed-campaign.test.ts',
  'test/infra/emitted-metrics.test.ts',
  'test/infra/synth-command.test.ts',
  'test/cli/terminal/in-a-terminal.test.ts',
];

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = SLOWEST_FIRST.indexOf(relative(import.meta.dirname, moduleId).replaceAll('\\', '/'));
      return at < 0 ? SLOWEST_FIRST.length : at;
    };
    return (await super.sort(files)).sort((one, other) => place(one) - place(other));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Only what fails takes so long: a busy machine is no failure.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // Two more than the cores of a small machine, since the end-to-end tests mostly wait.
    maxWorkers: 4,
    sequence: { sequencer: SlowestFirst },
  },
});
