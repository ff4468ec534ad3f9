//! Gives the shared library its SONAME, and keeps it in the process once it is loaded.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libmsgq.so.0");
    // A program that closes its handle would otherwise unmap code that other threads run.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
