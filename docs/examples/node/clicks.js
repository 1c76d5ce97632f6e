// Records a few clicks and reads them back, with nothing but the proto files.
//
//   npm install && node clicks.js [HOST:PORT]
//
// HOST:PORT is the aggregator (127.0.0.1:7070 unless given); it forwards to the shards.
const crypto = require('node:crypto');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const google = require('google-proto-files');

const protos = path.join(__dirname, '../../../proto/src/main/protobuf');
const definition = loader.loadSync(
  ['tallyring/v1/counter_service.proto', 'tallyring/v1/topk_service.proto'],
  // int64 as strings: a JavaScript number cannot hold every count.
  { includeDirs: [protos, google.getProtoPath('..')], longs: String, enums: String },
);
const { v1 } = grpc.loadPackageDefinition(definition).tallyring;

const server = process.argv[2] || '127.0.0.1:7070';
const credentials = grpc.credentials.createInsecure();
const counters = new v1.CounterService(server, credentials);
const rankings = new v1.TopKService(server, credentials);

const call = (client, method, request) =>
  new Promise((resolve, reject) =>
    client[method](request, { deadline: Date.now() + 10_000 }, (error, response) =>
      error ? reject(error) : resolve(response)));

async function main() {
  const request = {
    // Makes the call repeatable: the same id counts once, however often it is sent.
    requestId: crypto.randomBytes(16),
    increments: [
      { key: Buffer.from('oak-desk'), metric: 'clicks' },
      { key: Buffer.from('oak-desk'), metric: 'clicks', delta: 2 },
      { key: Buffer.from('walnut-lamp'), metric: 'clicks' },
    ],
  };
  console.log('recorded', await call(counters, 'record', request));
  console.log('again   ', await call(counters, 'record', request));

  const { counts } = await call(counters, 'getCounts', {
    metric: 'clicks',
    window: { window: 'WINDOW_ALL' },
    keys: [Buffer.from('oak-desk'), Buffer.from('walnut-lamp')],
  });
  counts.forEach(({ key, count }) => console.log('count   ', key.toString(), count));

  // A ranking sees an increment after the next collection, a fraction of a second later.
  const { items, label } = await call(rankings, 'getTopK', { window: { window: 'WINDOW_ALL' }, k: 3 });
  console.log('top     ', items.map(({ rank, key, count }) => `${rank}. ${key} ${count}`).join(', '),
    `(exact: ${label.exact}, ranges ${label.rangesIncluded}/${label.rangesTotal})`);
}

main().catch((error) => {
  console.error(`${grpc.status[error.code]}: ${error.details}`);
  process.exit(1);
});
