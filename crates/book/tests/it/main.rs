//! The book against a plain tree, its trust as text, and its answers.

mod answers;
mod oracle;
mod trust;
