//! An engine of one queue for one message in a file: once such as trusts nothing that it reads
//! there, and twice such as does, which have to be found.
#![allow(unsafe_code)]

use libc::{EFAULT, EINVAL, EIO, ENOENT, ENOMSG, c_int, c_long, c_void, key_t, msginfo, msqid_ds};
use msgq::engine::{Engine, Number, Received};
use msgq::errno::Errno;
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::ptr::{null_mut, slice_from_raw_parts};

/// A toy engine.
pub struct Toy {
    pub name: &'static str,
    trust: Trust,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    Nothing,
    Addresses,
    Endings,
}

pub const SOUND: Toy = Toy { name: "trusts_nothing", trust: Trust::Nothing };

pub const UNSOUND: [Toy; 2] = [
    Toy { name: "goes_where_a_file_says", trust: Trust::Addresses },
    Toy { name: "waits_for_what_a_file_says", trust: Trust::Endings },
];

static ALL: [Toy; 3] = {
    let [first, second] = UNSOUND;
    [SOUND, first, second]
};

/// The toy engine of this name.
pub fn named(name: &str) -> Option<&'static dyn Engine> {
    ALL.iter().find(|toy| toy.name == name).map(|toy| toy as &dyn Engine)
}

/// Words in front of the text: what the file is, whether somebody is busy, the type (0 for no
/// message), the size, and where the text begins.
type Head = [u64; 5];

const MAGIC: u64 = 0x0079_6f74;

/// The size of the file, and of the largest message.
const SIZE: usize = 65536;
const MOST: usize = 8192;

/// Where the text is.
const TEXT: usize = 4096;

fn open(msgflg: c_int) -> Result<File, Errno> {
    let directory = std::env::var_os("MSGQ_DIR").ok_or(Errno(ENOENT))?;
    let path = std::path::Path::new(&directory).join("toy");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(msgflg & libc::IPC_CREAT != 0);
    let file = options.open(path).map_err(|_| Errno(ENOENT))?;
    if msgflg & libc::IPC_CREAT != 0 && file.metadata().is_ok_and(|data| data.len() == 0) {
        file.set_len(SIZE as u64).map_err(|_| Errno(EIO))?;
        put(&file, &[MAGIC, 0, 0, 0, TEXT as u64])?;
    }
    Ok(file)
}

/// Writes to the caller's memory, if it can be written.
fn give(to: *mut c_void, bytes: &[u8]) -> Result<(), Errno> {
    let from = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let to = libc::iovec { iov_base: to, iov_len: bytes.len() };
    // SAFETY: the kernel reads `bytes`, and finds out what can be written.
    let written = unsafe { libc::process_vm_writev(libc::getpid(), &from, 1, &to, 1, 0) };
    if written == bytes.len() as isize { Ok(()) } else { Err(Errno(EFAULT)) }
}

fn put(file: &File, head: &Head) -> Result<(), Errno> {
    let bytes: Vec<u8> = head.iter().flat_map(|word| word.to_ne_bytes()).collect();
    file.write_all_at(&bytes, 0).map_err(|_| Errno(EIO))
}

impl Toy {
    /// What the file says, as far as it makes sense.
    fn head(&self, file: &File) -> Result<Head, Errno> {
        let mut bytes = [0; size_of::<Head>()];
        let mut head = Head::default();
        loop {
            file.read_exact_at(&mut bytes, 0).map_err(|_| Errno(EIO))?;
            for (word, bytes) in head.iter_mut().zip(bytes.chunks_exact(8)) {
                *word = u64::from_ne_bytes(bytes.try_into().expect("eight bytes"));
            }
            if self.trust != Trust::Endings || head[1] == 0 {
                break;
            }
        }
        let [magic, _, _, size, at] = head;
        let makes_sense = magic == MAGIC && size <= MOST as u64 && at <= (SIZE - MOST) as u64;
        if makes_sense || self.trust == Trust::Addresses { Ok(head) } else { Err(Errno(EIO)) }
    }

    /// The text, at the offset that the file says.
    fn text(&self, file: &File, at: u64, into: &mut [u8]) -> Result<(), Errno> {
        if self.trust != Trust::Addresses {
            return file.read_exact_at(into, at).map_err(|_| Errno(EIO));
        }
        let protection = libc::PROT_READ;
        let fd = file.as_raw_fd();
        // SAFETY: none, where the file says something wrong. That is the point.
        unsafe {
            let start = libc::mmap(null_mut(), SIZE, protection, libc::MAP_SHARED, fd, 0);
            let from = start.cast::<u8>().wrapping_add(at as usize);
            into.copy_from_slice(&*slice_from_raw_parts(from, into.len()));
            libc::munmap(start, SIZE);
        }
        Ok(())
    }
}

impl Engine for Toy {
    fn msgget(&self, _: key_t, msgflg: c_int) -> Result<c_int, Errno> {
        self.head(&open(msgflg)?).map(|_| 1)
    }

    unsafe fn msgctl(&self, _: c_int, cmd: c_int, buf: *mut msqid_ds) -> Result<c_int, Errno> {
        if cmd != libc::IPC_INFO || buf.is_null() {
            return Err(Errno(EINVAL));
        }
        give(buf.cast(), &[0; size_of::<msginfo>()]).map(|()| 0)
    }

    unsafe fn msgsnd(
        &self,
        _: c_int,
        msgp: *const c_void,
        msgsz: usize,
        _: c_int,
    ) -> Result<Number, Errno> {
        let file = open(0)?;
        let [magic, busy, _, _, at] = self.head(&file)?;
        if msgsz > MOST || msgp.is_null() {
            return Err(Errno(EINVAL));
        }
        let text = vec![1; msgsz];
        file.write_all_at(&text, at % SIZE as u64).map_err(|_| Errno(EIO))?;
        put(&file, &[magic, busy, 1, msgsz as u64, at]).map(|()| 0)
    }

    unsafe fn msgrcv(
        &self,
        _: c_int,
        msgp: *mut c_void,
        msgsz: usize,
        _: c_long,
        _: c_int,
    ) -> Result<Received, Errno> {
        let file = open(0)?;
        let [magic, busy, mtype, size, at] = self.head(&file)?;
        let size = (size as usize).min(msgsz).min(MOST);
        if mtype == 0 || msgp.is_null() {
            return Err(Errno(ENOMSG));
        }
        let mut text = vec![0; size];
        self.text(&file, at, &mut text)?;
        let message = [&1u64.to_ne_bytes()[..], &text].concat();
        give(msgp, &message)?;
        put(&file, &[magic, busy, 0, 0, at]).map(|()| Received { bytes: size, number: 0 })
    }
}
