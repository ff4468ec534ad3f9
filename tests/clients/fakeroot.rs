//! fakeroot builds a Debian package whose files have owners and devices, of which a daemon of its own
//! knows. Its library asks the daemon over queues; both of them use ours.

use crate::client::Client;

const PACKAGE: &str = r#"
mkdir -p p/DEBIAN p/usr/share/thing p/var/spool/thing
printf '%s\n' 'Package: thing' 'Version: 1' 'Architecture: all' \
    'Maintainer: Nobody <nobody@example.org>' 'Description: a thing' > p/DEBIAN/control
echo text > p/usr/share/thing/file
chown 1234:4321 p/usr/share/thing/file
chmod 4755 p/usr/share/thing/file
chown -R 12345:54321 p/var/spool/thing
mknod p/usr/share/thing/null c 1 3
mknod p/usr/share/thing/loop b 7 0
stat -c '%u:%g %a' p/usr/share/thing/file
dpkg-deb --build p thing.deb > /dev/null
dpkg-deb --fsys-tarfile thing.deb | tar -t -v --numeric-owner | sed 's/....-..-.. ..:..//'
"#;

pub fn clients() -> Vec<Client> {
    let is_there = ["sh", "-c", "command -v fakeroot-sysv && command -v dpkg-deb"];
    let client = |name, before| {
        // fakeroot ends its daemon when it ends, and when it is interrupted; any other signal would leave
        // the daemon behind, and so has to wait.
        // The owners stay what they are, whoever builds the package: only the daemon knows of others.
        let script = format!(
            "cat > package <<'END'\n{PACKAGE}END\n\
             export FAKEROOTDONTTRYCHOWN=1 ours=$LD_PRELOAD\n\
             trap '' TERM HUP\n\
             exec fakeroot-sysv sh -c '{before} exec sh -e package'"
        );
        Client {
            kernels: Some("semget,semop,semtimedop"),
            ..Client::new(
                name,
                &["sh", "-c", &script],
                "-rwsr-xr-x 1234/4321",
                (&is_there, "fakeroot or dpkg-deb is not installed"),
            )
        }
    };
    vec![
        // fakeroot puts its own library before those that are preloaded already.
        client("fakeroot_before_us", ""),
        client("fakeroot_behind_us", "export LD_PRELOAD=$ours:$LD_PRELOAD;"),
    ]
}
