//! Errors to HTTP callers: `application/problem+json` with a stable `code`, no echo of input.
