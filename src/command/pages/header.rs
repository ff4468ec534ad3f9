//! Reads the header: what is declared, with its documentation.

/// A declaration.
pub struct Item {
    /// Its documentation, paragraph by paragraph.
    pub doc: Vec<Vec<String>>,
    /// The C, without comments.
    pub code: String,
    /// A structure's members.
    pub members: Vec<Item>,
}

impl Item {
    /// The name that is declared.
    pub fn name(&self) -> &str {
        let word = |text: &'static str| self.code.strip_prefix(text);
        if let Some(rest) = word("#define ").or(word("typedef struct ")) {
            return rest.split_whitespace().next().unwrap_or_default();
        }
        let before = self.code.split("(*").nth(1).or(self.code.split('(').next());
        let name = before.unwrap_or_default().split([')', '(']).next().unwrap_or_default();
        name.rsplit([' ', '*']).next().unwrap_or_default()
    }

    /// Whether it is a function.
    pub fn is_function(&self) -> bool {
        self.code.contains('(') && !self.code.starts_with("typedef") && !self.code.starts_with('#')
    }
}

/// All that is declared and has a documentation.
pub fn read(header: &str) -> Vec<Item> {
    items(&header.lines().collect::<Vec<_>>())
}

fn items(lines: &[&str]) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = lines;
    while let Some(begin) = rest.iter().position(|line| line.trim() == "/**") {
        rest = &rest[begin + 1..];
        let end = rest.iter().position(|line| line.trim() == "*/").expect("the comment's end");
        let doc = paragraphs(&rest[..end]);
        rest = &rest[end + 1..];
        let length = length(rest);
        let (code, inner) = (&rest[..length], rest[0].trim_end().ends_with('{'));
        let members = if inner { self::items(&code[1..]) } else { Vec::new() };
        items.push(Item { doc, code: joined(code), members });
        rest = &rest[length..];
    }
    items
}

/// How many lines the declaration has that begins here.
fn length(lines: &[&str]) -> usize {
    if lines[0].starts_with('#') {
        return 1;
    }
    let mut depth = 0;
    let last = lines.iter().position(|line| {
        depth += line.matches('{').count() as i32 - line.matches('}').count() as i32;
        depth == 0 && line.trim_end().ends_with(';')
    });
    last.expect("the declaration's end") + 1
}

fn paragraphs(lines: &[&str]) -> Vec<Vec<String>> {
    let text: Vec<&str> = lines.iter().map(|line| line.trim().trim_start_matches('*')).collect();
    let parts = text.split(|line| line.is_empty());
    parts.map(|part| part.iter().map(|line| line.trim().to_string()).collect()).collect()
}

/// The code in one line.
fn joined(code: &[&str]) -> String {
    let code = code.iter().map(|line| line.trim());
    let code = code.filter(|line| !line.starts_with("/*") && !line.starts_with('*'));
    code.collect::<Vec<_>>().join(" ")
}
