// Compiles contracts/*.sol with the packages beside node_modules and writes name -> creation code, one JSON object.
// Usage: node compile.js PACKAGES OUTPUT
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const [packages, output] = process.argv.slice(2);
const modules = path.join(packages, "node_modules");
const solc = require(path.join(modules, "solc"));

const folder = path.join(__dirname, "contracts");
const sources = {};
for (const name of fs.readdirSync(folder).filter((name) => name.endsWith(".sol"))) {
  sources[name] = { content: fs.readFileSync(path.join(folder, name), "utf8") };
}
const input = {
  language: "Solidity",
  sources,
  settings: {
    evmVersion: "cancun",
    optimizer: { enabled: true, runs: 200 },
    outputSelection: { "*": { "*": ["evm.bytecode.object"] } },
  },
};
const found = (file) => {
  const place = path.join(modules, file);
  return fs.existsSync(place) ? { contents: fs.readFileSync(place, "utf8") } : { error: `no such file: ${file}` };
};
const result = JSON.parse(solc.compile(JSON.stringify(input), { import: found }));
const errors = (result.errors ?? []).filter((problem) => problem.severity === "error");
if (errors.length > 0) {
  console.error(errors.map((problem) => problem.formattedMessage).join("\n"));
  process.exit(1);
}
const code = {};
for (const name of Object.keys(sources)) {
  for (const [contract, compiled] of Object.entries(result.contracts[name] ?? {})) {
    if (compiled.evm.bytecode.object.length > 0) code[contract] = "0x" + compiled.evm.bytecode.object;
  }
}
// Published as compiled code: the very bytes that others deploy.
const published = {
  ConditionalTokens: "@gnosis.pm/conditional-tokens-contracts/build/contracts/ConditionalTokens.json",
  GnosisSafe: "@gnosis.pm/safe-contracts/build/artifacts/contracts/GnosisSafe.sol/GnosisSafe.json",
  SafeFactory: "@gnosis.pm/safe-contracts/build/artifacts/contracts/proxies/GnosisSafeProxyFactory.sol/GnosisSafeProxyFactory.json",
  SafeFallback: "@gnosis.pm/safe-contracts/build/artifacts/contracts/handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler.json",
  MultiSend: "@gnosis.pm/safe-contracts/build/artifacts/contracts/libraries/MultiSend.sol/MultiSend.json",
};
for (const [contract, file] of Object.entries(published)) {
  code[contract] = JSON.parse(fs.readFileSync(path.join(modules, file), "utf8")).bytecode;
}
fs.writeFileSync(output, JSON.stringify(code));
