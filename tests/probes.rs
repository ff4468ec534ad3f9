//! The probes (USDT): what the library's file says of them, and what bpftrace sees. Where bpftrace
//! cannot work, its test is listed as ignored.

mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::{library, run, text};

/// The probes, and the sizes in bytes of their arguments, with a minus sign where these are signed.
const PROBES: [(&str, &[i32]); 8] = [
    ("msgctl__entry", &[-4, -4, 8]),
    ("msgctl__return", &[-8, -4, -4, -4, 8]),
    ("msgget__entry", &[-4, -4]),
    ("msgget__return", &[-8, -4, -4, -4]),
    ("msgrcv__entry", &[-4, 8, 8, -8, -4]),
    ("msgrcv__return", &[-8, -4, -4, 8, 8, -8, -4]),
    ("msgsnd__entry", &[-4, 8, 8, -4]),
    ("msgsnd__return", &[-8, -4, -4, 8, 8, -4]),
];

fn main() {
    let arguments = Arguments::from_args();
    let has_probes = cfg!(target_arch = "x86_64");
    let why_no_bpftrace = why_no_bpftrace();
    if let Some(reason) = &why_no_bpftrace {
        println!("bpftrace: {reason}");
    }
    let trials = vec![
        Trial::test("the_file_names_the_probes_and_their_arguments", || {
            are_named(&library()).map_err(Failed::from)
        })
        .with_ignored_flag(!has_probes),
        Trial::test("a_stripped_file_does_so_too", stripped).with_ignored_flag(!has_probes),
        Trial::test("code_and_data_have_the_addresses_of_their_places_in_the_file", places)
            .with_ignored_flag(!has_probes),
        Trial::test("bpftrace_sees_calls_that_begin_after_it_and_their_results", bpftrace)
            .with_ignored_flag(!has_probes || why_no_bpftrace.is_some()),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}

fn output(command: &mut Command) -> Result<String, String> {
    let output = run(command);
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(format!("{command:?}: {}", text(&output.stderr))),
    }
}

/// Each probe once, with its arguments; all of them with one place where the kernel counts.
fn are_named(library: &Path) -> Result<(), String> {
    let notes = output(Command::new("readelf").arg("-nW").arg(library))?;
    let after = |mark: &str| {
        let lines = notes.lines().filter_map(|line| line.split_once(mark));
        lines.map(|(_, rest)| rest.trim().to_string()).collect::<Vec<_>>()
    };
    let sizes = |arguments: &String| -> Vec<i32> {
        arguments.split(' ').filter_map(|one| one.split('@').next()?.parse().ok()).collect()
    };
    let arguments = after("Arguments: ");
    let mut seen: Vec<_> = after("Name: ").into_iter().zip(arguments.iter().map(sizes)).collect();
    seen.sort();
    let wanted: Vec<_> =
        PROBES.iter().map(|(name, sizes)| ((*name).to_string(), sizes.to_vec())).collect();
    let mut semaphores = after("Semaphore: ");
    semaphores.dedup();
    let providers = after("Provider: ");
    let base = after("Base: ").iter().all(|base| !base.starts_with("0x0000000000000000"));
    match seen == wanted && semaphores.len() == 1 && providers == ["msgq"; 8] && base {
        true => Ok(()),
        false => Err(format!("wanted {wanted:?}, and one semaphore:\n{notes}")),
    }
}

fn stripped() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("libmsgq.so");
    output(Command::new("strip").arg("-o").arg(&file).arg(library()))?;
    Ok(are_named(&file)?)
}

/// The kernel attaches to places in files; what reads the notes may take addresses for such.
fn places() -> Result<(), Failed> {
    let headers = output(Command::new("readelf").arg("-lW").arg(library()))?;
    let loads = headers.lines().filter(|line| line.trim().starts_with("LOAD"));
    let number = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    let pairs: Vec<_> = loads
        .map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            (number(columns[1]), number(columns[2]))
        })
        .collect();
    let differs = |(offset, address): &(Option<u64>, Option<u64>)| offset != address;
    match pairs.len() > 2 && !pairs.iter().any(differs) {
        true => Ok(()),
        false => Err(headers.into()),
    }
}

/// Why bpftrace cannot be used on this machine.
fn why_no_bpftrace() -> Option<String> {
    let program = "BEGIN { printf(\"it works\\n\"); exit(); }";
    let mut command = Command::new("bpftrace");
    let tried = command.args(["-e", program]).stdin(Stdio::null()).output();
    match tried {
        Err(_) => Some("not installed".to_string()),
        Ok(output) if text(&output.stdout).contains("it works") => None,
        Ok(output) => Some(format!("may trace nothing here: {}", text(&output.stderr).trim())),
    }
}

/// The calls of a program that begins when bpftrace has attached.
const PERL: &str = r#"
my $q = msgget(0, 0600 | 01000);
msgsnd($q, pack("l! a*", 7, "hello"), 0);
msgrcv($q, my $message, 64, 7, 0);
msgrcv($q, $message, 64, 9, 04000);
msgctl($q, 0, 0);
"#;

/// What bpftrace is to print of them.
const SEEN: &str = "\
get key 0 flags 1600
got errno 0
send 5 bytes, flags 0
sent 0 errno 0 bytes 5
receive 64 bytes, type 7, flags 0
received 5 errno 0 type 7
receive 64 bytes, type 9, flags 4000
received -1 errno 42 type 9
control 0
controlled 0 errno 0 cmd 0
";

fn script(library: &Path) -> String {
    let probes = [
        ("msgget__entry", r#""get key %d flags %o\n", arg0, arg1"#),
        ("msgget__return", r#""got errno %d\n", arg1"#),
        ("msgsnd__entry", r#""send %lld bytes, flags %o\n", arg2, arg3"#),
        ("msgsnd__return", r#""sent %lld errno %d bytes %lld\n", arg0, arg1, arg4"#),
        ("msgrcv__entry", r#""receive %lld bytes, type %lld, flags %o\n", arg2, arg3, arg4"#),
        ("msgrcv__return", r#""received %lld errno %d type %lld\n", arg0, arg1, arg5"#),
        ("msgctl__entry", r#""control %d\n", arg1"#),
        ("msgctl__return", r#""controlled %lld errno %d cmd %d\n", arg0, arg1, arg3"#),
    ];
    let path = library.display();
    let lines = probes.map(|(name, printed)| {
        format!("usdt:{path}:msgq:{name} {{ printf({printed}); @calls++; }}")
    });
    // When it is attached to all of them is not told: after many calls it surely is.
    format!("{}\ninterval:ms:100 /@calls > 40/ {{ clear(@calls); exit(); }}", lines.join("\n"))
}

fn bpftrace() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    // A file of its own: others use the library meanwhile.
    let own: PathBuf = directory.path().join("libmsgq.so");
    std::fs::copy(library(), &own)?;
    let mut tracer = Command::new("bpftrace")
        .args(["-e", &script(&own)])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while tracer.try_wait()?.is_none() {
        if std::time::Instant::now() > deadline {
            tracer.kill()?;
            break;
        }
        output(Command::new("perl").args(["-e", PERL]).env("LD_PRELOAD", &own))?;
    }
    let output = tracer.wait_with_output()?;
    let seen = text(&output.stdout);
    match seen.contains(SEEN) {
        true => Ok(()),
        false => Err(format!("wanted\n{SEEN}seen\n{seen}{}", text(&output.stderr)).into()),
    }
}
