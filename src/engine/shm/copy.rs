//! Copying where a bad address makes the copy fail and not the process.
//!
//! Three routines whose instructions lie together, touch the stack nowhere, and may be left from any
//! of them: a fault inside is answered by going on at their failure label.
//!
//! `rep movsb` is not used, nor the C library's memcpy, which uses it: on the processors at hand it
//! is twenty times slower where the destination's place in its page is a little above the source's,
//! and the text of a message stands 8 bytes behind where its structure begins.
#![allow(unsafe_code)]

use crate::os;
use std::arch::global_asm;

/// From how many bytes on the wide registers are worth what it costs to leave them tidy.
const WIDE: usize = 256;

global_asm!(
    ".pushsection .text.msgq_copy, \"ax\", @progbits",
    ".balign 64",
    ".globl msgq_copy",
    ".hidden msgq_copy",
    ".type msgq_copy, @function",
    // rdi: to, rsi: from, rdx: bytes. Gives 0, or 1 where an address was bad.
    "msgq_copy:",
    ".cfi_startproc",
    "cmp rdx, 16",
    "jb 3f",
    "cmp rdx, 32",
    "ja 1f",
    // The first and the last bytes, which may overlap: so no length needs a loop of its own.
    "movups xmm0, [rsi]",
    "movups xmm1, [rsi + rdx - 16]",
    "movups [rdi], xmm0",
    "movups [rdi + rdx - 16], xmm1",
    "xor eax, eax",
    "ret",
    "1:",
    "lea rcx, [rdx - 64]",
    "xor eax, eax",
    "cmp rdx, 64",
    "ja 2f",
    "movups xmm0, [rsi]",
    "movups xmm1, [rsi + 16]",
    "movups xmm2, [rsi + rdx - 32]",
    "movups xmm3, [rsi + rdx - 16]",
    "movups [rdi], xmm0",
    "movups [rdi + 16], xmm1",
    "movups [rdi + rdx - 32], xmm2",
    "movups [rdi + rdx - 16], xmm3",
    "ret",
    ".balign 16",
    "2:",
    "movups xmm0, [rsi + rax]",
    "movups xmm1, [rsi + rax + 16]",
    "movups xmm2, [rsi + rax + 32]",
    "movups xmm3, [rsi + rax + 48]",
    "movups [rdi + rax], xmm0",
    "movups [rdi + rax + 16], xmm1",
    "movups [rdi + rax + 32], xmm2",
    "movups [rdi + rax + 48], xmm3",
    "add rax, 64",
    "cmp rax, rcx",
    "jb 2b",
    "movups xmm0, [rsi + rcx]",
    "movups xmm1, [rsi + rcx + 16]",
    "movups xmm2, [rsi + rcx + 32]",
    "movups xmm3, [rsi + rcx + 48]",
    "movups [rdi + rcx], xmm0",
    "movups [rdi + rcx + 16], xmm1",
    "movups [rdi + rcx + 32], xmm2",
    "movups [rdi + rcx + 48], xmm3",
    "xor eax, eax",
    "ret",
    // Fewer than 16.
    "3:",
    "xor eax, eax",
    "cmp edx, 8",
    "jb 4f",
    "mov r8, [rsi]",
    "mov r9, [rsi + rdx - 8]",
    "mov [rdi], r8",
    "mov [rdi + rdx - 8], r9",
    "ret",
    "4:",
    "cmp edx, 4",
    "jb 5f",
    "mov r8d, [rsi]",
    "mov r9d, [rsi + rdx - 4]",
    "mov [rdi], r8d",
    "mov [rdi + rdx - 4], r9d",
    "ret",
    "5:",
    "cmp edx, 2",
    "jb 6f",
    "movzx r8d, word ptr [rsi]",
    "movzx r9d, word ptr [rsi + rdx - 2]",
    "mov [rdi], r8w",
    "mov [rdi + rdx - 2], r9w",
    "ret",
    "6:",
    "test edx, edx",
    "jz 7f",
    "movzx r8d, byte ptr [rsi]",
    "mov [rdi], r8b",
    "7:",
    "ret",
    ".cfi_endproc",
    ".size msgq_copy, . - msgq_copy",
    ".balign 16",
    ".globl msgq_copy_word",
    ".hidden msgq_copy_word",
    ".type msgq_copy_word, @function",
    // The same for 8 bytes.
    "msgq_copy_word:",
    ".cfi_startproc",
    "mov rax, [rsi]",
    "mov [rdi], rax",
    "xor eax, eax",
    "ret",
    ".cfi_endproc",
    ".size msgq_copy_word, . - msgq_copy_word",
    ".balign 16",
    ".globl msgq_copy_wide",
    ".hidden msgq_copy_wide",
    ".type msgq_copy_wide, @function",
    ".globl msgq_copy_failed",
    ".hidden msgq_copy_failed",
    ".globl msgq_copy_wide_failed",
    ".hidden msgq_copy_wide_failed",
    // The same for 256 bytes and more, on a processor with AVX.
    "msgq_copy_wide:",
    ".cfi_startproc",
    "vmovdqu ymm0, [rsi]",
    "vmovdqu ymm1, [rsi + rdx - 128]",
    "vmovdqu ymm2, [rsi + rdx - 96]",
    "vmovdqu ymm3, [rsi + rdx - 64]",
    "vmovdqu ymm4, [rsi + rdx - 32]",
    "vmovdqu [rdi], ymm0",
    "lea rcx, [rdi + rdx - 128]",
    "lea rax, [rdi + 32]",
    "and rax, -32",
    "sub rsi, rdi",
    ".balign 16",
    "1:",
    "vmovdqu ymm0, [rsi + rax]",
    "vmovdqu ymm5, [rsi + rax + 32]",
    "vmovdqu ymm6, [rsi + rax + 64]",
    "vmovdqu ymm7, [rsi + rax + 96]",
    "vmovdqa [rax], ymm0",
    "vmovdqa [rax + 32], ymm5",
    "vmovdqa [rax + 64], ymm6",
    "vmovdqa [rax + 96], ymm7",
    "add rax, 128",
    "cmp rax, rcx",
    "jb 1b",
    "vmovdqu [rcx], ymm1",
    "vmovdqu [rcx + 32], ymm2",
    "vmovdqu [rcx + 64], ymm3",
    "vmovdqu [rcx + 96], ymm4",
    "vzeroupper",
    "xor eax, eax",
    "ret",
    "msgq_copy_wide_failed:",
    "vzeroupper",
    "msgq_copy_failed:",
    "mov eax, 1",
    "ret",
    ".cfi_endproc",
    ".size msgq_copy_wide, . - msgq_copy_wide",
    ".popsection",
);

unsafe extern "C" {
    fn msgq_copy(to: *mut u8, from: *const u8, bytes: usize) -> u32;
    fn msgq_copy_word(to: *mut u64, from: *const u64) -> u32;
    fn msgq_copy_wide(to: *mut u8, from: *const u8, bytes: usize) -> u32;
    // Places, not functions.
    fn msgq_copy_failed();
    fn msgq_copy_wide_failed();
}

/// Copies; whether both addresses were good. What it stored before a bad one is not known.
///
/// # Safety
/// What is stored to belongs to whoever asked for it, good or not. The two ranges do not overlap.
#[inline(always)]
pub unsafe fn copy(from: *const u8, to: *mut u8, bytes: usize) -> bool {
    // SAFETY: the caller's promise; a fault inside is answered at the failure label.
    let failed = unsafe {
        if bytes >= WIDE && std::is_x86_feature_detected!("avx") {
            msgq_copy_wide(to, from, bytes)
        } else {
            msgq_copy(to, from, bytes)
        }
    };
    failed == 0
}

/// Copies a word, wherever it lies: whole or not at all.
///
/// # Safety
/// As [`copy`].
#[inline(always)]
pub unsafe fn copy_word(from: *const u64, to: *mut u64) -> bool {
    // SAFETY: the caller's promise; a fault inside is answered at the failure label.
    unsafe { msgq_copy_word(to, from) == 0 }
}

/// As [`copy`], but what comes before a page that cannot be written is stored all the same.
///
/// # Safety
/// As [`copy`].
#[inline(always)]
pub unsafe fn copy_up_to_bad_page(from: *const u8, to: *mut u8, bytes: usize) -> bool {
    // SAFETY: the caller's promise.
    unsafe { copy(from, to, bytes) || copy_page_by_page(from, to, bytes) }
}

#[cold]
unsafe fn copy_page_by_page(from: *const u8, to: *mut u8, bytes: usize) -> bool {
    let page = os::page_size();
    let mut done = 0;
    while done < bytes {
        // SAFETY: the caller's promise; `done` is less than `bytes`.
        let (copied, part) = unsafe {
            let (from, to) = (from.add(done), to.add(done));
            let part = (bytes - done).min(page - to.addr() % page);
            (copy(from, to, part), part)
        };
        if !copied {
            return false;
        }
        done += part;
    }
    true
}

/// Where to go on after a fault at this instruction; nothing where it is not one of a copy.
pub fn way_out(instruction: usize) -> Option<usize> {
    let [narrow, wide, wide_failed, failed] = [
        msgq_copy as *const (),
        msgq_copy_wide as _,
        msgq_copy_wide_failed as _,
        msgq_copy_failed as _,
    ]
    .map(|place| place as usize);
    if (narrow..wide).contains(&instruction) {
        Some(failed)
    } else if (wide..wide_failed).contains(&instruction) {
        Some(wide_failed)
    } else {
        None
    }
}
