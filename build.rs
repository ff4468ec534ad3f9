//! Gives the shared library its SONAME, keeps it in the process once it is loaded, and lets its
//! probes be found.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libmsgq.so.0");
    // A program that closes its handle would otherwise unmap code that other threads run.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    // LLVM's linker would otherwise give the code another address than its place in the file, which old
    // versions of perf and bpftrace take for the same; and have a page of the file mapped in two
    // places, of which the kernel finds the wrong one to count in who has attached. GNU's linker does
    // neither, and says that it ignores this.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,separate-loadable-segments");
}
