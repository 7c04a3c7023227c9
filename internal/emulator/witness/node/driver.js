// One client from npm on the emulator, driven line by line: a request {id,
// operation, params} on standard input, its answer {id, answer | refusal |
// unsupported | failure} on standard output. Parameters come as they travel:
// names of the documentation, values as text.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);
const [kind, endpoint, region] = process.argv.slice(2);
const { ACCESS_KEY_ID: accessKeyId, ACCESS_KEY_SECRET: accessKeySecret, SECURITY_TOKEN: securityToken } = process.env;

class Unsupported extends Error {}

// @alicloud/openapi-client: what every SDK of the present generation is made of.
function openapi(signatureAlgorithm, inBody) {
  const { default: Client, Config, OpenApiRequest, Params } = require('@alicloud/openapi-client');
  const { RuntimeOptions } = require('@alicloud/tea-util');
  const client = new Client(new Config({ accessKeyId, accessKeySecret, securityToken, endpoint, regionId: region, signatureAlgorithm }));
  return async (action, params) => {
    const request = new OpenApiRequest(inBody ? { body: params } : { query: params });
    const api = new Params({
      action, version: '2016-01-20', protocol: 'HTTPS', pathname: '/', method: 'POST',
      authType: 'AK', style: 'RPC', reqBodyType: 'formData', bodyType: 'json',
    });
    return (await client.callApi(api, request, new RuntimeOptions({}))).body;
  };
}

// @alicloud/kms20160120: typed requests of an older generation.
function typed() {
  const kms = require('@alicloud/kms20160120');
  const { RuntimeOptions } = require('@alicloud/tea-util');
  const { Config } = require('@alicloud/rpc-client');
  const client = new kms.default(new Config({ accessKeyId, accessKeySecret, securityToken, endpoint, regionId: region, type: 'access_key' }));
  return async (action, params) => {
    const Request = kms[`${action}Request`];
    const method = action[0].toLowerCase() + action.slice(1);
    if (!Request || !client[method]) throw new Unsupported(action);
    const names = Object.fromEntries(Object.entries(Request.names()).map(([ours, wire]) => [wire, ours]));
    const types = Request.types();
    const fields = {};
    for (const [name, value] of Object.entries(params)) {
      const field = names[name];
      if (!field) throw new Unsupported(`${action}.${name}`);
      fields[field] = types[field] === 'number' ? Number(value) : types[field] === 'boolean' ? value === 'true' : value;
    }
    const response = await client[`${method}Ex`] ? client[`${method}Ex`](new Request(fields), new RuntimeOptions({})) : client[method](new Request(fields));
    return wire(await response);
  };
}

// wire renders a typed response under the names of the documentation.
function wire(model) {
  if (Array.isArray(model)) return model.map(wire);
  if (model === null || typeof model !== 'object' || !model.constructor.names) return model;
  const names = model.constructor.names();
  return Object.fromEntries(Object.keys(names).filter((k) => model[k] !== undefined).map((k) => [names[k], wire(model[k])]));
}

// @alicloud/pop-core: RPC by hand.
function popCore(method) {
  const { RPCClient } = require('@alicloud/pop-core');
  const client = new RPCClient({ accessKeyId, accessKeySecret, securityToken, endpoint: `https://${endpoint}`, apiVersion: '2016-01-20' });
  return (action, params) => client.request(action, params, { method, timeout: 30000 });
}

const kinds = {
  'node-openapi-ACS3': () => openapi(undefined, false),
  'node-openapi-body': () => openapi(undefined, true),
  'node-openapi-RPC': () => openapi('v2', true),
  'node-kms': typed,
  'node-pop-core-GET': () => popCore('GET'),
  'node-pop-core-POST': () => popCore('POST'),
};

const call = kinds[kind]();
for await (const line of createInterface({ input: process.stdin })) {
  const { id, operation, params } = JSON.parse(line);
  let out;
  try {
    out = { answer: await call(operation, params) };
  } catch (e) {
    if (e instanceof Unsupported) out = { unsupported: e.message };
    else if (e.code) out = { refusal: { Status: e.statusCode ?? e.data?.statusCode ?? e.entry?.response?.statusCode ?? 0, Code: kind === 'node-kms' ? e.code.replace(/Error$/, '') : String(e.code), Message: e.message } };
    else out = { failure: String(e.stack) };
  }
  process.stdout.write(`${JSON.stringify({ id, ...out })}\n`);
}
