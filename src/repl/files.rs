//! Names of files, for completion.

use std::path::Path;

/// Returns the paths that begin as `typed` does, sorted; folders end with `/`. Hidden files are offered only
/// where a dot was typed.
pub(super) fn paths(typed: &str) -> Vec<String> {
    let (folder, name) = match typed.rfind('/') {
        Some(slash) => typed.split_at(slash + 1),
        None => ("", typed),
    };
    let place = if folder.is_empty() { Path::new(".") } else { Path::new(folder) };
    let Ok(entries) = std::fs::read_dir(place) else { return Vec::new() };
    let path = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.ok()?;
        let found = entry.file_name().into_string().ok()?;
        let hidden = found.starts_with('.') && !name.starts_with('.');
        let slash = if entry.path().is_dir() { "/" } else { "" };
        (found.starts_with(name) && !hidden).then(|| format!("{folder}{found}{slash}"))
    };
    let mut paths: Vec<String> = entries.filter_map(path).collect();
    paths.sort_unstable();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_end_with_a_slash_and_hidden_files_want_a_dot() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| format!("{}/{name}", folder.path().display());
        std::fs::create_dir(at("images")).unwrap();
        std::fs::write(at("info"), "").unwrap();
        std::fs::write(at(".hidden"), "").unwrap();
        assert_eq!(paths(&at("i")), [at("images/"), at("info")]);
        assert_eq!(paths(&at("")), [at("images/"), at("info")]);
        assert_eq!(paths(&at(".h")), [at(".hidden")]);
        assert!(paths("/no/such/folder/x").is_empty());
    }
}
