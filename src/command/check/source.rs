//! Places in the source: the function and the line of an address in a program's file.

use addr2line::Loader;
use std::collections::HashMap;

/// The files that were looked at.
#[derive(Default)]
pub struct Sources {
    loaders: HashMap<String, Option<Loader>>,
}

impl Sources {
    /// The function, the source file and the line of a call that returns to `address` in `module`, as
    /// far as its symbols tell: "main (prog.c:12)".
    pub fn describe(&mut self, module: &str, address: u64) -> Option<String> {
        let loader = self
            .loaders
            .entry(module.to_string())
            .or_insert_with(|| Loader::new(module).ok())
            .as_ref()?;
        // The call is before the instruction that it returns to.
        let call = loader.relative_address_base().wrapping_add(address).wrapping_sub(1);
        let (function, line) = frame(loader, call);
        let function = function.or_else(|| loader.find_symbol(call).map(str::to_string));
        match (function, line) {
            (Some(function), Some(line)) => Some(format!("{function} ({line})")),
            (Some(function), None) => Some(function),
            (None, line) => line,
        }
    }
}

/// The innermost function at an address, and its line, where there is debug information.
fn frame(loader: &Loader, address: u64) -> (Option<String>, Option<String>) {
    let frame = loader.find_frames(address).ok().and_then(|mut frames| frames.next().ok()?);
    let Some(frame) = frame else { return (None, None) };
    let function = frame.function.and_then(|function| Some(function.demangle().ok()?.into_owned()));
    let line = frame.location.and_then(|location| {
        let file = location.file?;
        let line = location.line.map_or(String::new(), |line| format!(":{line}"));
        Some(format!("{file}{line}"))
    });
    (function, line)
}
