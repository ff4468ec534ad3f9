//! The few system calls that the library makes for itself.
//!
//! They go straight to the kernel. Other preloaded libraries replace `open`, `fstat`, `mmap` and
//! the like by their own (fakeroot, fakechroot, allocators), and calling those from here could
//! enter a library that is just initialising, or get an invented answer. None of them changes
//! `errno`.
#![allow(unsafe_code)]

use crate::errno::Errno;
use crate::path::{Path, TooLong};
use libc::{c_char, c_int, c_long};
use std::ffi::CStr;

unsafe extern "C" {
    static environ: *const *const c_char;
}

/// Makes one system call; gives back what the kernel answered.
macro_rules! kernel {
    ($number:expr $(, $argument:expr)*) => {{
        let before = $crate::errno::Errno::current();
        let answer = libc::syscall($number $(, $argument as libc::c_long)*);
        if answer == -1 {
            let error = $crate::errno::Errno::current();
            before.set();
            Err(error)
        } else {
            Ok(answer)
        }
    }};
}
pub(crate) use kernel;

/// A part of what statx(2) tells of a file.
#[derive(Clone, Copy, Debug)]
pub struct Status {
    /// The user id of its owner.
    pub owner: u32,
    /// Its type and its permissions, as st_mode has them.
    pub mode: u32,
}

/// An open descriptor, closed when it is dropped.
pub struct Descriptor(c_int);

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: the descriptor is ours and nobody else knows its number.
        let _ = unsafe { kernel!(libc::SYS_close, self.0) };
    }
}

impl Descriptor {
    /// Opens `path`; `flags` and `mode` as in open(2), O_CLOEXEC added.
    pub fn open(path: &CStr, flags: c_int, mode: u32) -> Result<Descriptor, Errno> {
        // SAFETY: `path` ends with a NUL byte.
        let number = unsafe {
            kernel!(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags | libc::O_CLOEXEC, mode)
        }?;
        Ok(Descriptor(number as c_int))
    }

    /// The file's size in bytes.
    pub fn size(&self) -> Result<u64, Errno> {
        // SAFETY: moves the position of a descriptor of our own.
        unsafe { kernel!(libc::SYS_lseek, self.0, 0, libc::SEEK_END) }.map(|size| size as u64)
    }

    /// Who owns the file, and what it is: its type and permissions.
    pub fn status(&self) -> Result<Status, Errno> {
        // SAFETY: a structure of numbers, for which 0 is a value.
        let mut status: libc::statx = unsafe { std::mem::zeroed() };
        let (this, flags) = (c"".as_ptr(), libc::AT_EMPTY_PATH);
        let wanted = libc::STATX_TYPE | libc::STATX_MODE | libc::STATX_UID;
        // SAFETY: the path ends with a NUL byte; the kernel writes one statx.
        unsafe { kernel!(libc::SYS_statx, self.0, this, flags, wanted, &raw mut status) }?;
        Ok(Status { owner: status.stx_uid, mode: u32::from(status.stx_mode) })
    }

    /// Makes the file `bytes` long, as ftruncate(2).
    pub fn set_size(&self, bytes: u64) -> Result<(), Errno> {
        // SAFETY: nobody has mapped the file yet, or it only grows.
        unsafe { kernel!(libc::SYS_ftruncate, self.0, bytes) }.map(drop)
    }

    /// Gives the first `bytes` of the file real storage, as fallocate(2).
    pub fn allocate(&self, bytes: u64) -> Result<(), Errno> {
        // SAFETY: touches the file only.
        unsafe { kernel!(libc::SYS_fallocate, self.0, 0, 0, bytes) }.map(drop)
    }

    /// Reads from the start of the file; gives the number of bytes read.
    pub fn read(&self, into: &mut [u8]) -> Result<usize, Errno> {
        // SAFETY: the buffer is as long as said.
        unsafe { kernel!(libc::SYS_pread64, self.0, into.as_mut_ptr(), into.len(), 0) }
            .map(|bytes| bytes as usize)
    }

    /// Writes all the bytes, from offset `at` on.
    pub fn write(&self, bytes: &[u8], at: u64) -> Result<(), Errno> {
        // SAFETY: the buffer is as long as said.
        let written =
            unsafe { kernel!(libc::SYS_pwrite64, self.0, bytes.as_ptr(), bytes.len(), at) }?;
        if written as usize == bytes.len() { Ok(()) } else { Err(Errno(libc::ENOSPC)) }
    }

    /// Gives the file this mode, whatever the umask is.
    pub fn set_mode(&self, mode: u32) -> Result<(), Errno> {
        // SAFETY: touches the file only.
        unsafe { kernel!(libc::SYS_fchmod, self.0, mode) }.map(drop)
    }

    /// Maps the first `bytes` of the file at this address, over whatever is there.
    ///
    /// # Safety
    /// The range is the caller's.
    pub unsafe fn map_at(&self, address: *mut u8, bytes: usize) -> Result<(), Errno> {
        let (protection, flags) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_FIXED);
        // SAFETY: the caller's promise.
        unsafe { kernel!(libc::SYS_mmap, address, bytes, protection, flags, self.0, 0) }.map(drop)
    }

    /// Maps `bytes` of the file from its start, shared, to read and write.
    pub fn map(&self, bytes: usize) -> Result<*mut u8, Errno> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice overlaps nothing.
        unsafe { kernel!(libc::SYS_mmap, 0, bytes, protection, libc::MAP_SHARED, self.0, 0) }
            .map(|address| address as *mut u8)
    }
}

/// Reads the whole of a small file, as those in `/sys`; what does not fit is left out.
pub fn read_small<'a>(path: &CStr, into: &'a mut [u8]) -> Result<&'a [u8], Errno> {
    let bytes = Descriptor::open(path, libc::O_RDONLY, 0)?.read(into)?;
    Ok(into.get(..bytes).unwrap_or_default())
}

/// Gives `old` the second name `new`; EEXIST where that is taken.
pub fn link(old: &CStr, new: &CStr) -> Result<(), Errno> {
    let here = libc::AT_FDCWD;
    // SAFETY: both paths end with a NUL byte.
    unsafe { kernel!(libc::SYS_linkat, here, old.as_ptr(), here, new.as_ptr(), 0) }.map(drop)
}

/// Makes a directory; EEXIST where there is something of that name.
pub fn make_directory(path: &CStr, mode: u32) -> Result<(), Errno> {
    // SAFETY: the path ends with a NUL byte.
    unsafe { kernel!(libc::SYS_mkdirat, libc::AT_FDCWD, path.as_ptr(), mode) }.map(drop)
}

/// The current directory's path, without a NUL byte. It begins with no slash where the directory
/// cannot be reached from this process's root.
pub fn current_directory(into: &mut [u8]) -> Result<&[u8], Errno> {
    // SAFETY: the kernel writes at most as many bytes as said.
    let length = unsafe { kernel!(libc::SYS_getcwd, into.as_mut_ptr(), into.len()) }?;
    Ok(into.get(..(length as usize).saturating_sub(1)).unwrap_or_default())
}

/// Removes a name.
pub fn unlink(path: &CStr) -> Result<(), Errno> {
    // SAFETY: the path ends with a NUL byte.
    unsafe { kernel!(libc::SYS_unlinkat, libc::AT_FDCWD, path.as_ptr(), 0) }.map(drop)
}

/// Maps the same file again, from the page at `page` on, `bytes` long: needs no descriptor.
///
/// # Safety
/// `page` is the start of a page of a shared mapping.
pub unsafe fn map_again(page: *mut u8, bytes: usize) -> Result<*mut u8, Errno> {
    // An old size of 0 asks mremap(2) for a second mapping of a shared one.
    // SAFETY: the old mapping stays, the new one overlaps nothing.
    unsafe { kernel!(libc::SYS_mremap, page, 0, bytes, libc::MREMAP_MAYMOVE) }
        .map(|address| address as *mut u8)
}

/// Maps what comes in the file after the page at `page`, `bytes` long, at this address, over whatever
/// is there.
///
/// # Safety
/// `page` is the start of a page of a shared mapping; the range at `address` is the caller's.
pub unsafe fn map_more_at(page: *mut u8, address: *mut u8, bytes: usize) -> Result<(), Errno> {
    let page_bytes = page_size();
    // SAFETY: the caller's promise; the place between is new, and nobody else knows of it.
    unsafe {
        let between = map_again(page, page_bytes + bytes)?;
        let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
        let more = between.add(page_bytes);
        let moved = kernel!(libc::SYS_mremap, more, bytes, bytes, flags, address);
        unmap(between, if moved.is_ok() { page_bytes } else { page_bytes + bytes });
        moved.map(drop)
    }
}

/// Sets address space aside, in which nothing can be read or written.
pub fn set_aside(bytes: usize) -> Result<*mut u8, Errno> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping at an address of the kernel's choice overlaps nothing.
    unsafe { kernel!(libc::SYS_mmap, 0, bytes, libc::PROT_NONE, flags, -1, 0) }
        .map(|address| address as *mut u8)
}

/// Removes a mapping.
///
/// # Safety
/// Nobody uses these addresses any more.
pub unsafe fn unmap(address: *mut u8, bytes: usize) {
    // SAFETY: the caller's promise.
    let _ = unsafe { kernel!(libc::SYS_munmap, address, bytes) };
}

/// Gives every page of the range real memory, or says why it cannot (EFAULT: the file system is
/// full, and a store would end the process with SIGBUS). EINVAL before Linux 5.14.
///
/// # Safety
/// The range is mapped, shared and writable.
pub unsafe fn populate(address: *mut u8, bytes: usize) -> Result<(), Errno> {
    // SAFETY: the caller's promise; the contents stay as they are.
    unsafe { kernel!(libc::SYS_madvise, address, bytes, libc::MADV_POPULATE_WRITE) }.map(drop)
}

/// The size of a page of memory in bytes.
pub fn page_size() -> usize {
    // SAFETY: the C library reads what the kernel told the program at its start.
    unsafe { libc::getauxval(libc::AT_PAGESZ) as usize }
}

/// Whether the kernel knows how to [`populate`].
pub fn can_populate() -> bool {
    // SAFETY: an empty range.
    unsafe { kernel!(libc::SYS_madvise, 0, 0, libc::MADV_POPULATE_WRITE) }.is_ok()
}

/// Keeps a mapping out of core files.
///
/// # Safety
/// The range is mapped.
pub unsafe fn keep_out_of_cores(address: *mut u8, bytes: usize) {
    // SAFETY: the caller's promise.
    let _ = unsafe { kernel!(libc::SYS_madvise, address, bytes, libc::MADV_DONTDUMP) };
}

/// Has a range of private memory wiped in every child that gets a copy of it (MADV_WIPEONFORK). Not
/// known before Linux 4.14.
pub fn wipe_on_fork(address: *mut u8, bytes: usize) {
    // SAFETY: changes nothing in this process.
    let _ = unsafe { kernel!(libc::SYS_madvise, address, bytes, libc::MADV_WIPEONFORK) };
}

/// The process's id.
pub fn process_id() -> u32 {
    // SAFETY: has no argument.
    unsafe { kernel!(libc::SYS_getpid) }.unwrap_or(0) as u32
}

/// The thread's id.
pub fn thread_id() -> u32 {
    // SAFETY: has no argument.
    unsafe { kernel!(libc::SYS_gettid) }.unwrap_or(0) as u32
}

/// The namespace of process ids that this process is in, as a number; 0 where `/proc` does not tell.
pub fn process_namespace() -> u64 {
    namespace(c"/proc/self/ns/pid")
}

/// The namespace of System V queues that this process is in, as a number; 0 where `/proc` does not
/// tell.
pub fn ipc_namespace() -> u64 {
    namespace(c"/proc/self/ns/ipc")
}

fn namespace(path: &CStr) -> u64 {
    let mut target = [0u8; 32];
    // SAFETY: the path ends with a NUL byte; the kernel writes at most as many bytes as said.
    let length = unsafe {
        kernel!(
            libc::SYS_readlinkat,
            libc::AT_FDCWD,
            path.as_ptr(),
            target.as_mut_ptr(),
            target.len()
        )
    };
    // "pid:[4026531836]"
    let target = target.get(..length.unwrap_or(0) as usize).unwrap_or_default();
    let digits = target.iter().filter(|byte| byte.is_ascii_digit());
    digits.fold(0, |number: u64, digit| number.wrapping_mul(10) + u64::from(digit - b'0'))
}

/// The program's name, at most 15 bytes of it, as `/proc/PID/comm` has it.
pub fn program_name() -> [u8; 16] {
    let mut name = [0u8; 16];
    // SAFETY: the kernel writes at most 16 bytes.
    let _ = unsafe { kernel!(libc::SYS_prctl, libc::PR_GET_NAME, name.as_mut_ptr(), 0, 0, 0) };
    name
}

/// Whether this process may read the processor's time stamp counter (prctl(2), PR_GET_TSC).
pub fn may_read_tsc() -> bool {
    let mut mode: c_int = 0;
    // SAFETY: the kernel writes one int.
    let answer = unsafe { kernel!(libc::SYS_prctl, libc::PR_GET_TSC, &raw mut mode, 0, 0, 0) };
    answer.is_ok() && mode == libc::PR_TSC_ENABLE
}

/// The largest file this process may write, in bytes (RLIMIT_FSIZE).
pub fn largest_file() -> u64 {
    let mut limit = libc::rlimit64 { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one rlimit64.
    let answer = unsafe { kernel!(libc::SYS_prlimit64, 0, libc::RLIMIT_FSIZE, 0, &raw mut limit) };
    answer.map_or(0, |_| limit.rlim_cur)
}

/// Nanoseconds on `clock`, as clock_gettime(2), from the kernel itself.
pub fn nanoseconds(clock: libc::clockid_t) -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes one timespec.
    let _ = unsafe { kernel!(libc::SYS_clock_gettime, clock, &raw mut now) };
    in_nanoseconds(now)
}

/// Nanoseconds on the monotonic clock, from the C library: several times faster, since it needs
/// no system call.
pub fn monotonic_nanoseconds() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the C library writes one timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    in_nanoseconds(now)
}

fn in_nanoseconds(time: libc::timespec) -> u64 {
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Sleeps for a few milliseconds, or less where a signal comes.
pub fn sleep_milliseconds(milliseconds: u32) {
    sleep_nanoseconds(milliseconds * 1_000_000);
}

/// The same for nanoseconds, less than a second.
pub fn sleep_nanoseconds(nanoseconds: u32) {
    let time = libc::timespec { tv_sec: 0, tv_nsec: c_long::from(nanoseconds as i32) };
    // SAFETY: the kernel reads one timespec and writes nothing.
    let _ = unsafe { kernel!(libc::SYS_nanosleep, &raw const time, 0) };
}

/// Writes one line to standard error, whole, from its parts.
pub fn complain(parts: &[&[u8]]) {
    let mut line = [0u8; 1024];
    let mut length = 0;
    for byte in parts.iter().flat_map(|part| part.iter()).chain(b"\n") {
        if let Some(place) = line.get_mut(length) {
            *place = *byte;
            length += 1;
        }
    }
    // SAFETY: the line is as long as said.
    let _ = unsafe { kernel!(libc::SYS_write, libc::STDERR_FILENO, line.as_ptr(), length) };
}

/// What strerror(3) says of an error number, in a buffer of the caller's.
pub fn description(error: Errno, into: &mut [u8; 128]) -> &[u8] {
    // SAFETY: the C library writes at most as many bytes, a NUL byte included.
    unsafe { libc::strerror_r(error.0, into.as_mut_ptr().cast(), into.len()) };
    into.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// The environment's value of `name`; nothing where it is unset or empty, or where the program
/// has more rights than its caller, as secure_getenv(3). To be used at once: the program may
/// change its environment later.
pub fn environment(name: &CStr) -> Option<&'static CStr> {
    // SAFETY: the list ends with a null pointer, and each entry with a NUL byte.
    unsafe {
        let mut entry = environment_list();
        if entry.is_null() || libc::getauxval(libc::AT_SECURE) != 0 {
            return None;
        }
        while !(*entry).is_null() {
            let text = CStr::from_ptr(*entry);
            let rest = text.to_bytes_with_nul().strip_prefix(name.to_bytes());
            if let Some(value) = rest.and_then(|rest| rest.strip_prefix(b"=")) {
                return CStr::from_bytes_with_nul(value).ok().filter(|value| !value.is_empty());
            }
            entry = entry.add(1);
        }
    }
    None
}

/// The environment's entries. The C library knows of them only once it has been initialised; before
/// that, in a program's own earliest code, they are where the kernel put them: on the stack, behind
/// the number of arguments, the arguments, and a null pointer.
///
/// # Safety
/// Nobody changes the environment meanwhile.
unsafe fn environment_list() -> *const *const c_char {
    // SAFETY: the C library has both variables; where the second lies is part of its interface.
    unsafe {
        if !environ.is_null() {
            return environ;
        }
        let stack_end = libc::dlsym(libc::RTLD_DEFAULT, c"__libc_stack_end".as_ptr());
        if stack_end.is_null() {
            libc::dlerror();
            return std::ptr::null();
        }
        let arguments: *const c_long = *stack_end.cast::<*const c_long>();
        arguments.add(*arguments as usize + 2).cast()
    }
}

/// Has `handler` called in every child that fork(3) makes from now on.
pub fn in_every_child(handler: unsafe extern "C" fn()) {
    // SAFETY: the library is never unloaded (nodelete), so the handler stays where it is.
    unsafe { libc::pthread_atfork(None, None, Some(handler)) };
}

/// Blocks all signals that can be blocked in the calling thread; gives those that were blocked before.
pub fn block_signals() -> u64 {
    let (all, mut before) = (!0u64, 0u64);
    // SAFETY: the kernel reads and writes eight bytes each.
    let _ = unsafe {
        kernel!(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &raw const all, &raw mut before, 8)
    };
    before
}

/// Has just these signals blocked in the calling thread.
pub fn restore_signals(blocked: u64) {
    // SAFETY: the kernel reads eight bytes.
    let _ =
        unsafe { kernel!(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &raw const blocked, 0, 8) };
}

/// On how many processors the calling thread may run.
pub fn processors() -> u32 {
    let mut mask = [0u64; 128];
    // SAFETY: the kernel writes at most as many bytes as said.
    let bytes =
        unsafe { kernel!(libc::SYS_sched_getaffinity, 0, size_of_val(&mask), mask.as_mut_ptr()) };
    let words = bytes.unwrap_or(0) as usize / 8;
    mask.iter().take(words).map(|word| word.count_ones()).sum()
}

/// Whether there is a process, or a thread of it, with this id in this namespace.
pub fn exists(process: u32, thread: u32) -> bool {
    // SAFETY: signal 0 is sent to nobody.
    let answer = unsafe { kernel!(libc::SYS_tgkill, process, thread, 0) };
    answer != Err(Errno(libc::ESRCH))
}

/// A thread's state letter and its start time, in the kernel's ticks, as `/proc` tells them.
pub fn thread_state(process: u32, thread: u32) -> Option<(u8, u64)> {
    let text = &mut [0u8; 384];
    let text = read_small(task_file(process, thread).ok()?.as_c_str(), text).ok()?;
    // The name before it may contain anything, so the last parenthesis counts.
    let end = text.iter().rposition(|byte| *byte == b')')?;
    let mut fields = text.get(end + 2..)?.split(|byte| *byte == b' ');
    let state = *fields.next()?.first()?;
    let started = fields.nth(18)?;
    let digits = started.iter().filter(|byte| byte.is_ascii_digit());
    Some((state, digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))))
}

fn task_file(process: u32, thread: u32) -> Result<Path<48>, TooLong> {
    let mut path = Path::of(&[b"/proc/"])?;
    path.push_number(process.into())?;
    path.push(b"/task/")?;
    path.push_number(thread.into())?;
    path.push(b"/stat")?;
    Ok(path)
}

/// When the main thread of a process started, in the kernel's ticks; 0 where `/proc` does not tell.
pub fn started(process: u32) -> u64 {
    thread_state(process, process).map_or(0, |(_, started)| started)
}

/// Wakes at most one who sleeps on a futex; how many did.
pub fn wake_one(word: *const u32) -> u32 {
    // SAFETY: the kernel touches no memory for it.
    unsafe { kernel!(libc::SYS_futex, word, libc::FUTEX_WAKE, 1) }.unwrap_or(0) as u32
}

/// Lets another thread run.
pub fn yield_processor() {
    // SAFETY: has no argument.
    let _ = unsafe { kernel!(libc::SYS_sched_yield) };
}

/// Whether the calling thread is on its alternate signal stack: sigaltstack(2).
pub fn on_alternate_stack() -> bool {
    let mut stack = libc::stack_t { ss_sp: std::ptr::null_mut(), ss_flags: 0, ss_size: 0 };
    // SAFETY: the kernel writes one structure.
    let answer = unsafe { kernel!(libc::SYS_sigaltstack, 0, &raw mut stack) };
    answer.is_ok() && stack.ss_flags & libc::SS_ONSTACK != 0
}

/// Where the kernel looks for the calling thread's locks when it dies: get_robust_list(2).
pub fn robust_list() -> Option<usize> {
    let (mut head, mut bytes) = (0usize, 0usize);
    // SAFETY: the kernel writes two words.
    let answer = unsafe { kernel!(libc::SYS_get_robust_list, 0, &raw mut head, &raw mut bytes) };
    (answer.is_ok() && head != 0 && bytes == 24).then_some(head)
}

/// Eight bytes that nobody can guess; or, where the kernel has none, that nobody else has at this moment.
pub fn random() -> u64 {
    let mut bytes = [0u8; 8];
    // SAFETY: the kernel writes at most as many bytes as said.
    let got = unsafe { kernel!(libc::SYS_getrandom, bytes.as_mut_ptr(), bytes.len(), 0) };
    match got {
        Ok(8) => u64::from_ne_bytes(bytes),
        _ => nanoseconds(libc::CLOCK_REALTIME) << 22 ^ u64::from(thread_id()),
    }
}

/// Gives a file to a user and a group, as lchown(2).
pub fn set_owner(path: &CStr, uid: u32, gid: u32) -> Result<(), Errno> {
    let (here, flags) = (libc::AT_FDCWD, libc::AT_SYMLINK_NOFOLLOW);
    // SAFETY: the path ends with a NUL byte.
    unsafe { kernel!(libc::SYS_fchownat, here, path.as_ptr(), uid, gid, flags) }.map(drop)
}

/// Gives a file this mode, as chmod(2).
pub fn set_mode(path: &CStr, mode: u32) -> Result<(), Errno> {
    // SAFETY: the path ends with a NUL byte.
    unsafe { kernel!(libc::SYS_fchmodat, libc::AT_FDCWD, path.as_ptr(), mode) }.map(drop)
}
