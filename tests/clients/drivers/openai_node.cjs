// openai-node: a whole answer, a stream, echo, and what its users see of errors. NODE_PATH names its node_modules.
const OpenAI = require("openai");
const { VERSION } = require("openai/version");

const REQUEST = { model: "pico", prompt: "In the beginning", max_tokens: 12, temperature: 0, logprobs: 3 };

async function refusal(client, fields) {
  try {
    await client.completions.create({ ...REQUEST, ...fields });
  } catch (error) {
    return { class: error.constructor.name, status: error.status, code: error.code, param: error.param, message: error.message };
  }
  return null;
}

async function main() {
  const settings = { baseURL: process.env.ACS_API_BASE, apiKey: process.env.ACS_API_KEY, maxRetries: 0 };
  const client = new OpenAI(settings);
  const whole = await client.completions.create(REQUEST);
  const stream = [];
  for await (const chunk of await client.completions.create({ ...REQUEST, stream: true, stream_options: { include_usage: true } })) {
    stream.push(chunk);
  }
  const seen = {
    version: VERSION,
    node: process.version,
    whole,
    request_id: whole._request_id,
    stream,
    echo: await client.completions.create({ ...REQUEST, echo: true }),
    value: await refusal(client, { temperature: 3 }),
    model: await refusal(client, { model: "gpt-4" }),
    key: await refusal(new OpenAI({ ...settings, apiKey: "acs-bm-nonsense" }), {}),
  };
  console.log(JSON.stringify(seen));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
