//! Carrying out a journal so that an interrupted thread never goes on where it was.
//!
//! While a thread stores the words of its journal, a signal handler may interrupt it and make calls of its
//! own; or it may be stopped. Others then complete the change, and go on to the next. If the thread
//! now stored one more word, the queue would be damaged. To block signals by a system call takes
//! several times as long as all the rest.
//!
//! The kernel's restartable sequences do it for nothing. While a thread is in one, and is
//! interrupted by anything (a signal, another thread's turn, a stop), the kernel has it go on not where it was
//! but at the sequence's abort address: here, at the beginning, where it looks at the lock word
//! again. Either the change is still its own, and the same words are stored once more, or another
//! completes it (see `overtake.rs`). The C library registers every thread for that (since 2.35); where it does not,
//! signals are blocked after all.
#![allow(unsafe_code)]

use super::atomic::{AtomicU64, Ordering};
use super::commit::{self, Order};
use super::here;
use super::memory::{Fault, Memory};
use crate::os;

/// What the sequence needs, in the order in which it reads it.
#[repr(C)]
struct Task<'a> {
    order: &'a Order<'a>,
    process: *const u32,
    expected_process: u64,
}

/// Carries out a journal: see [`commit::System::carry_out`].
#[inline(always)]
pub fn carry_out<M: Memory>(memory: M, order: &Order<'_>, process: u32) -> Result<bool, Fault> {
    let (process_word, expected_process) = (here::process_word(), u64::from(process));
    let task = Task { order, process: process_word, expected_process };
    match sequence::run(&task) {
        Some(sequence::DONE) => Ok(true),
        Some(sequence::FORKED) => Err(Fault::Forked),
        Some(_) => Ok(false),
        None => masked(memory, order, process),
    }
}

/// The same with signals blocked.
#[cold]
fn masked<M: Memory>(memory: M, order: &Order<'_>, process: u32) -> Result<bool, Fault> {
    let before = os::block_signals();
    let done = match here::process() == process {
        true => commit::step_by_step(memory, order),
        false => Err(Fault::Forked),
    };
    os::restore_signals(before);
    done
}

/// Changes a lock word, if it is as seen. No handler can make a child in between.
#[cold]
pub fn swap(lock: &AtomicU64, seen: u64, new: u64, process: u32) -> Result<bool, Fault> {
    let before = os::block_signals();
    let done = match here::process() == process {
        true => Ok(lock.compare_exchange(seen, new, Ordering::AcqRel, Ordering::Relaxed).is_ok()),
        false => Err(Fault::Forked),
    };
    os::restore_signals(before);
    done
}

/// Whether the calling thread's stores begin anew when it was interrupted.
pub fn restarts() -> bool {
    sequence::is_registered()
}

const _: () = {
    assert!(std::mem::offset_of!(Order<'_>, released) == 24);
    assert!(std::mem::offset_of!(Order<'_>, count) == 40);
    assert!(std::mem::offset_of!(Order<'_>, all) == 48);
};

#[cfg(target_arch = "x86_64")]
mod sequence {
    use super::Task;
    use std::arch::{asm, global_asm};

    pub const DONE: u32 = 1;
    pub const FORKED: u32 = 2;

    // rdi: the task; r11: where the C library has the thread's `struct rseq`, whose second word says
    // which sequence the thread is in. 0x53053053 is the signature that the C library has
    // registered: the kernel jumps nowhere else.
    global_asm!(
        ".pushsection .data.rel.ro.msgq_sequence, \"aw\"",
        ".balign 32",
        "msgq_sequence_description:",
        ".long 0, 0",
        ".quad 21f, 29f - 21f, 20f",
        ".popsection",
        ".pushsection .text.msgq_sequence, \"ax\"",
        ".byte 0x0f, 0xb9, 0x3d",
        ".long 0x53053053",
        "20:",
        "jmp 10f",
        ".balign 16",
        ".globl msgq_sequence",
        ".hidden msgq_sequence",
        ".type msgq_sequence, @function",
        "msgq_sequence:",
        "10:",
        "lea rax, [rip + msgq_sequence_description]",
        "mov qword ptr [r11 + 8], rax",
        "21:",
        "mov rax, qword ptr [rdi + 8]",
        "mov ecx, dword ptr [rdi + 16]",
        "cmp dword ptr [rax], ecx",
        "jne 31f",
        "mov rdx, qword ptr [rdi]",
        "mov rsi, qword ptr [rdx]",
        "mov rax, qword ptr [rdx + 8]",
        "mov rcx, qword ptr [rdx + 16]",
        "lock cmpxchg qword ptr [rsi], rcx",
        "je 22f",
        // Already published, and interrupted since.
        "cmp rax, rcx",
        "jne 32f",
        "22:",
        "mov r8, qword ptr [rdx + 32]",
        "mov r9, qword ptr [rdx + 40]",
        "mov r10, qword ptr [rdx + 56]",
        "mov rdx, qword ptr [rdx + 48]",
        "test r9, r9",
        "jz 25f",
        "23:",
        "mov rcx, qword ptr [r8]",
        "mov rax, qword ptr [r8 + 8]",
        "add r8, 16",
        "cmp rcx, r10",
        "jae 24f",
        "mov qword ptr [rdx + rcx * 8], rax",
        "24:",
        "dec r9",
        "jnz 23b",
        "25:",
        "mov rax, qword ptr [rdi]",
        "mov rax, qword ptr [rax + 24]",
        "mov qword ptr [rsi], rax",
        "29:",
        "mov eax, 1",
        "jmp 33f",
        "31:",
        "mov eax, 2",
        "jmp 33f",
        "32:",
        "xor eax, eax",
        "33:",
        "mov qword ptr [r11 + 8], 0",
        "ret",
        ".size msgq_sequence, . - msgq_sequence",
        ".popsection",
        // Weak: older C libraries do not have them.
        ".weak __rseq_offset",
        ".weak __rseq_size",
    );

    /// Where the C library has the thread's `struct rseq`; 0 where it has none.
    #[inline(always)]
    fn area() -> usize {
        let area: usize;
        // SAFETY: reads the two constants of the C library, where it has them, and the thread pointer.
        unsafe {
            asm!(
                "xor {area:e}, {area:e}",
                "mov {size}, qword ptr [rip + __rseq_size@GOTPCREL]",
                "test {size}, {size}",
                "jz 2f",
                "cmp dword ptr [{size}], 0",
                "je 2f",
                "mov {size}, qword ptr [rip + __rseq_offset@GOTPCREL]",
                "mov {area}, qword ptr [{size}]",
                "add {area}, qword ptr fs:[0]",
                "2:",
                area = out(reg) area,
                size = out(reg) _,
                options(nostack, readonly),
            );
        }
        area
    }

    pub fn is_registered() -> bool {
        area() != 0
    }

    /// What came of it; nothing where the thread is not registered.
    #[inline(always)]
    pub fn run(task: &Task<'_>) -> Option<u32> {
        let area = area();
        if area == 0 {
            return None;
        }
        let done: u32;
        // SAFETY: the journal, the lock and the arena's words are mapped, and each index is held
        // against their number. The sequence clobbers what is named here and no stack.
        unsafe {
            asm!(
                "call msgq_sequence",
                in("rdi") task,
                in("r11") area,
                out("eax") done,
                out("rcx") _,
                out("rdx") _,
                out("rsi") _,
                out("r8") _,
                out("r9") _,
                out("r10") _,
            );
        }
        Some(done)
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod sequence {
    use super::Task;

    pub const DONE: u32 = 1;
    pub const FORKED: u32 = 2;

    pub fn is_registered() -> bool {
        false
    }

    pub fn run(_: &Task<'_>) -> Option<u32> {
        None
    }
}
