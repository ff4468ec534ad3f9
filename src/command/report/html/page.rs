//! The page around the data: one file that needs no other, and asks nobody for anything.

use base64::engine::general_purpose::STANDARD;
use base64::write::EncoderWriter;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::Serialize;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};

/// What the page consists of.
const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
/// Each file builds on those before it.
const SCRIPTS: [&str; 14] = [
    include_str!("trouble.js"),
    include_str!("format.js"),
    include_str!("data.js"),
    include_str!("view.js"),
    include_str!("axis.js"),
    include_str!("bars.js"),
    include_str!("lanes.js"),
    include_str!("arrows.js"),
    include_str!("depth.js"),
    include_str!("residence.js"),
    include_str!("findings.js"),
    include_str!("hover.js"),
    include_str!("controls.js"),
    include_str!("main.js"),
];

/// Where in [`PAGE`] the rest goes.
const STYLE_PLACE: &str = "{style}";
const DATA_PLACE: &str = "{data}";
const NONCE_PLACE: &str = "{nonce}";

/// A page that is being written.
pub struct Page<W> {
    out: W,
    /// A word that only scripts and styles of ours have: the browser runs no others, whatever a
    /// recording may contain.
    nonce: String,
}

impl<W: Write> Page<W> {
    /// Writes what comes before the data.
    pub fn begin(mut out: W) -> io::Result<Page<W>> {
        let nonce = format!("{:016x}", RandomState::new().hash_one("msgq"));
        let (head, _) = parts();
        let head = head.replace(NONCE_PLACE, &nonce).replace(STYLE_PLACE, STYLE);
        out.write_all(head.as_bytes())?;
        Ok(Page { out, nonce })
    }

    /// Writes a block of data, compressed. The page finds it by its sort.
    pub fn block(&mut self, sort: &str, bytes: &[u8]) -> io::Result<()> {
        write!(self.out, "<script type=\"text/plain\" class=\"{sort}\">")?;
        let base64 = EncoderWriter::new(&mut self.out, &STANDARD);
        let mut deflate = DeflateEncoder::new(base64, Compression::default());
        deflate.write_all(bytes)?;
        deflate.finish()?.finish()?;
        writeln!(self.out, "</script>")
    }

    /// Writes the rest.
    pub fn end(mut self, summary: &impl Serialize) -> io::Result<W> {
        write!(self.out, "<script type=\"application/json\" id=\"summary\">")?;
        serde_json::to_writer(Closed(&mut self.out), summary)?;
        writeln!(self.out, "</script>")?;
        let nonce = &self.nonce;
        for script in SCRIPTS {
            write!(self.out, "<script nonce=\"{nonce}\">\n{script}</script>\n")?;
        }
        let (_, tail) = parts();
        self.out.write_all(tail.as_bytes())?;
        Ok(self.out)
    }
}

/// Takes JSON, and has no text in it end the element in which it stands: `<` is written by its number,
/// as it may be in texts, and nothing else in JSON has it.
struct Closed<W>(W);

impl<W: Write> Write for Closed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for (place, part) in bytes.split(|byte| *byte == b'<').enumerate() {
            if place > 0 {
                self.0.write_all(b"\\u003c")?;
            }
            self.0.write_all(part)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What comes before the data, and what comes behind it.
fn parts() -> (&'static str, &'static str) {
    PAGE.split_once(DATA_PLACE).unwrap_or((PAGE, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> String {
        let mut page = Page::begin(Vec::new()).unwrap();
        page.block("piece", &[7; 1000]).unwrap();
        let text =
            ["</script><script>alert(1)</script>", "<!-- <script>", "{nonce} {data} {style}"];
        String::from_utf8(page.end(&text).unwrap()).unwrap()
    }

    #[test]
    fn no_text_ends_the_element_in_which_it_stands() {
        let page = page();
        assert_eq!(page.matches("<script").count(), page.matches("</script>").count());
        assert_eq!(page.matches("<script").count(), SCRIPTS.len() + 2);
        assert_eq!(page.matches("<style").count(), 1);
        let (_, summary) = page.split_once("id=\"summary\">").unwrap();
        let (summary, _) = summary.split_once("</script>").unwrap();
        let texts: Vec<String> = serde_json::from_str(summary).unwrap();
        assert_eq!(texts[0], "</script><script>alert(1)</script>");
        assert_eq!(texts[2], "{nonce} {data} {style}");
        assert!(page.trim_end().ends_with("</html>"));
    }

    #[test]
    fn the_page_refers_to_nothing_outside_itself() {
        let page = page();
        for reference in
            ["http:", "https:", "src=", "href=", "url(", "@import", "fetch(", "import("]
        {
            assert!(!page.contains(reference), "{reference} is in the page");
        }
        assert!(page.contains("default-src 'none'"));
        assert!(!page.contains("unsafe-inline"));
    }

    #[test]
    fn texts_are_shown_as_text() {
        for call in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!SCRIPTS.concat().contains(call), "{call} is in the scripts");
        }
    }

    #[test]
    fn only_scripts_of_this_page_run() {
        let nonces = [page(), page()].map(|page| {
            let (_, rest) = page.split_once("script-src 'nonce-").unwrap();
            let nonce = rest.split_once('\'').unwrap().0.to_string();
            let attribute = format!(" nonce=\"{nonce}\"");
            assert_eq!(page.matches(&attribute).count(), SCRIPTS.len() + 1, "and the style");
            nonce
        });
        assert_ne!(nonces[0], nonces[1]);
    }
}
