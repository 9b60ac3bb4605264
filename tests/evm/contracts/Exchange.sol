// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// Judges orders as the reference says that the exchanges do, with others' code for hashing and recovering. Its code is
/// placed at the exchanges' own addresses, which the domain names.
abstract contract Judge is EIP712 {
    constructor(string memory version) EIP712("Polymarket CTF Exchange", version) {}

    address internal constant SAFE_FACTORY = 0xaacFeEa03eb1561C4e67d661e40682Bd20E3541b;
    bytes32 internal constant SAFE_CODE = 0x2bce2127ff07fb632d16c8347c4ebf501f4841168bed00d9e6ef715ddb6fcecf;
    address internal constant PROXY_FACTORY = 0xaB45c5A4B0c941a2F231C04C3f49182e1A254052;
    bytes32 internal constant PROXY_CODE = 0xd21df8dc65880a8606f09fe0ce3df9b8869287ab0b058be05aa9e8af6330a00b;

    function separator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function safeOf(address owner) public pure returns (address) {
        return Create2.computeAddress(keccak256(abi.encode(owner)), SAFE_CODE, SAFE_FACTORY);
    }

    function proxyOf(address owner) public pure returns (address) {
        return Create2.computeAddress(keccak256(abi.encodePacked(owner)), PROXY_CODE, PROXY_FACTORY);
    }

    function judge(bytes32 hash, bytes memory signature, address maker, address signer, uint8 kind)
        internal
        view
        returns (bool)
    {
        if (kind == 3) {
            return maker == signer && IERC1271(maker).isValidSignature(hash, signature) == IERC1271.isValidSignature.selector;
        }
        if (ECDSA.recover(hash, signature) != signer) {
            return false;
        }
        if (kind == 0) {
            return maker == signer;
        }
        return maker == (kind == 1 ? proxyOf(signer) : safeOf(signer));
    }
}

/// The first generation.
contract ExchangeV1 is Judge("1") {
    struct Order {
        uint256 salt;
        address maker;
        address signer;
        address taker;
        uint256 tokenId;
        uint256 makerAmount;
        uint256 takerAmount;
        uint256 expiration;
        uint256 nonce;
        uint256 feeRateBps;
        uint8 side;
        uint8 signatureType;
    }

    bytes32 internal constant ORDER = keccak256(
        "Order(uint256 salt,address maker,address signer,address taker,uint256 tokenId,uint256 makerAmount,uint256 takerAmount,uint256 expiration,uint256 nonce,uint256 feeRateBps,uint8 side,uint8 signatureType)"
    );

    function hashOrder(Order memory order) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ORDER, order)));
    }

    function verify(Order memory order, bytes memory signature) external view returns (bool) {
        return judge(hashOrder(order), signature, order.maker, order.signer, order.signatureType);
    }
}

/// The second generation; the third differs by its version alone.
abstract contract Modern is Judge {
    struct Order {
        uint256 salt;
        address maker;
        address signer;
        uint256 tokenId;
        uint256 makerAmount;
        uint256 takerAmount;
        uint8 side;
        uint8 signatureType;
        uint256 timestamp;
        bytes32 metadata;
        bytes32 builder;
    }

    bytes32 internal constant ORDER = keccak256(
        "Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount,uint256 takerAmount,uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,bytes32 builder)"
    );

    function hashOrder(Order memory order) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ORDER, order)));
    }

    function verify(Order memory order, bytes memory signature) external view returns (bool) {
        return judge(hashOrder(order), signature, order.maker, order.signer, order.signatureType);
    }
}

contract ExchangeV2 is Modern {
    constructor() Judge("2") {}
}

contract ExchangeV3 is Modern {
    constructor() Judge("3") {}
}
