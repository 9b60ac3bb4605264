// The official TypeScript client against a running exchange.
//
//     exchange.mjs READY_FILE [WORD...]
//
// Markets and funded wallets come from the stage hand of run.py, whose address is in the file; all else is the client's own
// doing. One line a check: `ok` or `FAIL` with its name. The exit status is 0 only if nothing failed.
//
// Source: reference, section 19, read 2026-11-20.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { AssetType, ClobClient, OrderType, Side } from "@polymarket/clob-client-v2";
import { createWalletClient, custom } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const [, , ready, ...words] = process.argv;
const addresses = JSON.parse(readFileSync(ready, "utf8"));
const host = addresses.polymarket.clob;
const offline = custom({ request: ({ method }) => Promise.reject(new Error(`asked the chain for ${method}`)) });

/** Asks the stage hand. */
async function stage(what, body = {}) {
  const answer = await fetch(`${addresses.stage}/${what}`, { method: "POST", body: JSON.stringify(body) });
  const found = await answer.json();
  assert.equal(answer.status, 200, `stage ${what}: ${JSON.stringify(found)}`);
  return found;
}

function connect(person, creds, more = {}) {
  const signer = createWalletClient({ account: privateKeyToAccount(person.key), transport: offline });
  const wallet = person.kind === 0 ? {} : { funderAddress: person.wallet };
  return new ClobClient({ host, chain: 137, signer, creds, signatureType: person.kind, ...wallet, ...more });
}

/** A funded trader with the client that speaks for it. Refusals throw. */
async function trader(kind = 0, usd = "1000") {
  const person = await stage("trader", { kind, usd });
  const creds = await connect(person).deriveApiKey();
  return { ...person, creds, client: connect(person, creds, { throwOnError: true }) };
}

/** A market, a seller with 100 shares of both outcomes, and a buyer. */
async function pair(more = {}) {
  const market = await stage("market", more);
  const [seller, buyer] = [await trader(), await trader()];
  await stage("split", { wallet: seller.wallet, condition: market.condition, amount: "100" });
  return { market, seller, buyer };
}

const limit = (person, tokenID, side, size, price, type = OrderType.GTC, postOnly = false) =>
  person.client.createAndPostOrder({ tokenID, side, size, price }, undefined, type, postOnly);

const balance = async (person, token) => {
  const asked = token ? { asset_type: AssetType.CONDITIONAL, token_id: token } : { asset_type: AssetType.COLLATERAL };
  return Number((await person.client.getBalanceAllowance(asked)).balance) / 1e6;
};

async function refused(status, text, action) {
  const error = await action().then((found) => assert.fail(`expected ${status} \`${text}\`, found ${JSON.stringify(found)}`), (error) => error);
  assert.equal(error.status, status, String(error));
  assert.ok(`${error.message} ${JSON.stringify(error.data)}`.toLowerCase().includes(text.toLowerCase()), `expected \`${text}\`, found ${error.message}`);
}

const checks = {
  async "keys are created, then derived"() {
    const client = connect(await stage("fresh"));
    const created = await client.createOrDeriveApiKey();
    assert.match(created.key, /^[0-9a-f-]{36}$/);
    assert.deepEqual(await client.createOrDeriveApiKey(), created);
    assert.deepEqual(await client.deriveApiKey(), created);
    assert.equal((await client.createApiKey()).key, undefined);
  },

  async "keys are listed and deleted"() {
    const { client, creds } = await trader();
    assert.deepEqual((await client.getApiKeys()).apiKeys, [creds.key]);
    assert.equal((await client.getClosedOnlyMode()).closed_only, false);
    const readonly = (await client.createReadonlyApiKey()).apiKey;
    assert.ok(JSON.stringify(await client.getReadonlyApiKeys()).includes(readonly));
    assert.equal(await client.deleteReadonlyApiKey(readonly), true);
    const builder = await client.createBuilderApiKey();
    assert.ok(builder.key && builder.secret && builder.passphrase);
    assert.deepEqual((await client.getBuilderApiKeys()).map((entry) => entry.key), [builder.key]);
    assert.equal(await client.deleteApiKey(), "OK");
    await refused(401, "Unauthorized/Invalid api key", () => client.getApiKeys());
  },

  async "server and market parameters"() {
    const market = await stage("market", { tick: "0.001", neg_risk: true, fee_rate: "0.05" });
    const { client } = await trader();
    assert.equal(await client.getOk(), "OK");
    assert.equal(await client.getVersion(), 2);
    assert.ok(Math.abs((await client.getServerTime()) - Date.now() / 1000) < 5);
    assert.equal(await client.getTickSize(market.yes), "0.001");
    assert.equal(await client.getNegRisk(market.yes), true);
    assert.equal(await client.getFeeRateBps(market.yes), 1000);
    const found = await client.getClobMarketInfo(market.condition);
    assert.deepEqual([found.c, found.t.map((token) => token.t), found.mts, found.nr, found.fd], [market.condition, [market.yes, market.no], 0.001, true, { r: 0.05, e: 1, to: true }]);
    assert.equal((await client.getMarket(market.condition)).question, market.question);
    for (const operation of ["getMarkets", "getSimplifiedMarkets", "getSamplingMarkets", "getSamplingSimplifiedMarkets"]) {
      const page = await client[operation]();
      assert.equal(page.count, page.data.length, operation);
    }
  },

  async "books, their hashes, and prices"() {
    const { market, seller, buyer } = await pair();
    await limit(seller, market.yes, Side.SELL, 50, 0.6);
    await limit(buyer, market.yes, Side.BUY, 100, 0.4);
    for (const token of [market.yes, market.no]) {
      // The helper hashes the object in the order in which it was received.
      const book = await buyer.client.getOrderBook(token);
      const served = book.hash;
      assert.equal(await buyer.client.getOrderBookHash(book), served);
    }
    const book = await buyer.client.getOrderBook(market.no);
    assert.deepEqual([book.bids.at(-1), book.asks.at(-1)].map((level) => [Number(level.price), Number(level.size)]), [[0.4, 50], [0.6, 100]]);
    const asked = [{ token_id: market.yes, side: Side.BUY }, { token_id: market.no, side: Side.BUY }];
    assert.deepEqual((await buyer.client.getOrderBooks(asked)).map((entry) => entry.asset_id), [market.yes, market.no]);
    assert.equal(Number((await buyer.client.getMidpoint(market.yes)).mid), 0.5);
    assert.equal(Number((await buyer.client.getMidpoints(asked))[market.no]), 0.5);
    assert.equal(Number((await buyer.client.getPrice(market.yes, "SELL")).price), 0.6);
    assert.equal(Number((await buyer.client.getPrices(asked))[market.yes].BUY), 0.4);
    assert.equal(Number((await buyer.client.getSpread(market.yes)).spread), 0.2);
    assert.equal(Number((await buyer.client.getSpreads(asked))[market.yes]), 0.2);
    assert.equal(await buyer.client.calculateMarketPrice(market.yes, Side.BUY, 6, OrderType.FOK), 0.6);
    await limit(buyer, market.yes, Side.BUY, 10, 0.6);
    assert.equal(Number((await buyer.client.getLastTradePrice(market.yes)).price), 0.6);
    assert.equal((await buyer.client.getLastTradesPrices(asked)).length, 2);
    const history = await buyer.client.getPricesHistory({ market: market.yes, interval: "max" });
    assert.ok((history.history ?? history).length > 0);
  },

  async "limit orders of every signature type rest and trade"() {
    const { market, seller } = await pair();
    for (const kind of [0, 1, 2, 3]) {
      const person = await trader(kind);
      const placed = await limit(person, market.yes, Side.BUY, 10, 0.4);
      assert.deepEqual([placed.success, placed.status, placed.errorMsg, placed.makingAmount], [true, "live", "", ""]);
      const order = await person.client.getOrder(placed.orderID);
      assert.deepEqual([order.id, order.status.replace("ORDER_STATUS_", ""), order.side, Number(order.original_size), Number(order.price)], [placed.orderID, "LIVE", "BUY", 10, 0.4]);
      assert.deepEqual((await person.client.getOpenOrders()).map((entry) => entry.id), [placed.orderID]);
      const sold = await limit(seller, market.yes, Side.SELL, 10, 0.4);
      assert.deepEqual([sold.status, Number(sold.makingAmount), Number(sold.takingAmount)], ["matched", 10, 4]);
      // The client follows the trade to its transaction.
      assert.match(sold.transactionsHashes[0], /^0x[0-9a-f]{64}$/);
      const [trade] = await person.client.getTrades({ id: sold.tradeIDs[0] });
      assert.deepEqual([trade.trader_side, trade.maker_orders[0].order_id, Number(trade.size)], ["MAKER", placed.orderID, 10]);
    }
  },

  async "market orders"() {
    const { market, seller, buyer } = await pair();
    await limit(seller, market.yes, Side.SELL, 50, 0.6);
    await limit(seller, market.yes, Side.BUY, 50, 0.3);
    const bought = await buyer.client.createAndPostMarketOrder({ tokenID: market.yes, side: Side.BUY, amount: 6 }, undefined, OrderType.FOK);
    assert.deepEqual([bought.status, Number(bought.makingAmount), Number(bought.takingAmount)], ["matched", 6, 10]);
    const sold = await buyer.client.createAndPostMarketOrder({ tokenID: market.yes, side: Side.SELL, amount: 10 }, undefined, OrderType.FAK);
    assert.deepEqual([Number(sold.makingAmount), Number(sold.takingAmount)], [10, 3]);
    assert.equal(await balance(buyer), 997);
  },

  async "FOK is killed, FAK fills in part, post-only never crosses"() {
    const { market, seller, buyer } = await pair();
    await limit(seller, market.yes, Side.SELL, 50, 0.6);
    await refused(400, "FOK orders are fully filled or killed", () => limit(buyer, market.yes, Side.BUY, 100, 0.6, OrderType.FOK));
    await refused(400, "invalid post-only order: order crosses book", () => limit(buyer, market.yes, Side.BUY, 10, 0.6, OrderType.GTC, true));
    const part = await limit(buyer, market.yes, Side.BUY, 80, 0.6, OrderType.FAK);
    assert.equal(Number(part.takingAmount), 50);
    assert.deepEqual(await buyer.client.getOpenOrders(), []);
    await refused(400, "no orders found to match with FAK order", () => limit(buyer, market.yes, Side.BUY, 80, 0.6, OrderType.FAK));
  },

  async "buying both outcomes mints"() {
    const market = await stage("market");
    const [first, second] = [await trader(), await trader(3)];
    await limit(first, market.no, Side.BUY, 10, 0.4);
    const bought = await limit(second, market.yes, Side.BUY, 10, 0.6);
    assert.deepEqual([bought.status, Number(bought.makingAmount), Number(bought.takingAmount)], ["matched", 6, 10]);
    const [trade] = await second.client.getTrades({ id: bought.tradeIDs[0] });
    assert.deepEqual([trade.maker_orders[0].asset_id, trade.maker_orders[0].side, Number(trade.maker_orders[0].price)], [market.no, "BUY", 0.4]);
  },

  async "batches and every way to cancel"() {
    const market = await stage("market");
    const person = await trader();
    const order = async (price) => ({ order: await person.client.createOrder({ tokenID: market.yes, side: Side.BUY, size: 5, price }), orderType: OrderType.GTC });
    const placed = await person.client.postOrders([await order(0.1), await order(0.11), await order(0.12), await order(0.13)]);
    const ids = placed.map((reply) => reply.orderID);
    assert.deepEqual(placed.map((reply) => reply.status), Array(4).fill("live"));
    assert.deepEqual((await person.client.cancelOrder({ orderID: ids[0] })).canceled, [ids[0]]);
    assert.deepEqual((await person.client.cancelOrders([ids[1], ids[2]])).canceled.sort(), [ids[1], ids[2]].sort());
    assert.deepEqual((await person.client.cancelMarketOrders({ market: market.condition })).canceled, [ids[3]]);
    const last = await limit(person, market.no, Side.BUY, 5, 0.2);
    assert.deepEqual((await person.client.cancelAll()).canceled, [last.orderID]);
    assert.deepEqual(Object.keys((await person.client.cancelOrder({ orderID: last.orderID })).not_canceled), [last.orderID]);
  },

  async "good till date"() {
    const market = await stage("market");
    const person = await trader();
    const expiration = Math.floor(Date.now() / 1000) + 600;
    const placed = await person.client.createAndPostOrder({ tokenID: market.yes, side: Side.BUY, size: 5, price: 0.2, expiration }, undefined, OrderType.GTD);
    const order = await person.client.getOrder(placed.orderID);
    assert.deepEqual([order.order_type, order.expiration], ["GTD", String(expiration)]);
  },

  async "without throwing, a refusal is an object"() {
    const market = await stage("market");
    const person = await trader(0, "1");
    const quiet = connect(person, person.creds);
    const found = await quiet.createAndPostOrder({ tokenID: market.yes, side: Side.BUY, size: 100, price: 0.5 });
    assert.equal(found.status, 400);
    assert.match(found.error, /not enough balance \/ allowance/);
  },

  async "balances, notifications, heartbeats and scoring"() {
    const { market, seller, buyer } = await pair();
    assert.deepEqual([await balance(buyer), await balance(seller, market.yes)], [1000, 100]);
    await buyer.client.updateBalanceAllowance({ asset_type: AssetType.COLLATERAL });
    const placed = await limit(buyer, market.yes, Side.BUY, 10, 0.4);
    assert.equal(typeof (await buyer.client.isOrderScoring({ order_id: placed.orderID })).scoring, "boolean");
    assert.deepEqual(Object.keys(await buyer.client.areOrdersScoring({ orderIds: [placed.orderID] })), [placed.orderID]);
    await limit(seller, market.yes, Side.SELL, 10, 0.4);
    const notes = await buyer.client.getNotifications();
    assert.ok(notes.some((note) => note.type === 2), JSON.stringify(notes));
    const first = (await buyer.client.postHeartbeat("")).heartbeat_id;
    const second = (await buyer.client.postHeartbeat(first)).heartbeat_id;
    assert.notEqual(first, second);
  },

  async "trades in pages, as taker and as maker"() {
    const { market, seller, buyer } = await pair();
    for (const price of [0.4, 0.41, 0.42]) {
      await limit(buyer, market.yes, Side.BUY, 10, price);
      await limit(seller, market.yes, Side.SELL, 10, price);
    }
    const page = await seller.client.getTradesPaginated({ market: market.condition });
    assert.equal(page.trades.length, 3);
    assert.deepEqual((await seller.client.getTrades()).map((trade) => trade.trader_side), Array(3).fill("TAKER"));
  },

  async "a failed trade leaves no hash and no shares"() {
    const { market, seller, buyer } = await pair();
    await limit(buyer, market.yes, Side.BUY, 10, 0.4);
    await stage("by_hand");
    try {
      const signed = await seller.client.createOrder({ tokenID: market.yes, side: Side.SELL, size: 10, price: 0.4 });
      const posting = seller.client.postOrder(signed);
      let trades = [];
      while (trades.length === 0) trades = await seller.client.getTrades({ market: market.condition }, true);
      await stage("advance", { trade: trades[0].id, step: "fail" });
      const reply = await posting;
      assert.equal(reply.status, "matched");
      const [trade] = await seller.client.getTrades({ id: trades[0].id });
      assert.match(trade.status, /FAILED$/);
      assert.deepEqual([await balance(buyer), await balance(buyer, market.yes), await balance(seller, market.yes)], [1000, 0, 100]);
    } finally {
      await stage("by_itself");
    }
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  const shown = `js2: ${name}`;
  if (words.length > 0 && !words.some((word) => shown.includes(word))) continue;
  const started = performance.now();
  try {
    await check();
    console.log(`ok   ${shown} (${((performance.now() - started) / 1000).toFixed(2)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${shown}\n     ${String(error?.stack ?? error).split("\n").slice(0, 6).join("\n     ")}`);
  }
}
process.exit(failed === 0 ? 0 : 1);
