//! Programs and modules that nobody here wrote, each on the C library alone, preloaded over the
//! kernel's queues, and on shm: what they print has to be the same. On shm strace sees to it that no
//! call reaches the kernel. A client that is not installed is listed as ignored, with the reason.

mod support;

#[path = "clients/client.rs"]
mod client;
#[path = "clients/fakeroot.rs"]
mod fakeroot;
#[path = "clients/programs.rs"]
mod programs;
#[path = "clients/python.rs"]
mod python;
#[path = "clients/scripts.rs"]
mod scripts;

use client::WAYS;
use libtest_mimic::{Arguments, Completion, Trial};
use std::sync::Arc;

fn main() {
    let arguments = Arguments::from_args();
    let all = [scripts::clients(), python::clients(), programs::clients(), fakeroot::clients()];
    let mut trials = Vec::new();
    for client in all.into_iter().flatten().map(Arc::new) {
        for way in WAYS.into_iter().filter(|way| way.is_about(&client)) {
            let name = format!("{}/{}", way.name(), client.name);
            let client = Arc::clone(&client);
            trials.push(Trial::ignorable_test(name, move || {
                match client.lacks().or_else(|| way.lacks()) {
                    Some(reason) => Ok(Completion::ignored_with(reason)),
                    None => client.meet(way).map(|()| Completion::Completed),
                }
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}
