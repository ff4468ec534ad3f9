//! The command `msgq`: runs programs under the library, and shows what they did.

#![deny(unsafe_code)]
// Both end the command where nobody reads what it writes: `Failure::tell`, `complain`, `writeln!`.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::main()
}
