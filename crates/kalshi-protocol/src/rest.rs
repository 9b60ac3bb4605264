//! Wire types of the REST API.
