//! The leading comment of a script: its text, and the block in it as TOML whose places are the script's.

/// The leading comment, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Comment {
    /// The lines around the block without their signs.
    pub(super) text: String,
    /// The block; every other line of the script is empty in it and the signs of its own are blanks, so that
    /// lines and columns in it are those of the script. Empty where there is no block.
    pub(super) toml: String,
    /// The line of `[job]`, from 1.
    pub(super) line: Option<usize>,
}

impl Comment {
    /// Reads it: the lines that begin with `//`, after the line for the kernel and empty lines.
    ///
    /// The block begins with `[job]`. It ends with the comment, or with an empty line that no key, table or remark
    /// of TOML follows.
    pub(super) fn read(script: &str) -> Self {
        let mut comment = Self::default();
        let mut text: Vec<&str> = Vec::new();
        let mut is_inside = false;
        let lines: Vec<&str> = script.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some((signs, content)) = taken_apart(line) else {
                if (at == 0 && line.starts_with("#!"))
                    || (line.trim().is_empty() && text.is_empty() && comment.line.is_none())
                {
                    comment.toml.push('\n');
                    continue;
                }
                break;
            };
            if comment.line.is_none() && content.trim_start().starts_with("[job]") {
                (comment.line, is_inside) = (Some(at + 1), true);
            } else if is_inside && content.trim().is_empty() {
                let next = lines[at + 1..].iter().map_while(|line| taken_apart(line));
                is_inside = next
                    .map(|(_, content)| content)
                    .find(|content| !content.trim().is_empty())
                    .is_some_and(is_toml);
            } else if !is_inside && comment.line.is_some() && content.trim_start().starts_with("[job") {
                // A second block: TOML itself refuses it, with its place.
                is_inside = true;
            }
            if is_inside {
                comment.toml.extend(std::iter::repeat_n(' ', signs));
                comment.toml.push_str(content);
            } else if !(content.trim().is_empty() && text.last().is_some_and(|last| last.is_empty())) {
                text.push(content.strip_prefix(' ').unwrap_or(content).trim_end());
            }
            comment.toml.push('\n');
        }
        if comment.line.is_none() {
            comment.toml.clear();
        }
        text.join("\n").trim().clone_into(&mut comment.text);
        comment
    }
}

/// How many letters the signs of a comment take up, and what follows them.
fn taken_apart(line: &str) -> Option<(usize, &str)> {
    let content = line.trim_start();
    let after = ["//!", "///", "//"].iter().find_map(|signs| content.strip_prefix(signs))?;
    let signs = &line[..line.len() - after.len()];
    Some((signs.chars().count(), after))
}

/// True for a key, a table and a remark.
fn is_toml(content: &str) -> bool {
    let content = content.trim_start();
    if content.starts_with(['[', '#']) {
        return true;
    }
    let Some((key, _)) = content.split_once('=') else { return false };
    let is_bare = |part: &str| {
        let part = part.trim().trim_matches('"');
        !part.is_empty() && part.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_".contains(sign))
    };
    key.split('.').all(is_bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_around_the_block_is_the_purpose() {
        let script = "#!/usr/bin/env virhai\n//! Keeps snapshots.\n//!\n//! [job]\n//! schedule = \"daily\"\n\
                      //! # a remark\n//!\n//! [job.retry]\n//! count = 2\n//!\n//! Run it at night.\n\nprint(1);\n//! x = 1\n";
        let comment = Comment::read(script);
        assert_eq!(comment.text, "Keeps snapshots.\n\nRun it at night.");
        assert_eq!(comment.line, Some(4));
        let lines: Vec<&str> = comment.toml.lines().collect();
        assert_eq!(lines[3], "    [job]");
        assert_eq!(lines[4], "    schedule = \"daily\"");
        assert_eq!(lines[7..9], ["    [job.retry]", "    count = 2"]);
        assert!(lines[10].is_empty(), "prose is no TOML");
        assert_eq!(lines.len(), 11, "the code is not looked at");
    }

    #[test]
    fn a_key_after_an_empty_line_still_belongs_to_the_block() {
        let comment = Comment::read("//! [job]\n//!\n//! deny = [\"run\"]\n");
        assert!(comment.toml.contains("deny"));
        let comment = Comment::read("\n// [job]\n// a = 1\n//\n// [job]\n// b = 1\n");
        assert_eq!(comment.toml.matches("[job]").count(), 2);
    }

    #[test]
    fn a_script_without_a_block_has_none() {
        for script in ["", "print(1);\n//! [job]\n", "//! a job\n", "/* [job] */"] {
            assert_eq!(Comment::read(script).line, None, "{script}");
            assert_eq!(Comment::read(script).toml, "", "{script}");
        }
    }
}
