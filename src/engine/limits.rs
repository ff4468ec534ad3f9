//! The limits that hold for all queues of an engine.
#![allow(unsafe_code)]

use super::Engine;
use crate::errno::Errno;
use libc::{ERANGE, IPC_INFO, msginfo};

/// Values for the limits; None leaves a limit as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes in a message.
    pub msgmax: Option<u64>,
    /// The most bytes in a queue, as long as IPC_SET says nothing else.
    pub msgmnb: Option<u64>,
    /// The most queues.
    pub msgmni: Option<u64>,
}

/// The most that each limit may be set to, as the kernel has it.
pub const MOST: Limits =
    Limits { msgmax: Some(i32::MAX as u64), msgmnb: Some(i32::MAX as u64), msgmni: Some(32_768) };

impl Limits {
    /// Each limit's name and value.
    pub fn each(&self) -> [(&'static str, Option<u64>); 3] {
        [("msgmax", self.msgmax), ("msgmnb", self.msgmnb), ("msgmni", self.msgmni)]
    }

    /// Whether a limit can have each of these values; ERANGE where one is too high.
    pub fn check(&self) -> Result<(), Errno> {
        let too_high =
            self.each().iter().zip(MOST.each()).any(|((_, value), (_, most))| *value > most);
        if too_high { Err(Errno(ERANGE)) } else { Ok(()) }
    }

    /// The limits that an engine has now.
    pub fn of(engine: &dyn Engine) -> Result<Limits, Errno> {
        // SAFETY: a structure of numbers, for which 0 is a value.
        let mut info: msginfo = unsafe { std::mem::zeroed() };
        // SAFETY: IPC_INFO fills a msginfo, whatever type of pointer msgctl takes.
        unsafe { engine.msgctl(0, IPC_INFO, (&raw mut info).cast()) }?;
        let [msgmax, msgmnb, msgmni] =
            [info.msgmax, info.msgmnb, info.msgmni].map(|limit| u64::try_from(limit).ok());
        Ok(Limits { msgmax, msgmnb, msgmni })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{DEFAULT, ENGINES};

    #[test]
    fn a_limit_may_be_anything_up_to_its_most() {
        assert_eq!(MOST.check(), Ok(()));
        assert_eq!(Limits::default().check(), Ok(()));
        assert_eq!(Limits { msgmax: Some(0), ..MOST }.check(), Ok(()));
    }

    #[test]
    fn a_single_value_beyond_its_most_is_out_of_range() {
        let above = |most: Option<u64>| most.map(|most| most + 1);
        let refused = Err(Errno(ERANGE));
        assert_eq!(Limits { msgmax: above(MOST.msgmax), ..MOST }.check(), refused);
        assert_eq!(Limits { msgmnb: above(MOST.msgmnb), ..MOST }.check(), refused);
        assert_eq!(Limits { msgmni: Some(u64::MAX), ..Limits::default() }.check(), refused);
    }

    #[test]
    fn the_kernels_limits_are_those_of_proc() {
        let (_, kernel) = ENGINES[DEFAULT];
        for (name, value) in Limits::of(kernel).unwrap().each() {
            let told = std::fs::read_to_string(format!("/proc/sys/kernel/{name}")).unwrap();
            assert_eq!(value.unwrap().to_string(), told.trim(), "{name}");
        }
    }
}
