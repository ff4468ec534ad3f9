//! The four calls as C functions.
#![allow(unsafe_code)]

use libc::{c_int, c_long, c_void, key_t, msqid_ds, size_t, ssize_t};
use std::ffi::CStr;
use std::mem::transmute;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

// "C-unwind": pthread_cancel unwinds through msgsnd and msgrcv.
type Msgget = unsafe extern "C-unwind" fn(key_t, c_int) -> c_int;
type Msgctl = unsafe extern "C-unwind" fn(c_int, c_int, *mut msqid_ds) -> c_int;
type Msgsnd = unsafe extern "C-unwind" fn(c_int, *const c_void, size_t, c_int) -> c_int;
type Msgrcv = unsafe extern "C-unwind" fn(c_int, *mut c_void, size_t, c_long, c_int) -> ssize_t;

/// The addresses of four functions, each of which may be missing. Signal handlers and threads may
/// read them while they are set.
pub struct Functions {
    msgget: AtomicPtr<c_void>,
    msgctl: AtomicPtr<c_void>,
    msgsnd: AtomicPtr<c_void>,
    msgrcv: AtomicPtr<c_void>,
}

impl Functions {
    /// The names of the functions, in the order of [`Functions::set`].
    pub const NAMES: [&CStr; 4] = [c"msgget", c"msgctl", c"msgsnd", c"msgrcv"];

    /// None of them.
    pub const fn none() -> Functions {
        Functions {
            msgget: AtomicPtr::new(null_mut()),
            msgctl: AtomicPtr::new(null_mut()),
            msgsnd: AtomicPtr::new(null_mut()),
            msgrcv: AtomicPtr::new(null_mut()),
        }
    }

    /// Sets the addresses, each null or that of the C function of its name.
    pub fn set(&self, [msgget, msgctl, msgsnd, msgrcv]: [*mut c_void; 4]) {
        self.msgget.store(msgget, Ordering::Relaxed);
        self.msgctl.store(msgctl, Ordering::Relaxed);
        self.msgsnd.store(msgsnd, Ordering::Relaxed);
        self.msgrcv.store(msgrcv, Ordering::Relaxed);
    }

    /// Sets those addresses that are missing yet.
    pub fn set_missing(&self, [msgget, msgctl, msgsnd, msgrcv]: [*mut c_void; 4]) {
        let set = |function: &AtomicPtr<c_void>, address| {
            let (before, order) = (null_mut(), Ordering::Relaxed);
            let _ = function.compare_exchange(before, address, order, order);
        };
        set(&self.msgget, msgget);
        set(&self.msgctl, msgctl);
        set(&self.msgsnd, msgsnd);
        set(&self.msgrcv, msgrcv);
    }

    /// The addresses.
    pub fn get(&self) -> [*mut c_void; 4] {
        [&self.msgget, &self.msgctl, &self.msgsnd, &self.msgrcv]
            .map(|function| function.load(Ordering::Relaxed))
    }

    /// Whether none is missing.
    pub fn are_all_there(&self) -> bool {
        self.get().iter().all(|address| !address.is_null())
    }
}

/// Gives a function by its name; None where its address is null.
macro_rules! getters {
    ($($name:ident: $type:ty,)*) => {
        impl Functions {
            $(
                #[doc = concat!("The function ", stringify!($name), ".")]
                #[inline(always)]
                pub fn $name(&self) -> Option<$type> {
                    // SAFETY: null, or the address of the C function of this name.
                    unsafe {
                        transmute::<*mut c_void, Option<$type>>(self.$name.load(Ordering::Relaxed))
                    }
                }
            )*
        }
    };
}

getters! {
    msgget: Msgget,
    msgctl: Msgctl,
    msgsnd: Msgsnd,
    msgrcv: Msgrcv,
}
