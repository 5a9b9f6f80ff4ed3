import { measureBundle } from './bundle-size.ts';
import { measureCampaign, measureKills } from './campaign.ts';
import { measureCampaignFile } from './campaign-file.ts';
import { measureClump } from './clump.ts';
import { measureColdStart } from './cold-start.ts';
import { measureControl } from './control.ts';
import { measureLedgerReader } from './ledger-reader.ts';
import { comparePeers } from './peers/main.ts';
import { measureStatus } from './status.ts';
import { measureThroughput } from './throughput.ts';

// Figures of one run on one machine, next to each other: a ratio says more than a time.
console.log(await measureBundle());
console.log(await measureColdStart());
console.log(await measureThroughput());
console.log(await measureControl());
console.log(await measureCampaignFile());
console.log(await measureCampaign());
console.log(await measureKills());
console.log(await measureClump());
console.log(await measureLedgerReader());
// Some minutes, and several gigabytes of memory.
console.log(await measureStatus());
// About seven minutes: the last, so that the others are there before.
console.log(await comparePeers());
