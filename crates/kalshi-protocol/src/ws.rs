//! WebSocket commands and messages.
