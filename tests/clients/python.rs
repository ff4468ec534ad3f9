//! Python's sysv_ipc, and its own tests of queues. `.ci/run` gets both from PyPI, and names the python
//! that has them in MSGQ_TEST_PYTHON.

use crate::client::Client;

const SYSV_IPC: &str = r#"
import os, sysv_ipc
queue = sysv_ipc.MessageQueue(None, sysv_ipc.IPC_CREX)
queue.send(b"hello from python", type=7)
queue.send("second", type=3)
print(queue.receive(type=-10))
print("left:", queue.current_messages, "by me:", queue.last_send_pid == os.getpid())
try:
    queue.receive(type=9, block=False)
except sysv_ipc.BusyError as error:
    print("error:", error)
queue.remove()
"#;

/// The package's sources are where that python is.
const HAS_TESTS: &str = r#"
import os, sys, sysv_ipc
open(os.path.join(sys.prefix, "sysv_ipc/tests/test_message_queues.py"))
"#;

/// Runs those of the package's tests that are about queues, and about what all its parts share.
const OWN_TESTS: &str = r#"
import os, sys, unittest
os.chdir(os.path.join(sys.prefix, "sysv_ipc"))
sys.path.insert(0, ".")
names = ["tests.test_message_queues", "tests.test_module"]
suite = unittest.defaultTestLoader.loadTestsFromNames(names)
result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
sys.exit(not result.wasSuccessful())
"#;

pub fn clients() -> Vec<Client> {
    let python = std::env::var_os("MSGQ_TEST_PYTHON").unwrap_or("python3".into());
    let python = python.to_string_lossy();
    let has_tests = [&python, "-c", HAS_TESTS];
    let probe = (&has_tests[..], "MSGQ_TEST_PYTHON names no python with sysv_ipc and its sources");
    vec![
        Client {
            calls: &[
                "msgget", "msgsnd", "msgsnd", "msgrcv", "msgctl", "msgctl", "msgrcv", "msgctl",
            ],
            ..Client::new(
                "python_sysv_ipc",
                &[&python, "-c", SYSV_IPC],
                "(b'second', 3)\nleft: 1 by me: True\nerror: ",
                probe,
            )
        },
        Client {
            tidy: without_time,
            ..Client::new("python_sysv_ipc_own_tests", &[&python, "-c", OWN_TESTS], "\nOK", probe)
        },
    ]
}

/// `Ran 46 tests in 1.346s`
fn without_time(told: &str) -> String {
    let line = |line: &str| match line.starts_with("Ran ") {
        true => line.split(" in ").next().unwrap_or_default().to_string() + "\n",
        false => line.to_string() + "\n",
    };
    told.lines().map(line).collect()
}
