/** The request that was last sent, as code to run elsewhere. Key and address are the two variables of every example. */

/** What the official Python SDK names itself; all else goes into `extra_body`. */
const SDK = new Set(["model", "prompt", "best_of", "echo", "frequency_penalty", "logit_bias", "logprobs", "max_tokens", "n", "presence_penalty", "seed", "stop", "stream", "stream_options", "suffix", "temperature", "top_p", "user"]);

/** @param {Record<string, any>} body */
export function curl(body) {
  const quoted = JSON.stringify(body).replaceAll("'", "'\\''");
  return [
    'curl -N "$ACS_API_BASE/completions" \\',
    '  -H "Authorization: Bearer $ACS_API_KEY" \\',
    '  -H "Content-Type: application/json" \\',
    '  -H "X-Wait-For-Model: 900" \\',
    `  -d '${quoted}'`,
  ].join("\n");
}

/** @param {Record<string, any>} body */
export function python(body) {
  const entries = Object.entries(body);
  const own = entries.filter(([name]) => SDK.has(name)).map(([name, value]) => `    ${name}=${literal(value)},`);
  const extra = entries.filter(([name]) => !SDK.has(name));
  const more = extra.length ? [`    extra_body={${extra.map(([name, value]) => `${literal(name)}: ${literal(value)}`).join(", ")}},`] : [];
  return [
    "import os",
    "",
    "from openai import OpenAI",
    "",
    'client = OpenAI(base_url=os.environ["ACS_API_BASE"], api_key=os.environ["ACS_API_KEY"])',
    `${body.stream ? "chunks" : "answer"} = client.completions.create(`,
    ...own,
    ...more,
    '    extra_headers={"X-Wait-For-Model": "900"},',
    ")",
    ...reading(body),
  ].join("\n");
}

/** @param {Record<string, any>} body */
function reading(body) {
  if (!body.stream) return ["for choice in answer.choices:", "    print(repr(choice.text))"];
  return ["for chunk in chunks:", "    for choice in chunk.choices:", '        print(choice.text, end="", flush=True)'];
}

/** A value as Python writes it. @param {any} value @returns {string} */
export function literal(value) {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value).map(([name, one]) => `${literal(name)}: ${literal(one)}`).join(", ")}}`;
  return typeof value === "string" ? pythonString(value) : String(value);
}

/** @param {string} value */
function pythonString(value) {
  const escaped = JSON.stringify(value).replace(/[\u007f-\uffff]/gu, (character) => character);
  return escaped.replace(/[\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The harness scores texts and samples by its own tasks: the model and the sampling are what carries over. @param {Record<string, any>} body */
export function lmEval(body) {
  const sampling = ["temperature", "top_p", "top_k", "min_p", "seed", "max_tokens", "repetition_penalty", "presence_penalty", "frequency_penalty"];
  const kept = sampling.filter((name) => body[name] !== undefined).map((name) => `${name === "max_tokens" ? "max_gen_toks" : name}=${body[name]}`);
  return [
    'OPENAI_API_KEY="$ACS_API_KEY" lm_eval --model local-completions \\',
    `  --model_args "model=${body.model},base_url=\${ACS_API_BASE%/v1}/m/${body.model}/v1/completions,tokenizer_backend=remote,auth_token=$ACS_API_KEY" \\`,
    ...(kept.length ? [`  --gen_kwargs ${kept.join(",")} \\`] : []),
    "  --tasks lambada_openai",
  ].join("\n");
}
