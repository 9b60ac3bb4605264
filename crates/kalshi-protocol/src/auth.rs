//! Signing strings and headers of signed requests.
