// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712 as OpenZeppelinEIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ERC7739} from "@openzeppelin/contracts/utils/cryptography/signers/draft-ERC7739.sol";
import {ERC1271} from "solady/src/accounts/ERC1271.sol";
import {EIP712 as SoladyEIP712} from "solady/src/utils/EIP712.sol";
import {ECDSA as SoladyECDSA} from "solady/src/utils/ECDSA.sol";
import {LibClone} from "solady/src/utils/LibClone.sol";

/// A deposit wallet on OpenZeppelin's form of ERC-7739, with one owner.
contract PlainWallet is ERC7739 {
    address internal immutable owner;

    constructor(address owner_) OpenZeppelinEIP712("DepositWallet", "1") {
        owner = owner_;
    }

    function _rawSignatureValidation(bytes32 hash, bytes calldata signature) internal view override returns (bool) {
        (address found, ECDSA.RecoverError problem,) = ECDSA.tryRecover(hash, signature);
        return problem == ECDSA.RecoverError.NoError && found == owner;
    }
}

/// What deposit wallets run: Solady's form of ERC-7739, the owner in the arguments behind the proxy's code, and batches that
/// the owner signed.
contract WalletCode is ERC1271 {
    struct Call {
        address target;
        uint256 value;
        bytes data;
    }

    bytes32 internal constant CALL = keccak256("Call(address target,uint256 value,bytes data)");
    bytes32 internal constant BATCH = keccak256(
        "Batch(address wallet,uint256 nonce,uint256 deadline,Call[] calls)Call(address target,uint256 value,bytes data)"
    );

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("DepositWallet", "1");
    }

    function owner() public view returns (address found) {
        (, found) = abi.decode(LibClone.argsOnERC1967BeaconProxy(address(this)), (address, address));
    }

    function _erc1271Signer() internal view override returns (address) {
        return owner();
    }

    function batchHash(uint256 nonce, uint256 deadline, Call[] memory calls) public view returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](calls.length);
        for (uint256 at; at < calls.length; ++at) {
            hashes[at] = keccak256(abi.encode(CALL, calls[at].target, calls[at].value, keccak256(calls[at].data)));
        }
        bytes32 all = keccak256(abi.encodePacked(hashes));
        return _hashTypedData(keccak256(abi.encode(BATCH, address(this), nonce, deadline, all)));
    }

    /// Whoever sends it, the owner's signature counts.
    function execute(uint256 nonce, uint256 deadline, Call[] memory calls, bytes memory signature) external {
        require(block.timestamp <= deadline, "too late");
        require(SoladyECDSA.recover(batchHash(nonce, deadline, calls), signature) == owner(), "not the owner");
        for (uint256 at; at < calls.length; ++at) {
            (bool done,) = calls[at].target.call{value: calls[at].value}(calls[at].data);
            require(done, "a call failed");
        }
    }

    function onERC1155Received(address, address, uint256, uint256, bytes calldata) external pure returns (bytes4) {
        return this.onERC1155Received.selector;
    }

    function onERC1155BatchReceived(address, address, uint256[] calldata, uint256[] calldata, bytes calldata)
        external
        pure
        returns (bytes4)
    {
        return this.onERC1155BatchReceived.selector;
    }
}

/// Names the code of all wallets behind it.
contract Beacon {
    address public immutable implementation;

    constructor(address implementation_) {
        implementation = implementation_;
    }
}

/// Makes deposit wallets from its own address, which the wallets' addresses depend on.
contract WalletFactory {
    address internal constant BEACON = 0x7A18EDfe055488A3128f01F563e5B479D92ffc3a;
    address internal constant EARLY = 0x58CA52ebe0DadfdF531Cde7062e76746de4Db1eB;

    function arguments(address owner) internal view returns (bytes memory) {
        return abi.encode(address(this), bytes32(uint256(uint160(owner))));
    }

    function deploy(address owner) external returns (address) {
        bytes memory args = arguments(owner);
        return LibClone.deployDeterministicERC1967BeaconProxy(BEACON, args, keccak256(args));
    }

    function deployEarly(address owner) external returns (address) {
        bytes memory args = arguments(owner);
        return LibClone.deployDeterministicERC1967(EARLY, args, keccak256(args));
    }
}
