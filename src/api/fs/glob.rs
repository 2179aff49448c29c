//! Finding files by a pattern such as `/var/lib/libvirt/images/**/*.qcow2`.

use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use crate::error::{Error, Result};

/// Returns the paths that a pattern matches, sorted; what cannot be read is left out, as in a shell.
///
/// `*` and `?` stay within a name, `**` crosses folders, `{a,b}` and `[a-z]` are alternatives. Links to
/// folders are found but not entered by `**`.
pub(super) fn glob(pattern: &str) -> Result<Vec<PathBuf>> {
    let matcher = GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map_err(|error| Error::usage(format!("\"{pattern}\" is no pattern: {}", error.kind())))?
        .compile_matcher();
    let start = literal_start(pattern);
    let mut search = Search { matcher, found: Vec::new(), deepest: deepest(pattern) };
    if start.as_os_str().is_empty() {
        search.folder(Path::new("."), Path::new(""), 0);
    } else if start == Path::new(pattern) {
        search.found.extend(start.symlink_metadata().is_ok().then_some(start));
    } else {
        let depth = start.components().count();
        search.folder(&start, &start, depth);
    }
    search.found.sort();
    Ok(search.found)
}

struct Search {
    matcher: GlobMatcher,
    found: Vec<PathBuf>,
    /// How many components a match can have at most.
    deepest: usize,
}

impl Search {
    /// Looks at the entries of a folder, which the pattern calls `shown`.
    fn folder(&mut self, folder: &Path, shown: &Path, depth: usize) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            let path = shown.join(entry.file_name());
            let is_folder = entry.file_type().is_ok_and(|kind| {
                kind.is_dir() || (kind.is_symlink() && self.deepest != usize::MAX && entry.path().is_dir())
            });
            if self.matcher.is_match(&path) {
                self.found.push(path.clone());
            }
            if is_folder && depth + 1 < self.deepest {
                self.folder(&entry.path(), &path, depth + 1);
            }
        }
    }
}

/// Returns the folders at the start of a pattern that hold no special characters.
fn literal_start(pattern: &str) -> PathBuf {
    let is_literal =
        |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{', '\\']);
    Path::new(pattern).components().take_while(is_literal).collect()
}

fn deepest(pattern: &str) -> usize {
    // A separator within braces or brackets makes the depth unclear; so does `**`.
    if pattern.contains("**") || pattern.contains(['{', '[']) {
        return usize::MAX;
    }
    Path::new(pattern).components().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a/x.img, a/b/y.img, a/b/z.txt and a link a/loop to a; returns what `pattern` below it finds.
    fn found(pattern: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("a/b")).unwrap();
        for name in ["a/x.img", "a/b/y.img", "a/b/z.txt"] {
            std::fs::write(at(name), "").unwrap();
        }
        std::os::unix::fs::symlink(at("a"), at("a/loop")).unwrap();
        let paths = glob(at(pattern).to_str().unwrap()).unwrap();
        let below = |path: PathBuf| path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
        paths.into_iter().map(below).collect()
    }

    #[test]
    fn a_star_stays_within_a_name() {
        assert_eq!(found("a/*.img"), ["a/x.img"]);
        assert_eq!(found("*/b/*"), ["a/b/y.img", "a/b/z.txt"]);
        assert_eq!(found("a/?.img"), ["a/x.img"]);
    }

    #[test]
    fn two_stars_cross_folders_and_end_at_links() {
        assert_eq!(found("**/*.img"), ["a/b/y.img", "a/x.img"]);
    }

    #[test]
    fn one_star_goes_through_a_link() {
        assert_eq!(found("a/loo*/x.img"), ["a/loop/x.img"]);
    }

    #[test]
    fn alternatives_and_plain_paths() {
        assert_eq!(found("a/b/{y.img,z.txt}"), ["a/b/y.img", "a/b/z.txt"]);
        assert_eq!(found("a/x.img"), ["a/x.img"]);
        assert_eq!(found("a/none"), [""; 0]);
        assert_eq!(found("none/*"), [""; 0]);
    }

    #[test]
    fn a_pattern_without_a_folder_looks_here() {
        assert_eq!(glob("Cargo.tom?").unwrap(), [PathBuf::from("Cargo.toml")]);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        assert_eq!(glob("a[").unwrap_err().code(), crate::error::code::USAGE);
    }
}
