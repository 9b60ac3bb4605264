// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// Every call that a trader's wallet makes, taken apart and put together again by the compiler's own code: what comes back
/// must be what was sent. Also emits the exchanges' events, for whoever decodes them.
contract Calls {
    struct ProxyCall {
        uint8 kind;
        address to;
        uint256 value;
        bytes data;
    }

    event OrderFilled(
        bytes32 indexed orderHash, address indexed maker, address indexed taker, uint256 makerAssetId,
        uint256 takerAssetId, uint256 makerAmountFilled, uint256 takerAmountFilled, uint256 fee
    );
    event OrderFilled(
        bytes32 indexed orderHash, address indexed maker, address indexed taker, uint8 side, uint256 tokenId,
        uint256 makerAmountFilled, uint256 takerAmountFilled, uint256 fee, bytes32 builder, bytes32 metadata
    );
    event FeeCharged(address indexed receiver, uint256 amount);

    function emitAll(bytes32 order, address maker, address taker, uint256 token) external {
        emit OrderFilled(order, maker, taker, 0, token, 5, 10, 1);
        emit OrderFilled(order, maker, taker, 1, token, 10, 5, 1, bytes32(uint256(7)), bytes32(uint256(8)));
        emit FeeCharged(taker, 3);
    }

    function approve(address a, uint256 b) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b);
    }

    function balanceOf(address a) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a);
    }

    function allowance(address a, address b) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b);
    }

    function transfer(address a, uint256 b) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b);
    }

    function setApprovalForAll(address a, bool b) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b);
    }

    function isApprovedForAll(address a, address b) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b);
    }

    function balanceOf(address a, uint256 b) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b);
    }

    function balanceOfBatch(address[] memory a, uint256[] memory b) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b);
    }

    function safeTransferFrom(address a, address b, uint256 c, uint256 d, bytes memory e)
        external
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(msg.sig, a, b, c, d, e);
    }

    function wrap(address a, address b, uint256 c) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b, c);
    }

    function unwrap(address a, address b, uint256 c) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b, c);
    }

    function splitPosition(address a, bytes32 b, bytes32 c, uint256[] memory d, uint256 e)
        external
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(msg.sig, a, b, c, d, e);
    }

    function mergePositions(address a, bytes32 b, bytes32 c, uint256[] memory d, uint256 e)
        external
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(msg.sig, a, b, c, d, e);
    }

    function redeemPositions(address a, bytes32 b, bytes32 c, uint256[] memory d)
        external
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(msg.sig, a, b, c, d);
    }

    function convertPositions(bytes32 a, uint256 b, uint256 c) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b, c);
    }

    function redeemPositions(bytes32 a, uint256[] memory b) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b);
    }

    function split(bytes31 a, uint256 b) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b);
    }

    function merge(bytes31 a, uint256 b) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b);
    }

    function redeem(bytes31 a, uint256 b, uint256 c) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b, c);
    }

    function convert(bytes29 a, uint16 b, uint256 c) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b, c);
    }

    function prepareCondition(address a, bytes32 b, uint256 c) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b, c);
    }

    function reportPayouts(bytes32 a, uint256[] memory b) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b);
    }

    function payoutDenominator(bytes32 a) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a);
    }

    function payoutNumerators(bytes32 a, uint256 b) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b);
    }

    function getOutcomeSlotCount(bytes32 a) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a);
    }

    function getCollectionId(bytes32 a, bytes32 b, uint256 c) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b, c);
    }

    function getPositionId(address a, bytes32 b) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a, b);
    }

    function multiSend(bytes memory a) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a);
    }

    function proxy(ProxyCall[] memory a) external pure returns (bytes memory) {
        return abi.encodeWithSelector(msg.sig, a);
    }
}
