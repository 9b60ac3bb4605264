//! The program as its users meet it: arguments in, stdout, stderr and exit status out.

mod bench;
mod exchange;
mod fees;
mod inspect;
mod shell;
mod support;
