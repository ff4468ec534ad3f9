//! A call of which only its kind tells which it is.

use super::{Checked, Seen};
use crate::trace::call::{Any, Call, Outcome};
use crate::trace::format::Kind;

impl Checked for Any {
    fn before(self, caller: usize) -> Seen {
        match self.kind() {
            Kind::Get => self.get().before(caller),
            Kind::Control => self.control().before(caller),
            Kind::Send => self.send().before(caller),
            Kind::Receive => self.receive().before(caller),
            _ => Seen::default(),
        }
    }

    #[allow(unsafe_code)]
    unsafe fn after(self, caller: usize, seen: Seen, outcome: Outcome) {
        // SAFETY: the caller's promise, handed on.
        unsafe {
            match self.kind() {
                Kind::Get => self.get().after(caller, seen, outcome),
                Kind::Control => self.control().after(caller, seen, outcome),
                Kind::Send => self.send().after(caller, seen, outcome),
                Kind::Receive => self.receive().after(caller, seen, outcome),
                _ => {}
            }
        }
    }
}
