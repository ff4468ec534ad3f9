//! The command `msgq`: runs programs under the library, and shows what they did.

#![deny(unsafe_code)]

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::main()
}
