// What the official TypeScript client makes of an order: one case a line in, one answer a line out, nothing judged here.
//
//     orders.mjs < cases.ndjson > answers.ndjson
//
// Lines and fields are those of orders.py. The client draws its salt from Math.random and the clock, and both are set to
// what the case says; everything else goes through its public builder.
//
// Source: reference, sections 3 to 6, read 2026-11-20.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { createL1Headers, createL2Headers, getContractConfig, OrderBuilder } from "@polymarket/clob-client-v2";
import { createWalletClient, custom, getAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";

// The package exports no builder for amounts that are fixed already; its own builder uses this one.
const dist = dirname(createRequire(import.meta.url).resolve("@polymarket/clob-client-v2"));
const { ExchangeOrderBuilderV2 } = await import(pathToFileURL(join(dist, "order-utils", "exchangeOrderBuilderV2.js")));

const offline = custom({ request: ({ method }) => Promise.reject(new Error(`asked the chain for ${method}`)) });

/** Runs `action` while salt and time are the case's: the client multiplies a random number with the time, and writes the time as text. */
async function pinned(kase, action) {
  const [random, now] = [Math.random, Date.now];
  Math.random = () => ({ valueOf: () => kase.salt });
  Date.now = () => ({ valueOf: () => 1, toString: () => String(kase.timestamp_ms) });
  try {
    return await action();
  } finally {
    [Math.random, Date.now] = [random, now];
  }
}

async function answer(kase) {
  const account = privateKeyToAccount(kase.key);
  const signer = createWalletClient({ account, transport: offline });
  const builder = new OrderBuilder(signer, kase.chain_id, kase.signature_type, kase.funder ?? undefined);
  const order = {
    tokenID: kase.token, price: Number(kase.price), side: kase.side, metadata: kase.metadata, builderCode: kase.builder,
    ...(kase.market ? { amount: Number(kase.size) } : { size: Number(kase.size), expiration: kase.expiration }),
  };
  const options = { tickSize: kase.tick, negRisk: kase.neg_risk };
  const made = await pinned(kase, () => builder[kase.market ? "buildMarketOrder" : "buildOrder"](order, options, kase.version));

  const contracts = getContractConfig(kase.chain_id);
  const contract = kase.version === 3 ? contracts.exchangeV3 : kase.neg_risk ? contracts.negRiskExchangeV2 : contracts.exchangeV2;
  const exchange = new ExchangeOrderBuilderV2(contract, kase.chain_id, signer, () => String(kase.salt), String(kase.version));
  const data = {
    maker: getAddress(kase.maker), signer: getAddress(kase.signer), tokenId: kase.token, makerAmount: kase.ours.maker_amount,
    takerAmount: kase.ours.taker_amount, side: kase.side, signatureType: kase.signature_type, timestamp: String(kase.timestamp_ms),
    metadata: kase.metadata, builder: kase.builder,
  };
  const typed = () => exchange.buildOrder(data).then((ours) => exchange.buildOrderTypedData(ours));

  const { l1, l2 } = kase;
  const creds = { key: l2.api_key, secret: l2.secret, passphrase: l2.passphrase };
  const request = { method: l2.method, requestPath: l2.path, body: l2.body };
  return {
    maker_amount: made.makerAmount, taker_amount: made.takerAmount, signature: made.signature,
    over_ours: await exchange.buildOrderSignature(await typed()), order_hash: exchange.buildOrderHash(await typed()),
    l1: await createL1Headers(signer, kase.chain_id, l1.nonce, l1.timestamp),
    l2: await createL2Headers(signer, creds, request, l2.timestamp),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const kase = JSON.parse(line);
  // A refusal is an answer too; the judge decides whether it may be one.
  const result = await answer(kase).catch((error) => ({ error: String(error?.message ?? error) }));
  process.stdout.write(`${JSON.stringify({ id: kase.id, ...result })}\n`);
}
