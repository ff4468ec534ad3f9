//! What the benchmarks share: workers in C, medians, tables.

use comfy_table::{CellAlignment, Table, TableStyle};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A compiler: the variable that names it, and its usual name.
pub struct Compiler(pub &'static str, pub &'static str);

pub const C: Compiler = Compiler("CC", "cc");

/// Builds a program or a library from a source of this directory, or says what is wrong with it.
pub fn build(
    compiler: &Compiler,
    place: &Path,
    name: &str,
    source: &str,
    extra: &[&str],
) -> Result<PathBuf, String> {
    let program = place.join(name);
    let Compiler(variable, usual) = compiler;
    let output = Command::new(env::var_os(variable).unwrap_or_else(|| usual.into()))
        .args(["-O2", "-o"])
        .arg(&program)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches").join(source))
        .args(extra)
        .output()
        .map_err(|error| format!("{usual}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(program) } else { Err(format!("{source}: {text}")) }
}

/// The library of the build that made this benchmark.
pub fn library() -> PathBuf {
    let own = env::current_exe().expect("this benchmark's path");
    let library = own.parent().expect("target/release/deps").join("libmsgq.so");
    assert!(library.is_file(), "{} is missing", library.display());
    library
}

pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// A table of figures, with the names in the first column.
pub fn table(style: TableStyle, header: Vec<String>, rows: Vec<Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_style(style);
    table.set_header(header);
    table.add_rows(rows);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
