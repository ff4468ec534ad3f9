//! What the READMEs have to be pasted: their commands, and the programs in them, are run as they stand.

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use support::{library, root, run, text};
use tempfile::TempDir;

/// A block of code in a page.
struct Block {
    heading: String,
    language: String,
    /// The line of text before it.
    before: String,
    code: String,
}

/// The blocks of code in a page, in their order.
fn blocks(page: &str) -> Vec<Block> {
    let page = fs::read_to_string(root().join(page)).expect("a page");
    let mut blocks = Vec::new();
    let (mut heading, mut before) = (String::new(), String::new());
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix("## ").or(line.strip_prefix("### ")) {
            heading = title.to_string();
        }
        if let Some(language) = line.strip_prefix("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let language = language.to_string();
            let (heading, before) = (heading.clone(), std::mem::take(&mut before));
            blocks.push(Block { heading, language, before, code: code.join("\n") + "\n" });
        } else if !line.is_empty() {
            before = line.to_string();
        }
    }
    blocks
}

/// A directory that looks like the project after a build, with a key of this test's own in the place of
/// the page's.
struct Place {
    directory: TempDir,
    key: String,
}

/// The key in the pages.
const KEY: &str = "0x6d736771";

impl Place {
    fn new(number: u32) -> Place {
        let directory = tempfile::tempdir().expect("a directory");
        let release = directory.path().join("target/release");
        fs::create_dir_all(&release).expect("a directory");
        let archive = library().with_extension("a");
        symlink(library(), release.join("libmsgq.so")).expect("a link");
        symlink(archive, release.join("libmsgq.a")).expect("a link");
        symlink(env!("CARGO_BIN_EXE_msgq"), release.join("msgq")).expect("a link");
        symlink(root().join("include"), directory.path().join("include")).expect("a link");
        let key = format!("0x{:x}", 0x5d00_0000 | std::process::id() << 2 & 0xff_fffc | number);
        Place { directory, key }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A shell that knows nothing of the built command.
    fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("bash");
        command
            .args(["-e", "-o", "pipefail", "-c", &script.replace(KEY, &self.key)])
            .current_dir(self.path())
            .env("MSGQ_DIR", self.path().join("queues"));
        command
    }

    /// Pastes a block into a shell in which others were pasted before; gives what it printed.
    fn paste(&self, before: &str, block: &Block) -> String {
        let output = run(&mut self.shell(&format!("{before}{}", block.code)));
        let (shown, said) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{}\n{}\n{shown}{said}", block.heading, block.code);
        shown + &said
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Where a block failed in the middle.
        run(Command::new("ipcrm").args(["-Q", &self.key]));
    }
}

#[test]
fn the_korean_page_can_be_pasted_from_top_to_bottom() {
    let place = Place::new(0);
    let (mut exported, mut pasted) = (String::new(), Vec::new());
    for block in blocks("README.ko.md") {
        match (block.language.as_str(), block.before.split('`').nth(1)) {
            ("c", Some(file)) if file.ends_with(".c") => {
                let source = block.code.replace(KEY, &place.key);
                fs::write(place.path().join(file), source).expect("a source file");
            }
            // This is a test's part of the build.
            ("sh", _) if block.code.contains("cargo ") => (),
            ("sh", _) if block.code.starts_with("export ") => exported += &block.code,
            ("sh", _) => pasted.push(place.paste(&exported, &block)),
            _ => (),
        }
    }
    let shown = pasted.join("");
    for line in ["3: 먼저 할 일\n7: 나중 일\n10: 끝\n", "안녕"] {
        assert!(shown.contains(line), "{line:?} is not in\n{shown}");
    }
}

#[test]
fn those_who_preload_link_and_include_can_paste_their_blocks() {
    let place = Place::new(2);
    let wanted = [
        ("Use the library", 0),
        ("I preload it", 3),
        ("I link it", 1),
        ("I link it", 2),
        ("I include it", 1),
    ];
    let of_library = |block: &Block| {
        block.language == "sh" && wanted.iter().any(|(heading, _)| block.heading == *heading)
    };
    let blocks: Vec<Block> = blocks("README.md").into_iter().filter(of_library).collect();
    let headings: Vec<&str> = blocks.iter().map(|block| block.heading.as_str()).collect();
    assert_eq!(headings, wanted.map(|(heading, _)| heading));
    for (block, (heading, hellos)) in blocks.iter().zip(wanted) {
        let shown = place.paste("", block);
        assert_eq!(shown.matches("hello\n").count(), hellos, "{heading}:\n{shown}");
    }
}

#[test]
fn those_who_administer_can_paste_their_block() {
    let place = Place::new(1);
    let mut blocks = blocks("README.md").into_iter();
    let block = blocks.find(|block| block.heading == "I administer").expect("the block");
    // In a directory of its own, where no key is anybody else's.
    let output = run(place.shell(&block.code).env("MSGQ_ENGINE", "shm"));
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{}\n{shown}{}", block.code, text(&output.stderr));
    for part in ["0x000004d2 ", "\nhello\n", "removed 1 message from queue", "msgmnb"] {
        assert!(shown.contains(part), "{part:?} is not in\n{shown}");
    }
    let left = text(&run(&mut place.shell("target/release/msgq ipcs -u --engine shm")).stdout);
    assert!(left.contains("allocated queues = 0\n"), "{left}");
}
